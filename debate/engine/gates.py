"""Resolving a gate: the facts its condition may look at, read from the state, and what it says of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from debate.consensus.method import Method
from debate.decision.stopping import Facts, Finding, Standing, evaluate
from debate.engine.casting import Casting
from debate.engine.selecting import select
from debate.graph.turngraph import Gate, Iteration
from debate.reply.answers import shared_names
from debate.reply.reply import Reply
from debate.transcript.events import GateResolved
from debate.transcript.state import State


def resolve(gate: Gate, casting: Casting, state: State) -> GateResolved:
    """What a gate decides, now that all it waits for is over."""
    step = casting.rounds[gate.round]
    if gate.kind == "select":
        assert step.select is not None, "only rounds that select have this gate"
        chosen = select(step.select, gate, casting, state)
        return GateResolved(gate=gate.id, holds=True, reason=chosen.reason, dropped=chosen.dropped)
    if gate.kind in ("until", "reply"):
        assert step.repeat is not None, "only repeats have this gate"
        assert step.repeat.until is not None, "only repeats with a condition have this gate"
        finding = evaluate(step.repeat.until, _facts(casting, state, *_looked_at(casting, state, gate)))
        return _resolved(gate, finding, upto=_last_turn(casting, gate) if gate.kind == "reply" else None)
    condition = step.when if gate.kind == "when" else step.escalate.when if step.escalate is not None else None
    assert condition is not None, "only rounds with a condition have this gate"
    held = [i for i in casting.graph.iterations.values() if i.id in gate.after and _is_standing(i, casting, state)]
    latest = [i for i in held if casting.voters(i.round) == casting.voters(held[-1].round)]
    turns = [
        id_ for node in gate.after if node in casting.graph.iterations for id_ in casting.graph.iterations[node].turns
    ]
    return _resolved(gate, evaluate(condition, _facts(casting, state, latest, turns)))


def resolve_prefix(gate: Gate, casting: Casting, state: State, *, looked: int = 0) -> tuple[GateResolved | None, int]:
    """What a condition checked after each reply says of the turns finished in speaking order; None until it holds.

    Later turns that are over already are not looked at, so the order in which replies arrive changes nothing. All else
    that it looks at is over before the first of them is asked, so a prefix it did not hold of need not be looked at
    again.

    Args:
        gate: The gate of the condition.
        casting: The run's.
        state: The run so far.
        looked: How many turns the longest prefix had that was looked at before.

    Returns:
        The gate's result, and how many turns the longest prefix has that was looked at now.
    """
    repeat = casting.rounds[gate.round].repeat
    assert repeat is not None, "only repeats have this gate"
    assert repeat.until is not None, "only repeats with a condition have this gate"
    iteration = casting.graph.iterations[gate.place]
    iterations, turns = _looked_at(casting, state, gate)
    for count in range(looked + 1, len(iteration.turns) + 1):
        prefix = iteration.turns[:count]
        if not _is_over(prefix[-1], state):
            return None, count - 1
        if all(_is_skipped(id_, state) for id_ in prefix):
            continue
        finding = evaluate(repeat.until, _facts(casting, state, iterations, turns, prefix=prefix))
        if finding.holds:
            return _resolved(gate, finding, upto=prefix[-1]), count
    return None, len(iteration.turns)


def _resolved(gate: Gate, finding: Finding, *, upto: str | None = None) -> GateResolved:
    return GateResolved(gate=gate.id, holds=finding.holds, reason=finding.reason, upto=upto)


def _last_turn(casting: Casting, gate: Gate) -> str:
    return casting.graph.iterations[gate.place].turns[-1]


def _is_over(id_: str, state: State) -> bool:
    return id_ in state.turns and state.turns[id_].ended is not None


def _is_skipped(id_: str, state: State) -> bool:
    ended = state.turns[id_].ended if id_ in state.turns else None
    return ended is not None and ended.outcome == "skipped"


def _looked_at(casting: Casting, state: State, gate: Gate) -> tuple[list[Iteration], list[str]]:
    """What the gate of a repeat looks at: the iterations of its speakers so far, and their turns with those it names.

    Only what it waits for, so that what else has arrived by then changes nothing.
    """
    graph = casting.graph
    speaking = set(graph.speakers[gate.round])
    iterations: list[Iteration] = []
    turns: list[str] = []
    for iteration in graph.iterations.values():
        if set(graph.speakers[iteration.round]) == speaking:
            turns += iteration.turns
            if iteration.id == gate.place or _is_standing(iteration, casting, state):
                iterations.append(iteration)
        if iteration.id == gate.place:
            break
    for node in gate.after:
        if node in graph.turns:
            last = graph.turns[node]
            own = [id_ for id_, turn in graph.turns.items() if turn.participant == last.participant]
            turns += own[: own.index(node) + 1]
    return iterations, turns


def _is_standing(iteration: Iteration, casting: Casting, state: State) -> bool:
    """Whether voters stated in an iteration what is compared, and no gate left it out."""
    ends = [state.turns[id_].ended if id_ in state.turns else None for id_ in iteration.turns]
    left_out = all(ended is not None and ended.outcome == "skipped" for ended in ends)
    return casting.is_scored(iteration) and not left_out


def _facts(
    casting: Casting,
    state: State,
    iterations: Sequence[Iteration],
    turns: Sequence[str],
    *,
    prefix: Sequence[str] | None = None,
) -> Facts:
    """What is known of some iterations and turns; of the last iteration only ``prefix``, where it is given."""
    standings = [
        standing(casting, state, iteration, turns=prefix if iteration is iterations[-1] else None)
        for iteration in iterations
        if casting.is_scored(iteration)
    ]
    standings = _with_equal_answers_merged(casting, standings)
    left_out = set(iterations[-1].turns) - set(prefix) if prefix is not None and iterations else set()
    latest = _replies(casting, state, [id_ for id_ in turns if id_ not in left_out])
    return Facts(
        standings=tuple(standings),
        stops={id_: reply.stop for id_, reply in latest.items() if reply.stop is not None},
        confidences={id_: reply.confidence for id_, reply in latest.items() if reply.confidence is not None},
    )


def _with_equal_answers_merged(casting: Casting, standings: Sequence[Standing]) -> list[Standing]:
    """The standings, with answers that are the same under one name in all of them."""
    if casting.method is not Method.ANSWER or not standings:
        return list(standings)
    names = shared_names((held for one in standings for held in one.positions.values()), casting.answers)
    return [replace(one, positions={who: names[held] for who, held in one.positions.items()}) for one in standings]


def standing(
    casting: Casting,
    state: State,
    iteration: Iteration,
    *,
    turns: Sequence[str] | None = None,
) -> Standing:
    """Where the voters of one iteration stood, by all its turns or by some."""
    voters = casting.voters(iteration.round)
    looked_at = iteration.turns if turns is None else turns
    replies = {who: reply for who, reply in _replies(casting, state, looked_at).items() if who in voters}
    scored = state.score(iteration.round, iteration.number)
    is_stance = casting.method is Method.STANCE
    return Standing(
        expected=_expected(casting, state, iteration),
        positions=_positions(casting.method, replies, state, iteration),
        details={who: reply.stance for who, reply in replies.items() if is_stance and reply.stance is not None},
        confidences={who: reply.confidence for who, reply in replies.items() if reply.confidence is not None},
        agreement=scored.value if scored is not None else None,
        finished=all(_is_over(id_, state) for id_ in iteration.turns) and len(looked_at) == len(iteration.turns),
    )


def _expected(casting: Casting, state: State, iteration: Iteration) -> tuple[str, ...]:
    """The voters of an iteration but for those whom a selection had left out before it."""
    left_out = {
        who
        for gate in casting.selections
        if gate.id in state.gates
        for who in state.gates[gate.id].dropped
        if f"{iteration.id}/{who}" in gate.choosing.get(who, ())
    }
    return tuple(who for who in casting.voters(iteration.round) if who not in left_out)


def _replies(casting: Casting, state: State, turns: Sequence[str]) -> dict[str, Reply]:
    """Participant to its completed reply in one of ``turns``."""
    found: dict[str, Reply] = {}
    for id_ in turns:
        ended = state.turns[id_].ended if id_ in state.turns else None
        if ended is not None and ended.outcome == "completed" and ended.reply is not None:
            found[casting.graph.turns[id_].participant] = ended.reply
    return found


def _positions(method: Method, replies: Mapping[str, Reply], state: State, iteration: Iteration) -> Mapping[str, str]:
    """What each voter stands for: its answer, its stance's sign, or its camp where positions are compared."""
    if method is Method.ANSWER:
        return {who: reply.answer for who, reply in replies.items() if reply.answer is not None}
    if method is Method.STANCE:
        return {who: reply.stance.ballot for who, reply in replies.items() if reply.stance is not None}
    scored = state.score(iteration.round, iteration.number)
    camps = scored.camps if scored is not None else ()
    return {member: camp.label for camp in camps for member in camp.members}
