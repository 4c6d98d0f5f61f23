"""The verdict of a run: the ballots of its last voters, decided by the scenario's rule, as an event. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from debate.briefing.voted import by_participant
from debate.decision.ballots import Absence, Ballot, ballot_of, choice_of, with_equal_answers_merged
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.rule import Rule, parse_rule
from debate.decision.verdict import Verdict
from debate.engine.casting import Casting
from debate.engine.likeness import likeness
from debate.graph.turngraph import Iteration, Turn
from debate.reply.reply import ReplyField
from debate.scenario.base import Part
from debate.scenario.schema import Decision as DecisionSpec
from debate.scenario.schema import RuleField
from debate.transcript.events import Dissent, VerdictReached
from debate.transcript.state import State, TurnState

NEEDS: Mapping[str, ReplyField] = {
    "approval": "ballot",
    "cumulative": "ballot",
    "borda": "ranking",
    "irv": "ranking",
    "condorcet": "ranking",
    "score": "scores",
}
"""Rules that count another field than what is compared."""

UNBALLOTED: Final = ("medoid", "trajectory")
"""Rules over what voters hold themselves; all others count a ballot where one was cast after it."""


def reach_verdict(casting: Casting, state: State, *, seed: int, decision: Decision | None = None) -> VerdictReached:
    """Decide a run whose rounds are over, by its own decision or by another one in its place."""
    decision = decision if decision is not None else decision_of(casting.scenario.decision)
    last = last_vote(casting, state, decision.by)
    if last is not None:
        spec = casting.specs[last.round]
        decision = replace(decision, points=spec.points, highest_score=spec.scale[1])
    material = _material(casting, state, last, decision, seed=seed)
    fallback = None
    if decision.otherwise:
        then = last_vote(casting, state, decision.otherwise[0])
        fallback = _material(casting, state, then, decision, seed=seed) if then is not last else None
    verdict = decide(decision, material, fallback)
    counted = then if fallback is not None and verdict.tried else last
    judge = _last_turn(casting, state, verdict.by) if verdict.by in casting.members else None
    round_ = casting.graph.turns[judge].round if judge is not None else counted.round if counted is not None else None
    about_speakers = round_ is not None and _votes_for_speakers(casting, round_, verdict)
    return event_of(verdict, *(_chosen(casting, state, verdict.answer) if about_speakers else (None, verdict.answer)))


def _material(casting: Casting, state: State, last: Iteration | None, decision: Decision, *, seed: int) -> Material:
    """What a rule decides from when the last vote it counts was held in ``last``."""
    voting = ballots(casting, state, last) if last is not None else []
    others = _others(casting, state, decision, {ballot.participant for ballot in voting})
    if last is not None and not _is_about_speakers(casting, last.round):
        merged = with_equal_answers_merged([*voting, *others.values()], casting.specs[last.round])
        voting = list(merged[: len(voting)])
        others = {ballot.participant: ballot for ballot in merged[len(voting) :]}
    pairs = _compares_pairs((decision.by, *decision.otherwise))
    return Material(
        ballots=tuple(voting),
        others=others,
        similarity=likeness(casting, state, last, voting) if pairs else None,
        seed=seed,
    )


def decision_of(spec: DecisionSpec) -> Decision:
    """A scenario's decision as rules."""
    return Decision(
        by=rule_of(spec.by),
        otherwise=(rule_of(spec.else_),) if spec.else_ is not None else (),
        tie=spec.tie,
        abstain=spec.abstain,
        self_vote=spec.self_vote,
    )


def rule_of(written: RuleField) -> Rule:
    """A rule as the scenario writes it."""
    return parse_rule(written.model_dump() if isinstance(written, Part) else written)


def last_vote(casting: Casting, state: State, rule: Rule) -> Iteration | None:
    """The last iteration that was held and asked its voters for what the rule counts."""
    counted = rule.over if rule.over is not None else rule
    needed = NEEDS.get(counted.name)
    for iteration in reversed(tuple(casting.graph.iterations.values())):
        if not casting.voters(iteration.round) or not _was_held(iteration, state):
            continue
        if needed is not None:
            asks = needed in casting.specs[iteration.round].fields
        else:
            ballot = counted.name not in UNBALLOTED and _casts_ballot(casting, iteration.round)
            asks = ballot or casting.is_scored(iteration)
        if asks:
            return iteration
    return None


def _was_held(iteration: Iteration, state: State) -> bool:
    ends = (state.turns[id_].ended for id_ in iteration.turns if id_ in state.turns)
    return any(ended is not None and ended.outcome not in ("skipped", "unused") for ended in ends)


def ballots(casting: Casting, state: State, iteration: Iteration) -> list[Ballot]:
    """One ballot for every voter of an iteration whose turn counts; one without a readable reply says why."""
    voters = casting.voters(iteration.round)
    return [
        _ballot(casting, state, id_)
        for id_ in iteration.turns
        if casting.graph.turns[id_].participant in voters and not _is_left_out(state, id_)
    ]


