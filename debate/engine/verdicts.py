"""The verdict of a run: the ballots of its last voters, decided by the scenario's rule, as an event."""

from __future__ import annotations

from debate.decision.ballots import Absence, Ballot, ballot_of
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.rule import parse_rule
from debate.decision.verdict import Verdict
from debate.engine.casting import Casting
from debate.graph.turngraph import Iteration
from debate.scenario.schema import Decision as DecisionSpec
from debate.transcript.events import Dissent, VerdictReached
from debate.transcript.state import State


def reach_verdict(casting: Casting, state: State, *, seed: int) -> VerdictReached:
    """Decide a run whose rounds are over. Pure."""
    last = last_vote(casting, state)
    material = Material(
        ballots=() if last is None else tuple(ballots(casting, state, last)),
        others=_deciders(casting, state),
        seed=seed,
    )
    return event_of(decide(decision_of(casting.scenario.decision), material))


def decision_of(spec: DecisionSpec) -> Decision:
    """A scenario's decision as rules."""
    return Decision(
        by=parse_rule(spec.by),
        otherwise=(parse_rule(spec.else_),) if spec.else_ is not None else (),
        tie=spec.tie,
        abstain=spec.abstain,
    )


def last_vote(casting: Casting, state: State) -> Iteration | None:
    """The last iteration that was held and asked its voters for what is compared."""
    for iteration in reversed(tuple(casting.graph.iterations.values())):
        if casting.is_scored(iteration) and not _skipped(iteration, state):
            return iteration
    return None


def _skipped(iteration: Iteration, state: State) -> bool:
    ends = (state.turns[id_].ended for id_ in iteration.turns if id_ in state.turns)
    return all(ended is None or ended.outcome == "skipped" for ended in ends)


def ballots(casting: Casting, state: State, iteration: Iteration) -> list[Ballot]:
    """One ballot for every voter of an iteration; who gave no readable reply has one that says why."""
    voters = casting.voters(iteration.round)
    return [_ballot(casting, state, id_) for id_ in iteration.turns if casting.graph.turns[id_].participant in voters]


def _ballot(casting: Casting, state: State, id_: str) -> Ballot:
    turn = casting.graph.turns[id_]
    member = casting.members[turn.participant]
    ended = state.turns[id_].ended if id_ in state.turns else None
    reply = ended.reply if ended is not None and ended.outcome == "completed" else None
    absence: Absence = "silent" if ended is None or ended.outcome == "completed" else ended.outcome
    return ballot_of(turn.participant, reply, casting.specs[turn.round], absence=absence, weight=member.weight)


def _deciders(casting: Casting, state: State) -> dict[str, Ballot]:
    """The ballots of the participants whose reply decides: each that of the last turn it was asked for."""
    found = {}
    for id_, turn in casting.graph.turns.items():
        if turn.participant in casting.deciders and id_ in state.turns and state.turns[id_].asked:
            found[turn.participant] = _ballot(casting, state, id_)
    return found


def event_of(verdict: Verdict) -> VerdictReached:
    """A verdict as an event."""
    return VerdictReached(
        answer=verdict.answer,
        by=verdict.by,
        fallback_from=verdict.tried[0].rule if verdict.tried else None,
        votes=dict(verdict.votes),
        denominator=verdict.denominator,
        abstained={one.participant: one.reason for one in verdict.abstentions},
        confidence=verdict.confidence,
        confidence_is=verdict.confidence_is,
        dissent=tuple(Dissent(participant=one.participant, choice=one.choice) for one in verdict.dissent),
        tied=verdict.tie or (),
        reason=verdict.reason or verdict.tie_broken_by or _why_fallback(verdict),
    )


def _why_fallback(verdict: Verdict) -> str | None:
    """What the rules that came before it gave instead of an answer."""
    return "; ".join(f"{rule}: {reason}" for rule, reason in verdict.tried) or None
