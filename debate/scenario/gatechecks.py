"""Whether what a round decides can be decided: when it is held, who goes on, which tier speaks, what may be heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from debate.scenario.cast import Member, model_for, named, speakers
from debate.scenario.conditions import Condition, participants_named
from debate.scenario.hearing import Query
from debate.scenario.keypath import KeyPath
from debate.scenario.mistakes import Mistake
from debate.scenario.schema import PrivateTo, Round, Scenario
from debate.scenario.shape import nearest
from debate.scenario.standing import listened
from debate.scenario.statedchecks import check_stated
from debate.scenario.topologychecks import check_participant

VOTED: Final = ("ballot", "ranking", "scores")
"""Reply fields that are about options or speakers."""


def check_gates(
    scenario: Scenario, step: Round, members: Sequence[Member], path: KeyPath, *, is_first: bool
) -> Iterator[Mistake]:
    """Every mistake in what a round decides or hides."""
    steps = scenario.steps
    before = steps[: steps.index(step)]
    yield from _condition(step.when, members, (*path, "when"), before, is_first=is_first)
    if step.when is None and step.else_ != "skip":
        yield Mistake(
            (*path, "else"), "else says what follows when `when` does not hold; add when, or drop else", at_key=True
        )
    if step.escalate is not None:
        here: KeyPath = (*path, "escalate")
        first = is_first and (step.repeat is None or step.repeat.up_to == 1)
        yield from _condition(step.escalate.when, members, (*here, "when"), (*before, step), is_first=first)
        yield from _tier(scenario, step, step.escalate.to, members, (*here, "to"))
    yield from _select(scenario, step, members, (*path, "select"))
    yield from _about(scenario, step, path, is_first=is_first)
    yield from _sides(step, members, path)
    if isinstance(step.scope, PrivateTo):
        for index, name in enumerate(step.scope.private_to):
            if not named([name], members):
                known = [*dict.fromkeys(m.role for m in members), *(m.id for m in members)]
                mend = nearest(name, known) or f"; there are {', '.join(known[:12])}"
                yield Mistake((*path, "scope", "private_to", index), f"there is no role or participant {name!r}{mend}")


def check_repeat(step: Round, path: KeyPath) -> Iterator[Mistake]:
    """Keys of a repeat that only mean something together."""
    repeat = step.repeat
    if repeat is None:
        return
    here: KeyPath = (*path, "repeat")
    if repeat.after == "reply" and repeat.until is None:
        yield Mistake((*here, "after"), "after says when `until` is checked; add until, or drop after", at_key=True)
    if repeat.hears is not None:
        if len(repeat.hears) > repeat.up_to:
            message = f"{len(repeat.hears)} hearings for {repeat.up_to} iterations; drop some, or raise up_to"
            yield Mistake((*here, "hears"), message)
        if step.hears is not None:
            message = "the round's hears and the repeat's are both given; keep one of them"
            yield Mistake((*here, "hears"), message, at_key=True)


def check_budget(
    scenario: Scenario, step: Round, query: Query, members: Sequence[Member], path: KeyPath
) -> Iterator[Mistake]:
    """Whoever sums up is one participant with a model, and may hear what it sums up."""
    scribe = query.summariser
    if scribe is None:
        return
    here: KeyPath = (*path, "budget", "then", "summarise")
    problems = list(check_participant(scribe, members, here))
    yield from problems
    if problems:
        return
    member = next(m for m in members if m.id == scribe)
    tiers = [step.tier, *([step.escalate.to] if step.escalate is not None else [])]
    for tier in tiers:
        if model_for(scenario, member, tier) is None:
            yield Mistake(here, f"{scribe} has no model for the tier {tier!r}; add it to models")
    for other in _heard_rounds(scenario, step, query):
        scope = other.scope
        within = named(scope.private_to, members) if isinstance(scope, PrivateTo) else members
        if member not in within and any(hearer in within for hearer in speakers(step, members)):
            message = f"{scribe} would sum up {other.name}, which is private to others; add {scribe} to its scope"
            yield Mistake(here, message)


def _heard_rounds(scenario: Scenario, step: Round, query: Query) -> list[Round]:
    """The rounds of which a query may show something."""
    if isinstance(query.rounds, str) and query.rounds not in ("last", "all"):
        return [other for other in scenario.steps if other.name == query.rounds]
    names = [other.name for other in scenario.steps]
    return list(scenario.steps[: names.index(step.name) + 1])


def _condition(
    condition: Condition | None,
    members: Sequence[Member],
    path: KeyPath,
    steps: Sequence[Round],
    *,
    is_first: bool,
) -> Iterator[Mistake]:
    if condition is None:
        return
    if is_first:
        yield Mistake(path, "nothing was said before this round that a condition could look at; drop it", at_key=True)
    for name in sorted(participants_named(condition)):
        yield from check_participant(name, members, path)
    if not is_first:
        yield from check_stated(condition, steps, members, path)


def _tier(scenario: Scenario, step: Round, tier: str, members: Sequence[Member], path: KeyPath) -> Iterator[Mistake]:
    without = [m.id for m in speakers(step, members) if model_for(scenario, m, tier) is None]
    if without and tier not in scenario.models:
        known = tuple(scenario.models)
        mend = nearest(tier, known) or f"; tiers are {', '.join(known)}"
        yield Mistake(path, f"there is no tier {tier!r} in models{mend}")
    elif without:
        yield Mistake(path, f"{', '.join(without[:5])} has no model for the tier {tier!r}; add it to models")


def _select(scenario: Scenario, step: Round, members: Sequence[Member], path: KeyPath) -> Iterator[Mistake]:
    rule = step.select
    if rule is None:
        return
    names = [other.name for other in scenario.steps]
    place = names.index(step.name)
    if place == len(names) - 1 and (step.repeat is None or step.repeat.up_to == 1):
        yield Mistake(path, "nobody speaks after this round, so nobody can be left out; drop select", at_key=True)
    if rule.by is None:
        return
    problems = list(check_participant(rule.by, members, (*path, "by")))
    yield from problems
    if problems:
        return
    upto = scenario.steps[: place + 1]
    ranking = [s for s in upto if any(m.id == rule.by for m in speakers(s, members))]
    asked = [s for s in ranking if {"ranking", "scores"} & set(s.reply or ())]
    if not asked:
        message = f"{rule.by} is asked for no ranking or scores up to here; add one to the reply of a round of its own"
        yield Mistake((*path, "by"), message)
    elif asked[-1] is not ranking[-1]:
        message = (
            f"{rule.by} speaks last in {ranking[-1].name} before this, and is asked there for no ranking or scores"
        )
        yield Mistake((*path, "by"), f"{message}; add one to its reply")
    elif not scenario.is_template and not _about_speakers(scenario, ranking[-1]):
        message = f"{rule.by} ranks the options in {ranking[-1].name} and not the speakers; write about: speakers there"
        yield Mistake((*path, "by"), message)


def _options(scenario: Scenario) -> bool:
    """Whether what is asked has options to vote on."""
    return scenario.motion is not None or (scenario.question is not None and bool(scenario.question.choices))


def _about_speakers(scenario: Scenario, step: Round) -> bool:
    return step.about == "speakers" or (step.about is None and not _options(scenario))


def _about(scenario: Scenario, step: Round, path: KeyPath, *, is_first: bool) -> Iterator[Mistake]:
    voted = [field for field in VOTED if field in (step.reply or ())]
    here: KeyPath = (*path, "about")
    if step.about is not None and not voted:
        message = "about says what a ballot, ranking or scores are about; ask for one, or drop it"
        yield Mistake(here, message, at_key=True)
    if step.about == "options" and not _options(scenario) and not scenario.is_template:
        yield Mistake(here, "what is asked has no options to vote on; write about: speakers, or give choices")
    if not voted or scenario.is_template or not _about_speakers(scenario, step):
        return
    for query in listened(step):
        if query is not None and query.names == "hidden":
            message = "speakers without a name cannot be told apart in a vote; write names: alias or shuffled"
            yield Mistake((*path, "hears", "names") if step.hears is not None else (*path, "repeat", "hears"), message)
        unheard = is_first and (query is None or not query.same_round) and step.repeat is None
        if unheard or (query is not None and not {*query.from_} - {"self"}):
            message = f"a {voted[0]} about the speakers needs some that are heard, and here nobody is"
            yield Mistake((*path, "reply"), f"{message}; have them speak before, and hears name them")


def _sides(step: Round, members: Sequence[Member], path: KeyPath) -> Iterator[Mistake]:
    if not step.swap_sides:
        return
    sides = {m.side for m in speakers(step, members)} - {None}
    if len(sides) != 2:  # noqa: PLR2004 - two sides can change places
        found = ", ".join(sorted(side for side in sides if side is not None)) or "none"
        message = f"sides change places between two, found {found}; give the speakers two sides, or drop swap_sides"
        yield Mistake((*path, "swap_sides"), message, at_key=True)
