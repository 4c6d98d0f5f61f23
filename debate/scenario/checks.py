"""What a schema cannot say: whether the names of a scenario mean something, and its parts fit together."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Final

from debate import assets
from debate.scenario.cast import Member, cast, speakers
from debate.scenario.costchecks import check_cost_plan
from debate.scenario.files import own_file
from debate.scenario.keypath import KeyPath
from debate.scenario.mistakes import Mistake
from debate.scenario.roundchecks import check_rounds
from debate.scenario.rulechecks import COUNTED, NEEDS_PARAMETER, TIES, check_decision
from debate.scenario.schema import FileText, Group, Round, Scenario, placed_steps
from debate.scenario.shape import nearest
from debate.scenario.standing import listened, on_graph
from debate.scenario.topologychecks import check_topology

PARTICIPANTS_LIMIT: Final = 1000
"""In one debate, clones counted."""

TURNS_LIMIT: Final = 100_000
"""In one debate, every repeat counted. A file of somebody else's must not be able to fill the memory."""

_RESERVED: Final = {
    "neighbours": "hears.from",
    "everyone": "hears",
    "nobody": "hears",
    "self": "hears.from",
    "yourself": "votes",
    **dict.fromkeys((*COUNTED, *NEEDS_PARAMETER), "decision.by"),
    **dict.fromkeys(TIES, "decision.tie"),
}


def check(scenario: Scenario) -> tuple[Mistake, ...]:
    """Every mistake in a scenario whose schema is right. Reads the scenario's folder, and nothing else."""
    total = sum(participant.count for participant in scenario.participants.values())
    if total > PARTICIPANTS_LIMIT:
        return (Mistake(("participants",), f"{total} participants, the limit is {PARTICIPANTS_LIMIT}; lower a count"),)
    members = cast(scenario)
    return (
        *_asked(scenario),
        *_participants(scenario),
        *_files(scenario),
        *_graph(scenario, members),
        *check_rounds(scenario, members),
        *_turns(scenario, members),
        *check_decision(scenario, members),
        *_groups(scenario),
        *_failure(scenario),
        *_consensus(scenario),
        *check_cost_plan(scenario, members),
    )


def _asked(scenario: Scenario) -> Iterator[Mistake]:
    question = scenario.question
    if question is None:
        return
    gold = question.gold
    if gold is not None and question.kind == "choice" and question.choices and gold not in question.choices:
        known = tuple(question.choices)
        yield Mistake(("question", "gold"), f"expected one of {', '.join(known)}, found {gold!r}{nearest(gold, known)}")
    if question.kind not in {"choice", "set"}:
        if question.choices:
            message = f"choices are given for a question of kind {question.kind}; write kind: choice, or drop them"
            yield Mistake(("question", "choices"), message, at_key=True)
        return
    if question.kind == "choice" and len(question.choices) < 2:  # noqa: PLR2004 - a choice is between two at least
        message = f"kind: choice needs two choices at least, found {len(question.choices)}; add choices: {{A: …, B: …}}"
        yield Mistake(("question", "choices"), message)
    for letter, text in question.choices.items():
        path: KeyPath = ("question", "choices", letter)
        if letter not in string.ascii_uppercase or len(letter) != 1:
            yield Mistake(path, f"expected a capital letter as the name of a choice, found {letter!r}", at_key=True)
        if not text.strip():
            yield Mistake(path, f"the choice {letter} is empty; say what it stands for")


def _graph(scenario: Scenario, members: tuple[Member, ...]) -> Iterator[Mistake]:
    """The scenario's graph, on those for whom its rounds draw it."""
    drawing = [step for step in scenario.steps if _draws(step)]
    groups = list(dict.fromkeys(scenario.groups.get(step.name) for step in drawing))
    drawn = [on_graph(scenario, members, group) for group in groups] or [()]
    found = [list(check_topology(scenario.graph, members, ("graph",), standing=standing)) for standing in drawn]
    yield from dict.fromkeys(mistake for mistakes in found for mistake in mistakes)


def _draws(step: Round) -> bool:
    """Whether a round hears along the scenario's graph."""
    return any(query is None or ("neighbours" in query.from_ and query.graph is None) for query in listened(step))


