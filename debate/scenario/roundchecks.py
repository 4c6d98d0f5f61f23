"""Whether each round can be held: its speakers, tiers, hearings, replies and repeats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from debate.scenario.cast import Member, model_for, speakers
from debate.scenario.conditions import NobodyMoved, SaysStop, leaves, participants_named
from debate.scenario.gatechecks import check_budget, check_gates, check_repeat
from debate.scenario.hearing import Query
from debate.scenario.keypath import KeyPath, format_path
from debate.scenario.mistakes import Mistake
from debate.scenario.schema import Round, Scenario, placed_steps
from debate.scenario.shape import nearest
from debate.scenario.standing import on_graph
from debate.scenario.statedchecks import check_stated
from debate.scenario.topologychecks import check_participant, check_topology

SPOKEN: Final = ("neighbours", "everyone", "self")
"""What ``hears.from`` may name beside roles and participants."""

_ROUND_WORDS: Final = ("last", "all")


def check_rounds(scenario: Scenario, members: Sequence[Member]) -> Iterator[Mistake]:
    """Every mistake in the rounds, in their order."""
    first: dict[str, str] = {}
    earlier: list[str] = []
    for path, round_ in placed_steps(scenario):
        if round_.name in first:
            message = f"a second round named {round_.name!r}, the first is {first[round_.name]}; rename one"
            yield Mistake((*path, "name"), message)
        if round_.name in _ROUND_WORDS:
            message = f"{round_.name!r} has a meaning of its own in hears.rounds; choose another name"
            yield Mistake((*path, "name"), message)
        first.setdefault(round_.name, format_path(path))
        yield from _names(round_.who, members, (*path, "who"))
        yield from _tier(scenario, round_, members, path)
        yield from _reply(scenario, round_, (*path, "reply"))
        yield from _until(scenario, round_, members, path)
        yield from check_repeat(round_, path)
        yield from check_gates(scenario, round_, members, path, is_first=not earlier)
        earlier.append(round_.name)
        for query, here in _queries(round_, path):
            yield from _hears(round_, query, members, earlier, here, scenario=scenario)
            yield from check_budget(scenario, round_, query, members, here)


def _queries(round_: Round, path: KeyPath) -> Iterator[tuple[Query, KeyPath]]:
    """What a round hears, in all its iterations, each with its place."""
    if round_.hears is not None:
        yield round_.hears, (*path, "hears")
    if round_.repeat is not None:
        for index, query in enumerate(round_.repeat.hears or ()):
            yield query, (*path, "repeat", "hears", index)


def _names(
    names: Sequence[str], members: Sequence[Member], path: KeyPath, words: Sequence[str] = ()
) -> Iterator[Mistake]:
    known = tuple(
        dict.fromkeys((*words, *(m.role for m in members), *(m.entry for m in members), *(m.id for m in members)))
    )
    for index, name in enumerate(names):
        if name not in known:
            mend = nearest(name, known) or f"; there are {', '.join(known[:12])}"
            yield Mistake((*path, index), f"there is no role or participant {name!r}{mend}")


def _tier(scenario: Scenario, round_: Round, members: Sequence[Member], path: KeyPath) -> Iterator[Mistake]:
    without = [m for m in speakers(round_, members) if model_for(scenario, m, round_.tier) is None]
    if not without or scenario.cost_plan is not None:  # the plan's tiers are looked at with the plan
        return
    known = tuple(scenario.models)
    if round_.tier is None:
        who = ", ".join(m.id for m in without[:5])
        yield Mistake(path, f"tier is missing, and {who} could speak with several; add tier: {' or '.join(known)}")
    elif len(without) == len(speakers(round_, members)):
        mend = nearest(round_.tier, known) or f"; tiers are {', '.join(known)}"
        yield Mistake((*path, "tier"), f"there is no tier {round_.tier!r} in models{mend}")
    else:
        who = ", ".join(m.id for m in without[:5])
        yield Mistake((*path, "tier"), f"{who} has no model for the tier {round_.tier!r}; add it to models")


def _reply(scenario: Scenario, round_: Round, path: KeyPath) -> Iterator[Mistake]:
    fields = round_.reply
    if fields is None:
        return
    if not fields:
        yield Mistake(path, "an empty reply asks for nothing; write reply: [text], or leave it out")
    for index, field in enumerate(fields):
        if field in fields[:index]:
            yield Mistake((*path, index), f"{field!r} is asked for twice; drop one")
        elif field == "stance" and scenario.question is not None:
            yield Mistake((*path, index), "a stance is taken on a motion, and this is a question; ask for an answer")
        elif field == "answer" and scenario.motion is not None:
            yield Mistake((*path, index), "an answer is given to a question, and this is a motion; ask for a stance")


def _until(scenario: Scenario, round_: Round, members: Sequence[Member], path: KeyPath) -> Iterator[Mistake]:
    repeat = round_.repeat
    if repeat is None or repeat.until is None:
        return
    here: KeyPath = (*path, "repeat", "until")
    for name in sorted(participants_named(repeat.until)):
        yield from check_participant(name, members, here)
    steps = scenario.steps
    yield from check_stated(repeat.until, steps[: steps.index(round_) + 1], members, here)
    for leaf in leaves(repeat.until):
        if isinstance(leaf, SaysStop):
            continue
        lasting = int(getattr(leaf, "for_", 1))
        needed = lasting + 1 if isinstance(leaf, NobodyMoved) else lasting
        if needed > repeat.up_to:
            yield Mistake(here, f"needs {needed} iterations to hold, and up_to is {repeat.up_to}; raise up_to")


def _hears(
    round_: Round,
    query: Query,
    members: Sequence[Member],
    earlier: Sequence[str],
    path: KeyPath,
    *,
    scenario: Scenario,
) -> Iterator[Mistake]:
    yield from _names(query.from_, members, (*path, "from"), SPOKEN)
    if query.graph is not None:
        standing = on_graph(scenario, members, scenario.groups.get(round_.name))
        yield from check_topology(query.graph, members, (*path, "graph"), standing=standing)
        if "neighbours" not in query.from_:
            yield Mistake(
                (*path, "graph"), "a graph is given, but from does not name neighbours; add it, or drop graph"
            )
    if query.same_round and round_.order == "simultaneous":
        message = "in a simultaneous round nobody has spoken yet; write order: sequential, or drop same_round"
        yield Mistake((*path, "same_round"), message, at_key=True)
    if isinstance(query.rounds, str) and query.rounds not in (*_ROUND_WORDS, *earlier):
        known = (*_ROUND_WORDS, *earlier)
        mend = nearest(query.rounds, known) or f"; expected {', '.join(known)}"
        yield Mistake((*path, "rounds"), f"no round {query.rounds!r} up to here{mend}")