def _is_left_out(state: State, id_: str) -> bool:
    ended = state.turns[id_].ended if id_ in state.turns else None
    return ended is not None and ended.outcome in ("skipped", "unused")


def _ballot(casting: Casting, state: State, id_: str) -> Ballot:
    turn = casting.graph.turns[id_]
    member = casting.members[turn.participant]
    known = state.turns.get(id_)
    ended = known.ended if known is not None else None
    reply = ended.reply if ended is not None and ended.outcome == "completed" else None
    absence: Absence = "silent" if ended is None or ended.outcome == "completed" else ended.outcome
    about_speakers = _is_about_speakers(casting, turn.round)
    if reply is not None and known is not None and about_speakers:
        reply = by_participant(reply, known, casting.graph)
    return ballot_of(
        turn.participant,
        reply,
        casting.specs[turn.round],
        absence=absence,
        weight=member.weight,
        own=turn.participant if about_speakers else None,
        history=_history(casting, state, turn),
    )


def _history(casting: Casting, state: State, last: Turn) -> tuple[str | None, ...]:
    """What a voter chose in each iteration up to a turn in which it was asked for a choice of that turn's kind."""
    about_speakers = _chooses_speakers(casting, last.round)
    history: list[str | None] = []
    for id_, turn in casting.graph.turns.items():
        if turn.participant == last.participant and turn.serves is None:
            known = state.turns.get(id_)
            chooses = casting.compares(turn.round) or _casts_ballot(casting, turn.round)
            alike = chooses and _chooses_speakers(casting, turn.round) == about_speakers
            if alike and known is not None and known.asked and not _is_left_out(state, id_):
                history.append(_choice(casting, known, turn.round))
        if id_ == last.id:
            break
    return tuple(history)


def _choice(casting: Casting, known: TurnState, round_: str) -> str | None:
    """What a turn of a round chose; a speaker by its id, whatever it was called."""
    ended = known.ended
    if ended is None or ended.reply is None or ended.outcome != "completed":
        return None
    about_speakers = _is_about_speakers(casting, round_)
    reply = by_participant(ended.reply, known, casting.graph) if about_speakers else ended.reply
    return choice_of(reply, casting.specs[round_])


def _is_about_speakers(casting: Casting, round_: str) -> bool:
    """Whether a round asks for a ballot, a ranking or scores, and these are about the speakers."""
    voted = {"ballot", "ranking", "scores"} & set(casting.specs[round_].fields)
    return bool(voted) and casting.is_about_speakers(round_)


def _casts_ballot(casting: Casting, round_: str) -> bool:
    """Whether a round asks for a ballot with one option on it."""
    spec = casting.specs[round_]
    return "ballot" in spec.fields and spec.ballot_style == "one"


def _chooses_speakers(casting: Casting, round_: str) -> bool:
    return _casts_ballot(casting, round_) and casting.is_about_speakers(round_)


def _others(casting: Casting, state: State, decision: Decision, voting: set[str]) -> dict[str, Ballot]:
    """The ballots of participants that a rule or the tie names and that do not vote themselves."""
    rules = [decision.by, *decision.otherwise]
    named = {rule.participant for rule in rules} | {decision.tie, *casting.deciders}
    found = {}
    for participant in casting.members:
        last = _last_turn(casting, state, participant)
        if participant in named and participant not in voting and last is not None:
            found[participant] = _ballot(casting, state, last)
    return found


def _last_turn(casting: Casting, state: State, participant: str) -> str | None:
    """The last turn of its own that a participant was asked for."""
    own = (id_ for id_, turn in casting.graph.turns.items() if turn.participant == participant and turn.serves is None)
    held = [id_ for id_ in own if id_ in state.turns and state.turns[id_].asked]
    return held[-1] if held else None


def _compares_pairs(rules: Iterable[Rule]) -> bool:
    return any("medoid" in (rule.name, rule.over.name if rule.over is not None else None) for rule in rules)


def _votes_for_speakers(casting: Casting, round_: str, verdict: Verdict) -> bool:
    """Whether what was decided by a vote in a round is a speaker."""
    if not _is_about_speakers(casting, round_) or verdict.answer not in casting.members:
        return False
    return _chooses_speakers(casting, round_) or verdict.by.partition(" ")[0] in NEEDS


def _chosen(casting: Casting, state: State, winner: str | None) -> tuple[str | None, str | None]:
    """A participant that was chosen, and what it answered last."""
    spoken = [id_ for id_, turn in casting.graph.turns.items() if turn.participant == winner and turn.serves is None]
    for id_ in reversed(spoken):
        round_ = casting.graph.turns[id_].round
        known = state.turns.get(id_)
        if known is not None and casting.compares(round_) and not _chooses_speakers(casting, round_):
            choice = _choice(casting, known, round_)
            if choice is not None:
                return winner, choice
    return winner, winner


def event_of(verdict: Verdict, winner: str | None, answer: str | None) -> VerdictReached:
    """A verdict as an event."""
    return VerdictReached(
        answer=answer,
        winner=winner,
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