def _participants(scenario: Scenario) -> Iterator[Mistake]:
    roles = {participant.role for participant in scenario.participants.values()}
    tiers = {*scenario.models, *(r.tier for r in scenario.steps if r.tier), scenario.failure.substitute}
    tiers |= {step.escalate.to for step in scenario.steps if step.escalate is not None}
    for id_, participant in scenario.participants.items():
        path: KeyPath = ("participants", id_)
        if id_ in roles:
            yield Mistake(path, f"{id_!r} is a participant and a role; rename one of them", at_key=True)
        if id_ in _RESERVED:
            yield Mistake(path, f"{id_!r} has a meaning of its own in {_RESERVED[id_]}; rename it", at_key=True)
        if participant.role in _RESERVED:
            where = _RESERVED[participant.role]
            yield Mistake((*path, "role"), f"{participant.role!r} has a meaning of its own in {where}; choose another")
        yield from _side(scenario, participant.side, (*path, "side"))
        for tier in participant.models:
            if tier not in tiers:
                known = tuple(scenario.models)
                mend = nearest(tier, known) or f"; tiers are {', '.join(known)}"
                yield Mistake((*path, "models", tier), f"no round uses a tier {tier!r}{mend}", at_key=True)


def _side(scenario: Scenario, side: str | None, path: KeyPath) -> Iterator[Mistake]:
    if side is None or scenario.is_template:
        return
    question = scenario.question
    if question is None:
        known: tuple[str, ...] = ("for", "against")
    elif question.kind == "choice":
        known = tuple(question.choices)
    else:
        yield Mistake(path, f"a question of kind {question.kind} has no sides, found {side!r}; remove it", at_key=True)
        return
    if side not in known:
        yield Mistake(path, f"expected {' or '.join(known)} as a side, found {side!r}{nearest(side, known)}")


def _files(scenario: Scenario) -> Iterator[Mistake]:
    if isinstance(scenario.context, FileText):
        yield from _file(scenario, scenario.context.file, ("context", "file"))
    for id_, participant in scenario.participants.items():
        if isinstance(participant.private, FileText):
            yield from _file(scenario, participant.private.file, ("participants", id_, "private", "file"))
    for place, round_ in placed_steps(scenario):
        path: KeyPath = (*place, "prompt")
        if round_.prompt is None:
            continue
        if round_.prompt.startswith("./"):
            yield from _file(scenario, round_.prompt, path)
        elif round_.prompt not in (known := assets.list_prompts()):
            own = f"; there are {', '.join(known)}, and your own as ./name{assets.PROMPT_SUFFIX}"
            yield Mistake(path, f"there is no prompt {round_.prompt!r}{nearest(round_.prompt, known) or own}")


def _file(scenario: Scenario, name: str, path: KeyPath) -> Iterator[Mistake]:
    try:
        own_file(scenario.folder, name)
    except ValueError as error:
        yield Mistake(path, str(error))


def _turns(scenario: Scenario, members: tuple[Member, ...]) -> Iterator[Mistake]:
    total = sum(len(speakers(r, members)) * (r.repeat.up_to if r.repeat else 1) for r in scenario.steps)
    if total > TURNS_LIMIT:
        yield Mistake(("rounds",), f"up to {total} turns, the limit is {TURNS_LIMIT}; repeat less")


def _groups(scenario: Scenario) -> Iterator[Mistake]:
    names = [step.name for step in scenario.steps]
    seen: set[str] = set()
    for index, entry in enumerate(scenario.rounds):
        if isinstance(entry, Group):
            if entry.name in seen or entry.name in names:
                message = f"a second round or group named {entry.name!r}; rename one"
                yield Mistake(("rounds", index, "name"), message)
            seen.add(entry.name)


def _failure(scenario: Scenario) -> Iterator[Mistake]:
    failure = scenario.failure
    tiers = {*scenario.models, *(tier for p in scenario.participants.values() for tier in p.models)}
    if failure.turn == "substitute" and failure.substitute is None:
        yield Mistake(("failure", "turn"), "turn: substitute needs a tier that speaks instead; add substitute: TIER")
    if failure.substitute is not None and failure.turn != "substitute":
        message = f"substitute is given but turn is {failure.turn!r}; write turn: substitute, or drop it"
        yield Mistake(("failure", "substitute"), message, at_key=True)
    elif failure.substitute is not None and failure.substitute not in tiers:
        known = tuple(sorted(tiers))
        mend = nearest(failure.substitute, known) or f"; tiers are {', '.join(known)}"
        yield Mistake(("failure", "substitute"), f"there is no tier {failure.substitute!r}{mend}")


def _consensus(scenario: Scenario) -> Iterator[Mistake]:
    method = scenario.consensus.method
    if method == "stance" and scenario.question is not None:
        yield Mistake(("consensus", "method"), "stances are taken on a motion, and this is a question; use answer")
    if method == "answer" and scenario.motion is not None:
        yield Mistake(("consensus", "method"), "answers are given to a question, and this is a motion; use stance")


__all__ = ["PARTICIPANTS_LIMIT", "TURNS_LIMIT", "check"]
