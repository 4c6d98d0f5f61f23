"""The verdict of a run: the ballots of its last voters, decided by the scenario's rule, as an event. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from debate.consensus.method import Method
from debate.consensus.pair import answers_agree, stances_agree
from debate.decision.ballots import Absence, Ballot, ballot_of, choice_of
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.rule import Rule, parse_rule
from debate.decision.verdict import Verdict
from debate.engine.casting import Casting
from debate.graph.turngraph import Iteration
from debate.reply.reply import Reply, ReplyField
from debate.scenario.base import Part
from debate.scenario.schema import Decision as DecisionSpec
from debate.scenario.schema import RuleField
from debate.transcript.events import Dissent, VerdictReached
from debate.transcript.state import State

NEEDS: Mapping[str, ReplyField] = {
    "approval": "ballot",
    "cumulative": "ballot",
    "borda": "ranking",
    "irv": "ranking",
    "condorcet": "ranking",
    "score": "scores",
}
"""Rules that count another field than what is compared."""


def reach_verdict(casting: Casting, state: State, *, seed: int) -> VerdictReached:
    """Decide a run whose rounds are over."""
    decision = decision_of(casting.scenario.decision)
    last = last_vote(casting, state, decision.by)
    voting = ballots(casting, state, last) if last is not None else []
    material = Material(
        ballots=tuple(voting),
        others=_others(casting, state, decision, {ballot.participant for ballot in voting}),
        similarity=_similarity(casting, state, last, voting) if _is_medoid(decision) else None,
        seed=seed,
    )
    verdict = decide(decision, material)
    return event_of(verdict, *_chosen(casting, state, last, verdict))


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
        asks = needed in casting.specs[iteration.round].fields if needed is not None else casting.is_scored(iteration)
        if asks and casting.voters(iteration.round) and _was_held(iteration, state):
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
    about_speakers = casting.is_about_speakers(turn.round)
    if reply is not None and known is not None and about_speakers:
        heard = known.asked[1].recipe.heard
        reply = _about(reply, {one.label: casting.graph.turns[one.turn].participant for one in heard})
    return ballot_of(
        turn.participant,
        reply,
        casting.specs[turn.round],
        absence=absence,
        weight=member.weight,
        own=turn.participant if about_speakers else None,
        history=_history(casting, state, turn.participant),
    )


def _about(reply: Reply, speaker: Mapping[str, str]) -> Reply:
    """A reply that votes on labels, with the participants they stood for."""
    changes: dict[str, object] = {}
    if reply.ballot is not None:
        changes["ballot"] = {speaker.get(name, name): points for name, points in reply.ballot.items()}
    if reply.ranking is not None:
        changes["ranking"] = tuple(speaker.get(name, name) for name in reply.ranking)
    if reply.scores is not None:
        changes["scores"] = {speaker.get(name, name): score for name, score in reply.scores.items()}
    return reply.model_copy(update=changes)


def _history(casting: Casting, state: State, participant: str) -> tuple[str | None, ...]:
    """What a voter chose in each iteration it was asked in, earliest first."""
    return tuple(
        choice_of(known.ended.reply, casting.specs[turn.round])
        if known.ended is not None and known.ended.reply is not None and known.ended.outcome == "completed"
        else None
        for id_, turn in casting.graph.turns.items()
        if turn.participant == participant and turn.serves is None
        for known in [state.turns.get(id_)]
        if known is not None and known.asked and casting.compares(turn.round) and not _is_left_out(state, id_)
    )


def _others(casting: Casting, state: State, decision: Decision, voting: set[str]) -> dict[str, Ballot]:
    """The ballots of participants that a rule or the tie names and that do not vote themselves."""
    rules = [decision.by, *decision.otherwise]
    named = {rule.participant for rule in rules} | {decision.tie, *casting.deciders}
    found = {}
    for participant in casting.members:
        if participant not in named or participant in voting:
            continue
        own = [id_ for id_, turn in casting.graph.turns.items() if turn.participant == participant]
        held = [id_ for id_ in own if id_ in state.turns and state.turns[id_].asked]
        if held:
            found[participant] = _ballot(casting, state, held[-1])
    return found


def _is_medoid(decision: Decision) -> bool:
    return any(rule.name == "medoid" for rule in (decision.by, *decision.otherwise))


def _similarity(
    casting: Casting, state: State, last: Iteration | None, voting: Sequence[Ballot]
) -> list[list[float]] | None:
    """How alike the voters' replies are: by answer or stance where they state one, else by the recorded cosines."""
    if last is None:
        return None
    replies = {ballot.participant: _reply(state, last, ballot.participant) for ballot in voting}
    if not casting.method.structured:
        scored = state.score(last.round, last.number)
        return _recorded(scored.pairs, voting) if scored is not None and scored.pairs is not None else None
    return [[_alike(casting.method, replies[a.participant], replies[b.participant]) for b in voting] for a in voting]


def _reply(state: State, iteration: Iteration, participant: str) -> Reply | None:
    ended = state.turns[f"{iteration.id}/{participant}"].ended
    return ended.reply if ended is not None and ended.outcome == "completed" else None


def _alike(method: Method, one: Reply | None, other: Reply | None) -> float:
    if one is None or other is None:
        return 0.0
    if method is Method.ANSWER:
        return answers_agree(one.answer, other.answer) if one.answer is not None and other.answer is not None else 0.0
    return stances_agree(one.stance, other.stance) if one.stance is not None and other.stance is not None else 0.0


def _recorded(pairs: Mapping[str, Mapping[str, float]], voting: Sequence[Ballot]) -> list[list[float]]:
    """The recorded agreement of each pair; that of one who is not recorded is 0."""
    names = [ballot.participant for ballot in voting]
    return [[1.0 if a == b else pairs.get(a, {}).get(b, pairs.get(b, {}).get(a, 0.0)) for b in names] for a in names]


def _chosen(casting: Casting, state: State, last: Iteration | None, verdict: Verdict) -> tuple[str | None, str | None]:
    """The participant a vote about the speakers chose, and what it answered."""
    winner = verdict.answer
    if last is None or winner is None or not casting.is_about_speakers(last.round) or winner not in casting.members:
        return None, winner
    spoken = [id_ for id_, turn in casting.graph.turns.items() if turn.participant == winner and turn.serves is None]
    for id_ in reversed(spoken):
        ended = state.turns[id_].ended if id_ in state.turns else None
        if ended is not None and ended.reply is not None and ended.outcome == "completed":
            choice = choice_of(ended.reply, casting.specs[casting.graph.turns[id_].round])
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
