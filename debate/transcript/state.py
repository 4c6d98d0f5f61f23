"""The state of a run: a pure fold over its events.

Events of turns that do not descend from one another commute, so the state is the same whatever order they arrived in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

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

    @property
    def answer(self) -> TurnAnswered | None:
        """The completion the turn ended with, or has so far: that of the last try that was answered."""
        return self.answered[max(self.answered)] if self.answered else None

    @property
    def open_try(self) -> TurnAsked | None:
        """A try that was asked and neither answered nor known to have failed for good."""
        if self.ended is not None or not self.asked:
            return None
        last = max(self.asked)
        settled = last in self.answered or any(f.try_number == last and f.retry_in is None for f in self.failures)
        return None if settled else self.asked[last]


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

    @property
    def consensus(self) -> Consensus | None:
        """How far the voters of the latest scored iteration agree; None before anything was scored."""
        from debate.transcript.result import consensus_of  # noqa: PLC0415 - results are views of states

        return consensus_of(self)

    def score(self, round_: str, iteration: int, measure: str = "agreement") -> Scored | None:
        """The score of one iteration."""
        return self.scores.get(ScoreKey(round_, iteration, measure))


_NEW_TURN = TurnState()


def evolve(state: State, event: Event) -> State:  # noqa: C901, PLR0912 - one arm an event, nothing nested
    """What ``state`` becomes by ``event``. The tables of ``state`` are taken over, not copied: use the result."""
    match event:
        case TurnAsked():
            turn = state.turns.get(event.turn, _NEW_TURN)
            _put(state.turns, event.turn, replace(turn, asked={**turn.asked, event.try_number: event}))
        case TurnAnswered():
            turn = state.turns.get(event.turn, _NEW_TURN)
            _put(state.turns, event.turn, replace(turn, answered={**turn.answered, event.try_number: event}))
        case TurnEnded():
            turn = state.turns.get(event.turn, _NEW_TURN)
            _put(state.turns, event.turn, replace(turn, ended=event))
        case AttemptFailed():
            turn = state.turns.get(event.turn, _NEW_TURN)
            _put(state.turns, event.turn, replace(turn, failures=(*turn.failures, event)))
        case GateResolved():
            _put(state.gates, event.gate, event)
        case Scored():
            _put(state.scores, ScoreKey(event.round, event.iteration, event.measure), event)
        case TextStored():
            _put(state.texts, event.hash, event.text)
        case Warned():
            state.warnings |= {event}
        case BatchPlanned() | BatchSubmitted():
            _put(state.batches, event.batch, event)
        case VerdictReached():
            state.verdict = event
        case RunStarted():
            state.header, state.status = event, "running"
        case RunSuspended():
            state.suspended, state.status = event, "stopped"
        case RunResumed():
            state.suspended, state.status = None, "running"
            state.resumed += 1
            for id_ in event.reopened:
                _put(state.turns, id_, replace(state.turns.get(id_, _NEW_TURN), ended=None))
        case RunEnded():
            state.ended, state.status = event, event.status
    return state


def _put(table: Mapping[K, V], key: K, value: V) -> None:
    assert isinstance(table, dict), "a frozen state cannot be evolved"
    table[key] = value


def fold(events: Iterable[Event], state: State | None = None) -> State:
    """The state after ``events``, starting from ``state`` (taken over) or from nothing."""
    state = State() if state is None else state
    for event in events:
        state = evolve(state, event)
    return state
