"""Whether a decision can be reached: its rules, who decides, who votes, and with what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from debate.scenario.base import Part
from debate.scenario.cast import Member, named, speakers
from debate.scenario.keypath import KeyPath
from debate.scenario.mistakes import Mistake
from debate.scenario.schema import Round, RuleField, Scenario, Veto
from debate.scenario.shape import nearest
from debate.scenario.topologychecks import check_participant

COUNTED: Final[Mapping[str, str | None]] = {
    "plurality": None,
    "majority": None,
    "unanimity": None,
    "approval": "ballot",
    "cumulative": "ballot",
    "borda": "ranking",
    "irv": "ranking",
    "condorcet": "ranking",
    "trajectory": None,
    "medoid": None,
}
"""Rules that are written as one word, with the reply field they count where it is not what is compared."""

NEEDS_PARAMETER: Final = {
    "supermajority": "{supermajority: 0.66}",
    "weighted": "{weighted: confidence}",
    "score": "{score: mean}",
    "veto": "{veto: participant, over: plurality}",
}

TIES: Final = ("none", "lot", "earlier_round")
"""What ``decision.tie`` may be beside a participant."""


def check_decision(scenario: Scenario, members: tuple[Member, ...]) -> Iterator[Mistake]:
    """Every mistake under ``decision``."""
    decision = scenario.decision
    yield from _rule(scenario, members, decision.by, ("decision", "by"))
    if decision.else_ is not None:
        yield from _rule(scenario, members, decision.else_, ("decision", "else"))
        if decision.else_ == decision.by:
            yield Mistake(
                ("decision", "else"), f"by and else are both {decision.by!r}; drop else, or name another rule"
            )
    if decision.tie not in TIES:
        path: KeyPath = ("decision", "tie")
        if named([decision.tie], members):
            yield from check_participant(decision.tie, members, path)
        else:
            known = (*TIES, *(member.id for member in members))
            mend = nearest(decision.tie, known) or f"; expected {', '.join(TIES)} or a participant"
            yield Mistake(path, f"there is no way to break ties called {decision.tie!r}{mend}")


def _rule(scenario: Scenario, members: tuple[Member, ...], rule: RuleField, path: KeyPath) -> Iterator[Mistake]:
    if isinstance(rule, Part):
        if isinstance(rule, Veto):
            yield from check_participant(rule.veto, members, (*path, "veto"))
            yield from _rule(scenario, members, rule.over, (*path, "over"))
            return
        yield from _voters(scenario, members, path, "scores" if "score" in rule.model_fields_set else None)
    elif rule in COUNTED:
        yield from _voters(scenario, members, path, COUNTED[rule])
    elif rule in NEEDS_PARAMETER:
        yield Mistake(path, f"{rule} needs a parameter; write {NEEDS_PARAMETER[rule]}")
    else:
        yield from _decider(scenario, members, rule, path)


def _decider(scenario: Scenario, members: tuple[Member, ...], rule: str, path: KeyPath) -> Iterator[Mistake]:
    meant = named([rule], members)
    if not meant:
        known = (*COUNTED, *(member.id for member in members))
        mend = nearest(rule, known) or f"; expected {', '.join(COUNTED)} or a participant"
        yield Mistake(path, f"there is no rule or participant {rule!r}{mend}")
    elif meant[0].id != rule:
        ids = ", ".join(member.id for member in meant)
        yield Mistake(path, f"expected one participant who decides, {rule!r} means {ids}; name one of them")
    else:
        heard = [speakers(step, members) for step in scenario.steps]
        # A round without speakers has a misspelt name, which is said there.
        if not any(meant[0] in spoken or not spoken for spoken in heard):
            yield Mistake(path, f"{rule!r} is to decide but speaks in no round; add a round with who: {rule}")


def _voters(scenario: Scenario, members: tuple[Member, ...], path: KeyPath, field: str | None) -> Iterator[Mistake]:
    """A vote needs somebody without a side who is asked for what is counted."""
    deciders = {rule for rule in (scenario.decision.by, scenario.decision.else_) if isinstance(rule, str)}
    voters = [m for m in members if m.side is None and m.id not in deciders]
    asking = [step for step in scenario.steps if any(member in voters for member in speakers(step, members))]
    if not voters:
        yield Mistake(path, "nobody can vote, as every participant is told a side; name a participant without one")
    elif field is not None and asking and not any(field in (step.reply or ()) for step in asking):
        yield Mistake(path, f"nobody is asked for {field}, which this rule counts; add {field} to a round's reply")
    elif field is None and asking and not any(_asks_for_ballot(scenario, step) for step in asking):
        ballot = "stance" if scenario.motion is not None else "answer"
        yield Mistake(path, f"nobody is asked for a {ballot} to vote with; add it to a round's reply")


def _asks_for_ballot(scenario: Scenario, step: Round) -> bool:
    if step.reply is None or "ballot" in step.reply:
        return True
    ballots = {"stance", "answer"} if scenario.is_template else {"stance" if scenario.motion is not None else "answer"}
    if scenario.decision.by == "medoid":
        ballots |= {"position"}
    return bool(ballots & set(step.reply))
