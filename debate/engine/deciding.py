"""Deciding: what follows from an event. Pure but for the counters it owns, which the state could always rebuild."""

from __future__ import annotations

from typing import Final

from debate.engine.casting import Casting
from debate.engine.commands import Ask, Command, CompareWording, Conclude, Emit, Fail, Score, Suspend
from debate.engine.gates import resolve
from debate.graph.frontier import Frontier
from debate.graph.turngraph import Iteration
from debate.reply.mending import mended
from debate.reply.reading import read
from debate.transcript.events import (
    AttemptFailed,
    Event,
    GateResolved,
    Scored,
    StopReason,
    TryKind,
    TurnAnswered,
    TurnEnded,
)
from debate.transcript.state import State, TurnState

STOPPING_ERRORS: Final[dict[str, StopReason]] = {
    "authentication": "authentication",
    "circuit_open": "authentication",
    "payment": "payment",
    "budget": "budget",
    "deadline": "deadline",
}
"""Errors that concern the whole run, not the one turn they met first."""

PROVIDER_ERRORS: Final = frozenset({"unavailable", "overloaded", "rate_limited", "ambiguous", "stream_cut"})
"""Errors that a later resume may not meet again."""


class Decider:
    """Says what to do next. Visits only what the event could have made ready."""

    def __init__(self, casting: Casting) -> None:
        self._casting = casting
        self._graph = casting.graph
        self._frontier = Frontier(casting.graph)
        self._started: set[str] = set()

    def begin(self, state: State) -> list[Command]:
        """What to do first: on a new run, or on one that is taken up again with ``state``."""
        for node in self._graph.waits:
            turn = state.turns.get(node)
            if turn is not None and turn.ended is not None:
                self._frontier.finish(node)
        commands: list[Command] = []
        for node in self._graph.waits:
            if not self._frontier.is_finished(node) and self._frontier.is_ready(node):
                commands += self._start(node, state)
        return commands

    def decide(self, state: State, event: Event) -> list[Command]:
        """What follows from ``event``, which ``state`` already holds."""
        match event:
            case TurnAnswered():
                return self._read(state, event)
            case AttemptFailed(retry_in=None):
                return self._after_failure(state, event)
            case TurnEnded():
                return self._advance(event.turn, state)
            case Scored(measure="agreement"):
                return self._advance(self._iteration(event).id, state)
            case GateResolved():
                return self._after_gate(state, event)
        return []

    def _iteration(self, scored: Scored) -> Iteration:
        return next(
            i for i in self._graph.iterations.values() if (i.round, i.number) == (scored.round, scored.iteration)
        )

    def _advance(self, node: str, state: State) -> list[Command]:
        """``node`` is over: start what waited for it last."""
        commands: list[Command] = []
        for ready in self._frontier.finish(node):
            commands += self._start(ready, state)
        if self._frontier.done:
            commands.append(Conclude())
        return commands

    def _start(self, node: str, state: State) -> list[Command]:
        if node in self._started:
            return []
        self._started.add(node)
        if node in self._graph.turns:
            return self._start_turn(node, state)
        if node in self._graph.iterations:
            return self._end_iteration(self._graph.iterations[node], state)
        gate = self._graph.gates[node]
        if _left_out(self._graph.iterations[gate.after], state):
            return self._advance(node, state)
        known = state.gates.get(node)
        if known is not None:
            return self._after_gate(state, known)
        return [Emit(resolve(gate, self._casting, state))]

    def _start_turn(self, id_: str, state: State) -> list[Command]:
        """Ask a turn; one that was asked before the run stopped goes on where it stood."""
        turn = state.turns.get(id_)
        if turn is None or not turn.asked:
            return [Ask(id_)]
        last = max(turn.asked)
        if last in turn.answered:
            return self._read(state, turn.answered[last])
        asked = turn.asked[last]
        return [Ask(id_, last, asked.try_kind, asked.tier)]

    def _end_iteration(self, iteration: Iteration, state: State) -> list[Command]:
        if _left_out(iteration, state):
            return self._advance(iteration.id, state)
        ends = [ended for id_ in iteration.turns if (ended := state.turns[id_].ended) is not None]
        lacking = self._lacking(iteration, ends)
        if lacking is not None:
            if any(ended.error in PROVIDER_ERRORS for ended in ends):
                return [Suspend("unavailable", lacking)]
            return [Fail(lacking)]
        if not self._casting.is_scored(iteration):
            return self._advance(iteration.id, state)
        commands: list[Command] = []
        compares_wording = self._casting.compares_wording(iteration)
        if compares_wording and state.score(iteration.round, iteration.number, "similarity") is None:
            commands.append(CompareWording(iteration))
        if state.score(iteration.round, iteration.number) is None:
            return [*commands, Score(iteration)]
        return commands + self._advance(iteration.id, state)

    def _lacking(self, iteration: Iteration, ends: list[TurnEnded]) -> str | None:
        """What an iteration lacks to count; None when it has its quorum. One speaker alone needs none."""
        if len(iteration.turns) == 1:
            return None
        quorum = self._casting.scenario.failure.quorum
        voices = [self._graph.turns[ended.turn].participant for ended in ends if ended.outcome == "completed"]
        needed = min(quorum.voices, len(iteration.turns))
        if len(voices) < needed:
            found = f"{len(voices)} of {len(iteration.turns)} replies are valid, {needed} are needed"
            return f"{iteration.id}: {found}{_why(ends)}"
        if quorum.every_side:
            members = self._casting.members
            sides = {members[self._graph.turns[id_].participant].side for id_ in iteration.turns} - {None}
            heard = {members[voice].side for voice in voices}
            silent = sorted(side for side in sides if side is not None and side not in heard)
            if silent:
                return f"{iteration.id}: nobody spoke for side {', '.join(silent)}{_why(ends)}"
        return None

    def _after_gate(self, state: State, event: GateResolved) -> list[Command]:
        gate = self._graph.gates[event.gate]
        pruned = gate.prunes if event.holds else ()
        commands: list[Command] = [
            Emit(TurnEnded(turn=id_, outcome="skipped", reason=f"{event.gate}: {event.reason}"))
            for id_ in pruned
            if id_ not in state.turns or state.turns[id_].ended is None
        ]
        # They become ready before their ends are written, and must not be asked.
        self._started.update(pruned)
        return commands + self._advance(event.gate, state)

    def _read(self, state: State, event: TurnAnswered) -> list[Command]:
        """Read a completion: the turn is over, or the model is asked once to mend it."""
        turn = self._graph.turns[event.turn]
        spec = self._casting.specs[turn.round]
        known = state.turns[event.turn]
        reading = read(event.text, spec)
        before = _first_reading(known, event.try_number)
        if before is not None:
            reading = mended(read(before.text, spec), reading, spec)
        substituted = any(asked.try_kind == "substitute" for asked in known.asked.values())
        if reading.readable:
            end = TurnEnded(
                turn=event.turn,
                outcome="completed",
                reply=reading.reply,
                missing=reading.missing,
                substituted=substituted,
            )
            return [Emit(end)]
        if known.asked[event.try_number].try_kind != "repair":
            return [Ask(event.turn, event.try_number + 1, "repair", known.asked[event.try_number].tier)]
        end = TurnEnded(
            turn=event.turn,
            outcome="unreadable",
            reply=reading.reply,
            missing=reading.missing,
            substituted=substituted,
            reason=reading.problem,
        )
        return [Emit(end)]

    def _after_failure(self, state: State, event: AttemptFailed) -> list[Command]:
        """A try gave nothing: what the scenario says follows, or the run stops."""
        known = state.turns[event.turn]
        if event.error in STOPPING_ERRORS:
            return [Suspend(STOPPING_ERRORS[event.error], event.message)]
        failure = self._casting.scenario.failure
        kind: TryKind = known.asked[event.try_number].try_kind
        if kind == "repair":
            return [Emit(self._unrepaired(known, event))]
        tried = {asked.try_kind for asked in known.asked.values()}
        if failure.turn == "retry" and event.try_number == 1:
            return [Ask(event.turn, 2, "speak")]
        if failure.turn == "substitute" and "substitute" not in tried:
            return [Ask(event.turn, event.try_number + 1, "substitute", failure.substitute)]
        end = TurnEnded(
            turn=event.turn,
            outcome="failed",
            reason=event.message,
            error=event.error,
            substituted="substitute" in tried,
        )
        if failure.turn == "abort":
            return [Emit(end), Fail(f"{event.turn} failed: {event.message}")]
        return [Emit(end)]

    def _unrepaired(self, known: TurnState, event: AttemptFailed) -> TurnEnded:
        """The repair failed: what the first completion said stands, unreadable as it is."""
        spec = self._casting.specs[self._graph.turns[event.turn].round]
        first = _first_reading(known, event.try_number)
        assert first is not None, "a repair follows a completion"
        reading = read(first.text, spec)
        return TurnEnded(
            turn=event.turn,
            outcome="unreadable",
            reply=reading.reply,
            missing=reading.missing,
            substituted=any(asked.try_kind == "substitute" for asked in known.asked.values()),
            reason=f"{reading.problem}; the repair failed: {event.message}",
        )


def _left_out(iteration: Iteration, state: State) -> bool:
    """Whether a gate left the iteration out, so that nothing was said in it."""
    ends = [state.turns[id_].ended for id_ in iteration.turns]
    return all(ended is not None and ended.outcome == "skipped" for ended in ends)


def _first_reading(turn: TurnState, repair: int) -> TurnAnswered | None:
    """The completion that try ``repair`` mends; None when it is no repair."""
    if turn.asked[repair].try_kind != "repair":
        return None
    return turn.answered[repair - 1]


def _why(ends: list[TurnEnded]) -> str:
    reasons = [f"{ended.turn} {ended.outcome}: {ended.reason}" for ended in ends if ended.outcome != "completed"]
    return f" ({'; '.join(reasons)})" if reasons else ""
