"""Deciding: what follows from an event. Pure but for the counters it owns, which the state could always rebuild."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from debate.engine.casting import Casting
from debate.engine.commands import Ask, Command, CompareWording, Conclude, Emit, Fail, Score, Suspend
from debate.engine.gates import resolve, resolve_prefix
from debate.graph.frontier import Frontier
from debate.graph.pruning import beyond, pruned_by
from debate.graph.turngraph import Gate, Iteration
from debate.reply.mending import mended
from debate.reply.reading import read
from debate.reply.spec import ReplySpec
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
        self._looked: dict[str, int] = {}
        """Gate that looks after each reply to how many turns it has looked at."""
        self._closed: set[str] = set()
        """Turns that a gate ended; their ends may still have to be written."""

    def begin(self, state: State) -> list[Command]:
        """What to do first: on a new run, or on one that is taken up again with ``state``."""
        for node in self._graph.waits:
            turn = state.turns.get(node)
            if turn is not None and turn.ended is not None:
                self._frontier.finish(node)
        commands: list[Command] = []
        failed = [
            turn.ended for turn in state.turns.values() if turn.ended is not None and turn.ended.outcome == "failed"
        ]
        if failed and self._casting.scenario.failure.turn == "abort":
            return [Fail(f"{failed[0].turn} failed: {failed[0].reason}")]
        for gate in self._graph.gates.values():
            if gate.kind == "reply":
                known = state.gates.get(gate.id)
                commands += self._look(gate, state) if known is None else self._after_gate(state, known)
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
                gate = self._graph.gates.get(f"{self._graph.turns[event.turn].place}?reply")
                found = self._look(gate, state) if gate is not None else []
                return [*found, *self._advance(event.turn, state)]
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
        return self._start_gate(self._graph.gates[node], state)

    def _start_gate(self, gate: Gate, state: State) -> list[Command]:
        """Resolve a gate, unless it is resolved already or what it stands at was left out."""
        known = state.gates.get(gate.id)
        if known is not None:
            return self._after_gate(state, known)
        if _left_out(self._graph.iterations[gate.place], state):
            return self._advance(gate.id, state)
        return [Emit(resolve(gate, self._casting, state))]

    def _start_turn(self, id_: str, state: State) -> list[Command]:
        """Ask a turn; one that was asked before the run stopped goes on where it stood."""
        turn = state.turns.get(id_)
        if turn is None or not turn.asked:
            unneeded = self._unneeded(id_, state)
            if unneeded is not None:
                return [Emit(unneeded)]
            kind: TryKind = "summarise" if self._graph.turns[id_].serves is not None else "speak"
            return [Ask(id_, kind=kind, tier=self._tier(id_, state))]
        last = max(turn.asked)
        if last in turn.answered:
            return self._read(state, turn.answered[last])
        asked = turn.asked[last]
        return [Ask(id_, last, asked.try_kind, asked.tier)]

    def _unneeded(self, id_: str, state: State) -> TurnEnded | None:
        """The end of a summary that nobody needs, because what it would sum up fits; None for every other turn."""
        turn = self._graph.turns[id_]
        if turn.serves is None:
            return None
        served = state.turns.get(turn.serves)
        if served is not None and served.ended is not None:
            return TurnEnded(turn=id_, outcome="skipped", reason=f"{turn.serves} is left out")
        there, allowed = self._casting.briefing.fits(turn, state, self._casting.rounds[turn.round])
        if there > allowed:
            return None
        return TurnEnded(turn=id_, outcome="skipped", reason=f"{there} of {allowed} tokens: it fits")

    def _tier(self, id_: str, state: State) -> str | None:
        """The tier a gate escalated a turn to; None for the round's own."""
        turn = self._graph.turns[id_]
        escalate = self._casting.rounds[turn.round].escalate
        gate = state.gates.get(f"{turn.place}?escalate")
        return escalate.to if escalate is not None and gate is not None and gate.holds else None

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
        counted = [ended for ended in ends if ended.outcome not in ("skipped", "unused")]
        if len(counted) <= 1:
            return None
        quorum = self._casting.scenario.failure.quorum
        voices = [self._graph.turns[ended.turn].participant for ended in counted if ended.outcome == "completed"]
        needed = min(quorum.voices, len(counted))
        if len(voices) < needed:
            found = f"{len(voices)} of {len(counted)} replies are valid, {needed} are needed"
            return f"{iteration.id}: {found}{_why(ends)}"
        if quorum.every_side:
            members = self._casting.members
            sides = {members[self._graph.turns[ended.turn].participant].side for ended in counted} - {None}
            heard = {members[voice].side for voice in voices}
            silent = sorted(side for side in sides if side is not None and side not in heard)
            if silent:
                return f"{iteration.id}: nobody spoke for side {', '.join(silent)}{_why(ends)}"
        return None

    def _look(self, gate: Gate, state: State) -> list[Command]:
        """Look at a condition that is checked after each reply. From where it holds on, no new turn starts."""
        if gate.id in state.gates:
            return []
        looked = self._looked.get(gate.id, 0)
        resolved, self._looked[gate.id] = resolve_prefix(gate, self._casting, state, looked=looked)
        if resolved is None:
            return []
        return [Emit(resolved), *self._closing(resolved, state)]

    def _closing(self, event: GateResolved, state: State) -> list[Command]:
        """The ends of the turns that a resolved gate leaves out, and of those whose replies it takes back.

        What is not used comes first: behind the last end of those left out, a turn that could hear it is asked.
        """
        pruned = self._pruned(event, state)
        gate = self._graph.gates[event.gate]
        reason = f"{event.gate}: {event.reason}"
        skipped = [id_ for id_ in pruned if id_ not in state.turns or state.turns[id_].ended is None]
        late = beyond(self._graph, gate, event) if gate.kind == "reply" and event.holds else ()
        answered = [id_ for id_ in late if id_ in state.turns and _is_over(state.turns[id_])]
        # They become ready before their ends are written, and must not be asked.
        self._started.update(pruned)
        return [*self._close(answered, "unused", reason), *self._close(skipped, "skipped", reason)]

    def _pruned(self, event: GateResolved, state: State) -> tuple[str, ...]:
        """The turns a resolved gate leaves out that were not asked yet."""
        left_out = pruned_by(self._graph, event)
        return tuple(id_ for id_ in left_out if id_ not in state.turns or not state.turns[id_].asked)

    def _unused(self, id_: str, state: State) -> str | None:
        """Why a reply is not used: a condition checked after each reply had held before its turn; None if it is."""
        turn = self._graph.turns[id_]
        event = state.gates.get(f"{turn.place}?reply")
        if event is None or not event.holds:
            return None
        is_beyond = id_ in beyond(self._graph, self._graph.gates[event.gate], event)
        return f"{event.gate}: {event.reason}" if is_beyond else None

    def _after_gate(self, state: State, event: GateResolved) -> list[Command]:
        gate = self._graph.gates[event.gate]
        commands = self._closing(event, state)
        if gate.kind == "reply" and not self._frontier.is_finished(gate.place):
            return commands
        return commands + self._advance(event.gate, state)

    def _close(self, turns: Iterable[str], outcome: Literal["skipped", "unused"], reason: str) -> list[Command]:
        """End turns that a gate leaves out, each once: a gate is met again when all it waits for is over."""
        ending = [id_ for id_ in turns if id_ not in self._closed]
        self._closed.update(ending)
        return [Emit(TurnEnded(turn=id_, outcome=outcome, reason=reason)) for id_ in ending]

    def _read(self, state: State, event: TurnAnswered) -> list[Command]:
        """Read a completion: the turn is over, or the model is asked once to mend it."""
        known = state.turns[event.turn]
        spec = self._spec(known, event.turn)
        unused = self._unused(event.turn, state)
        if unused is not None:
            return [Emit(TurnEnded(turn=event.turn, outcome="unused", reason=unused))]
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

    def _spec(self, known: TurnState, id_: str) -> ReplySpec:
        """What a turn was asked to state, with what those it heard were called in its prompt."""
        labels = [heard.label for heard in known.asked[1].recipe.heard]
        return self._casting.spec(self._graph.turns[id_], labels)

    def _after_failure(self, state: State, event: AttemptFailed) -> list[Command]:
        """A try gave nothing: what the scenario says follows, or the run stops."""
        known = state.turns[event.turn]
        unused = self._unused(event.turn, state)
        if unused is not None:
            return [Emit(TurnEnded(turn=event.turn, outcome="unused", reason=unused))]
        if event.error in STOPPING_ERRORS:
            return [Suspend(STOPPING_ERRORS[event.error], event.message)]
        return self._by_policy(known, event)

    def _by_policy(self, known: TurnState, event: AttemptFailed) -> list[Command]:
        """What the scenario says follows when a try gave nothing."""
        failure = self._casting.scenario.failure
        kind: TryKind = known.asked[event.try_number].try_kind
        if kind == "repair":
            return [Emit(self._unrepaired(known, event))]
        tried = {asked.try_kind for asked in known.asked.values()}
        if failure.turn == "retry" and event.try_number == 1:
            return [Ask(event.turn, 2, "speak", known.asked[1].tier)]
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
        spec = self._spec(known, event.turn)
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


def _is_over(turn: TurnState) -> bool:
    """Whether a turn that was asked has ended, other than unused."""
    return turn.ended is not None and turn.ended.outcome in ("completed", "unreadable", "failed")


def _left_out(iteration: Iteration, state: State) -> bool:
    """Whether a gate left the iteration out, so that nothing was said in it."""
    ends = [state.turns[id_].ended if id_ in state.turns else None for id_ in iteration.turns]
    return all(ended is not None and ended.outcome == "skipped" for ended in ends)


def _first_reading(turn: TurnState, repair: int) -> TurnAnswered | None:
    """The completion that try ``repair`` mends; None when it is no repair."""
    if turn.asked[repair].try_kind != "repair":
        return None
    return turn.answered[repair - 1]


def _why(ends: list[TurnEnded]) -> str:
    reasons = [f"{ended.turn} {ended.outcome}: {ended.reason}" for ended in ends if ended.outcome != "completed"]
    return f" ({'; '.join(reasons)})" if reasons else ""
