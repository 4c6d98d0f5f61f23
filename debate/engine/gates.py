"""Resolving a gate: the facts its condition may look at, read from the state, and what it says of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from debate.consensus.method import Method
from debate.decision.stopping import Facts, Standing, evaluate
from debate.engine.casting import Casting
from debate.graph.turngraph import Gate, Iteration
from debate.reply.reply import Reply
from debate.transcript.events import GateResolved
from debate.transcript.state import State


def resolve(gate: Gate, casting: Casting, state: State) -> GateResolved:
    """Whether the repeat that ``gate`` stands in ends here."""
    repeat = casting.rounds[gate.round].repeat
    assert repeat is not None, "only repeats have this gate"
    assert repeat.until is not None, "only repeats with a condition have this gate"
    finding = evaluate(repeat.until, facts(casting, state, gate))
    return GateResolved(gate=gate.id, holds=finding.holds, reason=finding.reason)


def facts(casting: Casting, state: State, gate: Gate) -> Facts:
    """What is known when ``gate`` is reached: the standings of its speakers so far, their round's and those before.

    Only of what the gate waits for, so that what else has arrived by then changes nothing.
    """
    speakers = set(casting.graph.speakers[gate.round])
    standings = []
    turns: list[str] = []
    for iteration in casting.graph.iterations.values():
        turns += iteration.turns
        same = set(casting.graph.speakers[iteration.round]) == speakers
        if same and casting.is_scored(iteration) and not _left_out(iteration, state):
            standings.append(standing(casting, state, iteration))
        if iteration.id == gate.after:
            break
    latest = _latest(casting, state, turns)
    return Facts(
        standings=tuple(standings),
        stops={id_: reply.stop for id_, reply in latest.items() if reply.stop is not None},
        confidences={id_: reply.confidence for id_, reply in latest.items() if reply.confidence is not None},
    )


def standing(casting: Casting, state: State, iteration: Iteration) -> Standing:
    """Where the voters of one iteration stood."""
    voters = casting.voters(iteration.round)
    replies: dict[str, Reply] = {}
    finished = True
    for id_ in iteration.turns:
        participant = casting.graph.turns[id_].participant
        ended = state.turns[id_].ended if id_ in state.turns else None
        finished &= ended is not None
        if participant in voters and ended is not None and ended.outcome == "completed" and ended.reply is not None:
            replies[participant] = ended.reply
    scored = state.score(iteration.round, iteration.number)
    return Standing(
        expected=voters,
        positions=_positions(casting.method, replies, state, iteration),
        details={id_: reply.stance for id_, reply in replies.items() if reply.stance is not None}
        if casting.method is Method.STANCE
        else {},
        confidences={id_: reply.confidence for id_, reply in replies.items() if reply.confidence is not None},
        agreement=scored.value if scored is not None else None,
        finished=finished,
    )


def _positions(method: Method, replies: Mapping[str, Reply], state: State, iteration: Iteration) -> Mapping[str, str]:
    """What each voter stands for: its answer, its stance's sign, or its camp where positions are compared."""
    if method is Method.ANSWER:
        return {id_: reply.answer for id_, reply in replies.items() if reply.answer is not None}
    if method is Method.STANCE:
        return {id_: reply.stance.ballot for id_, reply in replies.items() if reply.stance is not None}
    scored = state.score(iteration.round, iteration.number)
    camps = scored.camps if scored is not None else ()
    return {member: camp.label for camp in camps for member in camp.members}


def _left_out(iteration: Iteration, state: State) -> bool:
    """Whether a gate before left the iteration out, so that nobody stood anywhere in it."""
    ends = [state.turns[id_].ended for id_ in iteration.turns if id_ in state.turns]
    return bool(ends) and all(ended is not None and ended.outcome == "skipped" for ended in ends)


def _latest(casting: Casting, state: State, turns: Sequence[str]) -> dict[str, Reply]:
    """Everyone's latest completed reply among ``turns``."""
    latest: dict[str, Reply] = {}
    for id_ in turns:
        ended = state.turns[id_].ended if id_ in state.turns else None
        if ended is not None and ended.outcome == "completed" and ended.reply is not None:
            latest[casting.graph.turns[id_].participant] = ended.reply
    return latest
