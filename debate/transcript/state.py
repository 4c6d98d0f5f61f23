"""The state of a run: a pure fold over its events.

Events of turns that do not descend from one another commute, so the state is the same whatever order they arrived in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeVar

from debate.transcript.events import (
    AttemptFailed,
    BatchPlanned,
    BatchSubmitted,
    Event,
    GateResolved,
    RunEnded,
    RunResumed,
    RunStarted,
    RunSuspended,
    Scored,
    TextStored,
    TurnAnswered,
    TurnAsked,
    TurnEnded,
    VerdictReached,
    Warned,
)

if TYPE_CHECKING:
    from debate.transcript.result import Consensus

K = TypeVar("K")
V = TypeVar("V")

Status = Literal["new", "running", "stopped", "completed", "failed"]


class ScoreKey(NamedTuple):
    """Which score of a run."""

    round: str
    iteration: int
    measure: str


@dataclass(frozen=True, slots=True)
class TurnState:
    """What is known of one turn. Tries are keyed by their number, counting from 1."""

    asked: Mapping[int, TurnAsked] = field(default_factory=dict)
    answered: Mapping[int, TurnAnswered] = field(default_factory=dict)
    failures: tuple[AttemptFailed, ...] = ()
    ended: TurnEnded | None = None
    open_number: int | None = None
    """The try that was asked last, while nothing has settled it."""

    @property
    def answer(self) -> TurnAnswered | None:
        """The completion the turn ended with, or has so far: that of the last try that was answered."""
        return self.answered[max(self.answered)] if self.answered else None

    @property
    def open_try(self) -> TurnAsked | None:
        """A try that was asked and neither answered nor known to have failed for good."""
        return self.asked[self.open_number] if self.open_number is not None else None


@dataclass(slots=True)
class State:
    """A run so far. The loop owns the one it folds; everybody else gets a :meth:`frozen` one."""

    header: RunStarted | None = None
    status: Status = "new"
    turns: Mapping[str, TurnState] = field(default_factory=dict)
    gates: Mapping[str, GateResolved] = field(default_factory=dict)
    scores: Mapping[ScoreKey, Scored] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    batches: Mapping[str, BatchPlanned | BatchSubmitted] = field(default_factory=dict)
    warnings: frozenset[Warned] = frozenset()
    verdict: VerdictReached | None = None
    suspended: RunSuspended | None = None
    ended: RunEnded | None = None
    resumed: int = 0
    """How often the run was taken up again."""

    def frozen(self) -> State:
        """A copy whose tables can be read but not changed."""
        return replace(
            self,
            turns=MappingProxyType(dict(self.turns)),
            gates=MappingProxyType(dict(self.gates)),
            scores=MappingProxyType(dict(self.scores)),
            texts=MappingProxyType(dict(self.texts)),
            batches=MappingProxyType(dict(self.batches)),
        )

    def thawed(self) -> State:
        """A copy whose tables can be evolved; what it was copied from stays as it is."""
        return replace(
            self,
            turns=dict(self.turns),
            gates=dict(self.gates),
            scores=dict(self.scores),
            texts=dict(self.texts),
            batches=dict(self.batches),
        )

    @property
    def consensus(self) -> Consensus | None:
        """How far the voters of the latest scored iteration agree; None before anything was scored."""
        from debate.transcript.result import consensus_of  # noqa: PLC0415 - results are views of states

        return consensus_of(self)

    def score(self, round_: str, iteration: int, measure: str = "agreement") -> Scored | None:
        """The score of one iteration."""
        return self.scores.get(ScoreKey(round_, iteration, measure))


_NEW_TURN: Final = TurnState()


def evolve(state: State, event: Event) -> State:
    """What ``state`` becomes by ``event``. The tables of ``state`` are taken over, not copied: use the result."""
    _EVOLVE[event.kind](state, event)
    return state


# Turns are made anew by hand: dataclasses.replace() takes longer than reading the line from disk does.


def _asked(state: State, event: TurnAsked) -> None:
    old = state.turns.get(event.turn, _NEW_TURN)
    asked = {**old.asked, event.try_number: event}
    _put(state.turns, event.turn, TurnState(asked, old.answered, old.failures, old.ended, event.try_number))


def _answered(state: State, event: TurnAnswered) -> None:
    old = state.turns.get(event.turn, _NEW_TURN)
    answered = {**old.answered, event.try_number: event}
    _put(state.turns, event.turn, TurnState(old.asked, answered, old.failures, old.ended, None))


def _attempt_failed(state: State, event: AttemptFailed) -> None:
    old = state.turns.get(event.turn, _NEW_TURN)
    open_number = None if event.retry_in is None else old.open_number
    _put(
        state.turns,
        event.turn,
        TurnState(old.asked, old.answered, (*old.failures, event), old.ended, open_number),
    )


def _turn_ended(state: State, event: TurnEnded) -> None:
    old = state.turns.get(event.turn, _NEW_TURN)
    _put(state.turns, event.turn, TurnState(old.asked, old.answered, old.failures, event, None))


def _gate_resolved(state: State, event: GateResolved) -> None:
    _put(state.gates, event.gate, event)


def _scored(state: State, event: Scored) -> None:
    _put(state.scores, ScoreKey(event.round, event.iteration, event.measure), event)


def _text_stored(state: State, event: TextStored) -> None:
    _put(state.texts, event.hash, event.text)


def _batch(state: State, event: BatchPlanned | BatchSubmitted) -> None:
    _put(state.batches, event.batch, event)


def _warned(state: State, event: Warned) -> None:
    state.warnings |= {event}


def _verdict_reached(state: State, event: VerdictReached) -> None:
    state.verdict = event


def _run_started(state: State, event: RunStarted) -> None:
    state.header, state.status = event, "running"


def _run_suspended(state: State, event: RunSuspended) -> None:
    state.suspended, state.status = event, "stopped"


def _run_resumed(state: State, event: RunResumed) -> None:
    state.suspended, state.status = None, "running"
    state.resumed += 1
    for id_ in event.reopened:
        old = state.turns.get(id_, _NEW_TURN)
        _put(state.turns, id_, TurnState(old.asked, old.answered, old.failures, None, None))


def _run_ended(state: State, event: RunEnded) -> None:
    state.ended, state.status = event, event.status


_EVOLVE: Final[Mapping[str, Callable[[State, Any], None]]] = {
    "turn_asked": _asked,
    "turn_answered": _answered,
    "turn_ended": _turn_ended,
    "attempt_failed": _attempt_failed,
    "gate_resolved": _gate_resolved,
    "scored": _scored,
    "text_stored": _text_stored,
    "batch_planned": _batch,
    "batch_submitted": _batch,
    "warned": _warned,
    "verdict_reached": _verdict_reached,
    "run_started": _run_started,
    "run_suspended": _run_suspended,
    "run_resumed": _run_resumed,
    "run_ended": _run_ended,
}
"""One arm an event. Each takes the event of its own kind, which no mapping's type can say."""


def _put(table: Mapping[K, V], key: K, value: V) -> None:
    assert isinstance(table, dict), "a frozen state cannot be evolved"
    table[key] = value


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after ``events``, starting from ``state`` (taken over) or from nothing."""
    state = State() if state is None else state
    for event in events:
        state = evolve(state, event)
    return state
