"""Replaying a transcript: the loop over the recorded replies, without any network.

It shows that what was read, scored, gated and decided follows from the recorded completions by this version of the
engine. It cannot show that a provider really sent them.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import BaseModel

from debate.engine.asking import Asker
from debate.engine.casting import Casting
from debate.engine.loop import Loop
from debate.engine.recorded import recorded_casting
from debate.engine.scoring import RunScorer
from debate.errors import DeadlineExceeded, ModelError
from debate.graph.turngraph import Iteration
from debate.models.port import Completion, Request
from debate.models.recorded import completion_of
from debate.transcript.events import (
    Event,
    GateResolved,
    RunEnded,
    Scored,
    TurnAsked,
    TurnEnded,
    VerdictReached,
)
from debate.transcript.ledger import COPIED_SOURCES
from debate.transcript.log import MemoryLog
from debate.transcript.reading import Saved
from debate.transcript.state import State, TurnState

__all__ = ["Verification", "recorded_casting", "verify"]

SETTLING = 10
"""Turns of the event loop after which every task that an answer made ready has asked its model. A score and a gate
between two turns make it five."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a replay found."""

    events: int
    """Recorded events that were compared."""
    divergence: str | None
    """The first difference; None when there is none."""
    engine: str
    """The version that recorded the run."""

    @property
    def holds(self) -> bool:
        """Whether everything compared is the same."""
        return self.divergence is None


async def verify(saved: Saved) -> Verification:
    """Replay ``saved`` and compare, by kind, turn and try, ignoring sequence, times and attempts.

    Raises:
        debate.errors.TranscriptError: If the transcript does not hold what a replay needs.
    """
    cast = recorded_casting(saved)
    given = _given(saved, cast)
    model = _RecordedAnswers(saved)
    header = saved.header
    log = MemoryLog()
    loop = Loop(
        cast,
        log=log,
        asker=Asker(casting=cast, run=header.run, seed=header.seed, prices=header.prices, account=None),
        model=model,
        scorer=_RecordedScores(cast, None, saved.state),
        state=State(header=header, status="running", texts=dict(saved.state.texts), gates=dict(given.gates)),
    )
    async with asyncio.TaskGroup() as tasks:
        driver = tasks.create_task(model.drive())
        await loop.run()
        driver.cancel()
    replayed = dict(_compared((e.event for e in log.entries), given))
    recorded = list(_compared((e.event for e in saved.entries), given))
    stopped = saved.state.status not in ("completed", "failed")
    divergence = _first_difference(dict(recorded), replayed, unfinished=stopped)
    return Verification(len(recorded), divergence, header.engine)


class _RecordedAnswers:
    """Answers every try as it was answered then, in the order in which the answers came."""

    def __init__(self, saved: Saved) -> None:
        self._state = saved.state
        self._order = {
            (event.turn, event.try_number): place
            for place, event in enumerate(e.event for e in saved.entries)
            if event.kind in ("turn_answered", "attempt_failed")
        }
        self._last = len(saved.entries)
        self._waiting: list[tuple[int, int, asyncio.Event]] = []
        self._asked = 0

    async def __call__(self, request: Request, /) -> Completion:
        options = request.turn
        assert options is not None, "the engine's requests belong to turns"
        self._asked += 1
        mine = asyncio.Event()
        # What was never answered comes after everything that was: it ends the replay.
        place = self._order.get((options.turn, options.try_number), self._last)
        heapq.heappush(self._waiting, (place, self._asked, mine))
        await mine.wait()
        turn = self._state.turns.get(options.turn)
        answered = turn.answered.get(options.try_number) if turn is not None else None
        if answered is not None:
            return completion_of(answered)
        failures = [f for f in turn.failures if f.try_number == options.try_number] if turn is not None else []
        if failures and failures[-1].error not in ("budget", "deadline"):
            error = ModelError(failures[-1].message)
            error.kind = failures[-1].error
            raise error
        raise DeadlineExceeded(f"{options.turn} was not answered when the run stopped")

    async def drive(self) -> None:
        """Let the answers through one by one, the earliest of those that wait first."""
        while True:
            for _ in range(SETTLING):
                await asyncio.sleep(0)
            if self._waiting:
                heapq.heappop(self._waiting)[-1].set()


@dataclass(frozen=True, slots=True)
class _RecordedScores(RunScorer):
    """Takes the scores that need an embedder as they were recorded; arithmetic is done again."""

    recorded: State

    async def semantic(self, iteration: Iteration, state: State) -> Scored:
        return self._recorded(iteration, "agreement") or await RunScorer.semantic(self, iteration, state)

    async def wording(self, iteration: Iteration, state: State) -> Scored:
        return self._recorded(iteration, "similarity") or await RunScorer.wording(self, iteration, state)

    def _recorded(self, iteration: Iteration, measure: str) -> Scored | None:
        found: Scored | None = self.recorded.score(iteration.round, iteration.number, measure)
        return found


Key = tuple[str, str, int]


class _Given(NamedTuple):
    """What a fork was given by its parent: it does not follow from the fork's own scenario."""

    turns: frozenset[str]
    gates: Mapping[str, GateResolved]


def _given(saved: Saved, cast: Casting) -> _Given:
    if saved.header.parent is None:
        return _Given(frozenset(), {})
    turns = frozenset(id_ for id_, turn in saved.state.turns.items() if _is_copied(turn))
    gates = cast.graph.gates
    found = {
        id_: resolved
        for id_, resolved in saved.state.gates.items()
        if id_ in gates and turns.issuperset(cast.graph.iterations[gates[id_].place].turns)
    }
    return _Given(turns, found)


def _is_copied(turn: TurnState) -> bool:
    sources = {answered.source for answered in turn.answered.values()}
    return bool(turn.asked) and sources <= COPIED_SOURCES and all(failure.attempt == 0 for failure in turn.failures)


def _compared(events: Iterator[Event], given: _Given) -> Iterator[tuple[Key, BaseModel]]:
    for event in events:
        match event:
            case TurnAsked() if event.turn in given.turns:
                pass
            case GateResolved() if event.gate in given.gates:
                pass
            case TurnAsked():
                yield (event.kind, event.turn, event.try_number), event
            case TurnEnded():
                yield (event.kind, event.turn, 0), event
            case GateResolved():
                yield (event.kind, event.gate, 0), event
            case Scored(measure="agreement"):
                yield (event.kind, event.round, event.iteration), event
            case VerdictReached() | RunEnded():
                yield (event.kind, "", 0), event


def _first_difference(
    recorded: Mapping[Key, BaseModel], replayed: Mapping[Key, BaseModel], *, unfinished: bool
) -> str | None:
    for key, event in recorded.items():
        again = replayed.get(key)
        if again is None:
            return f"{_named(key)} is recorded, and does not follow from what came before it"
        if again != event:
            return f"{_named(key)}: {_fields_that_differ(event, again)}"
    if unfinished:
        return None
    for key in replayed:
        if key not in recorded:
            return f"{_named(key)} follows from what came before it, and is not recorded"
    return None


def _named(key: Key) -> str:
    kind, what, number = key
    place = f"{what}#{number}" if kind == "turn_asked" else f"{what}.{number}" if number else what
    return f"{kind} {place}".strip()


def _fields_that_differ(recorded: BaseModel, replayed: BaseModel) -> str:
    then, now = recorded.model_dump(), replayed.model_dump()
    return "; ".join(f"{name} was {then[name]!r}, is {now.get(name)!r}" for name in then if then[name] != now.get(name))
