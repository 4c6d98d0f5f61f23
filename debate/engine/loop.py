"""The loop of one run: append an event, fold it, do what follows."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Final

from debate.engine.asking import Asked, Asker
from debate.engine.casting import Casting
from debate.engine.commands import Ask, Command, CompareWording, Conclude, Emit, Fail, Score, Suspend
from debate.engine.deciding import Decider
from debate.engine.scoring import RunScorer
from debate.engine.verdicts import reach_verdict
from debate.errors import DebateError, ModelError, PromptError, TranscriptError
from debate.models.port import AttemptFailure, ChatModel, Delta, Notice, Waiting
from debate.transcript.events import (
    AttemptFailed,
    Entry,
    Event,
    RunEnded,
    RunSuspended,
    Scored,
    StopReason,
    TurnAnswered,
    TurnAsked,
    TurnEnded,
)
from debate.transcript.log import Log
from debate.transcript.state import State, evolve

LOG: Final = logging.getLogger("debate")

Deferred = Ask | Score | CompareWording | Conclude
"""The commands that wait in the queue beside events."""

Update = Entry | Delta | Waiting
"""What a listener is told: an event as it was written, text as it streams in, or a wait."""

Listener = Callable[[str | None, Update], None]
"""Called with the turn concerned (None for events) and the update. Must not block."""


class Loop:
    """Runs one debate over one log. It owns the state; nobody else changes it."""

    def __init__(
        self,
        casting: Casting,
        *,
        log: Log,
        asker: Asker,
        model: ChatModel,
        scorer: RunScorer,
        state: State,
        listener: Listener | None = None,
        streams: bool = False,
    ) -> None:
        self._casting = casting
        self._log = log
        self._asker = asker
        self._model = model
        self._scorer = scorer
        self._listener = listener
        self._streams = streams
        self.state = state
        self._decider = Decider(casting)
        self._queue: deque[Event | Deferred] = deque()
        """What is to be written and done, in this order: nothing is asked or scored before what was decided first."""
        self._draining = False
        self._prepared: dict[str, Asked] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._scoring: set[asyncio.Task[None]] = set()
        self._stop: Fail | Suspend | None = None
        self._concluding = False
        self._over = asyncio.Event()
        self._cut: BaseException | None = None
        """Why nothing more may be written: the transcript cannot take it, or the run was cancelled."""
        self._tasks = asyncio.TaskGroup()

    async def run(self) -> State:
        """Run to the end, or to where it must stop.

        Raises:
            debate.errors.TranscriptError: If an event could not be written; nothing followed from it.
            asyncio.CancelledError: If it was cancelled; the transcript then says that the run is suspended.
        """
        try:
            async with self._tasks:
                self._do(self._decider.begin(self.state))
                self._drain()
                await self._until_over()
        except asyncio.CancelledError:
            if self.state.status == "running":
                # A transcript that cannot take this says as much to a resume by just ending.
                with suppress(TranscriptError):
                    self._write(RunSuspended(reason="cancelled", detail="the run was cancelled"))
            raise
        except BaseExceptionGroup as group:
            raise _first(group) from None
        await self._log.sync()
        return self.state

    async def _until_over(self) -> None:
        try:
            await self._over.wait()
        except asyncio.CancelledError as error:
            self._cut = error
            raise
        if self._cut is not None:
            raise self._cut

    def stop(self, reason: StopReason, detail: str, *, abort: bool = False) -> None:
        """Start no new turn; end the run as suspended when those under way are over, at once with ``abort``."""
        if self._over.is_set():
            return
        self._stop = self._stop or Suspend(reason, detail)
        if abort:
            for task in self._asking.values():
                task.cancel()
        self._settle()

    def _emit(self, event: Event) -> None:
        self._queue.append(event)
        self._drain()

    def _drain(self) -> None:
        """Append what is queued, and what follows from it, until nothing more does."""
        if self._draining:
            return
        self._draining = True
        try:
            while self._queue:
                event = self._queue.popleft()
                if isinstance(event, (Ask, Score, CompareWording, Conclude)):
                    self._execute(event)
                    continue
                self._write(event)
                if isinstance(event, TurnAsked):
                    self._send(self._prepared.pop(event.turn))
                if not isinstance(self._stop, Fail):
                    self._do(self._decider.decide(self.state, event))
        finally:
            self._draining = False
        self._settle()

    def _write(self, event: Event) -> None:
        try:
            entry = self._log.append(event)
        except TranscriptError as error:
            self._cut = error
            self._over.set()
            raise
        self.state = evolve(self.state, event)
        self._tell(None, entry)

    def _do(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Emit(event):
                    self._queue.append(event)
                case Fail() | Suspend():
                    self._stop = self._stop or command
                case _:
                    self._queue.append(command)

    def _execute(self, command: Deferred) -> None:
        match command:
            case Ask():
                self._ask(command)
            case Score(iteration):
                if self._casting.method.structured:
                    self._queue.append(self._scorer.structured(iteration, self.state))
                else:
                    self._score(self._scorer.semantic(iteration, self.state))
            case CompareWording(iteration):
                self._score(self._scorer.wording(iteration, self.state))
            case Conclude():
                self._conclude()

    def _ask(self, command: Ask) -> None:
        if self._stop is not None:
            return
        try:
            asked = self._asker.prepare(command, self.state)
        except PromptError as error:
            self._stop = Fail(f"{command.turn}: {error}")
            return
        self._prepared[command.turn] = asked
        # Before anything else is written: the prompt was made from the state as it is.
        self._queue.appendleft(asked.event)

    def _send(self, asked: Asked) -> None:
        turn = asked.event.turn
        self._asking[turn] = self._tasks.create_task(self._try(asked), name=f"{self._asker.run}:{turn}")

    async def _try(self, asked: Asked) -> None:
        """One try, from the request to its last event."""
        turn = asked.event.turn
        me = asyncio.current_task()
        try:
            await self._call(asked)
        finally:
            # What followed may have asked the same turn again, as a repair does.
            if self._asking.get(turn) is me:
                del self._asking[turn]
            self._settle()

    async def _call(self, asked: Asked) -> None:
        turn = asked.event.turn
        final = False
        tries = sent = 0

        def notice(told: Notice) -> None:
            nonlocal final, tries, sent
            if not isinstance(told, AttemptFailure):
                self._tell(turn, told)
                return
            final, tries, sent = told.retry_in is None, told.attempt, 0
            event = self._asker.attempt_failed(asked.event, told)
            if final:
                self._close(event)
            else:
                self._emit(event)

        def delta(piece: Delta) -> None:
            self._tell(turn, piece)

        def written() -> None:
            nonlocal sent
            sent = tries + 1

        request = replace(asked.request, on_notice=notice, on_sent=written, on_delta=delta if self._streams else None)
        try:
            answered = self._asker.answered(asked.event, await self._model(request))
        except DebateError as error:
            if not final:
                self._close(self._asker.gave_up(asked.event, error, attempt=sent))
            return
        except Exception as error:
            LOG.debug("the model of %s raised", turn, exc_info=True)
            raised = ModelError(f"{type(error).__name__}: {error}")
            self._close(self._asker.gave_up(asked.event, raised, attempt=sent))
            return
        self._close(answered)

    def _close(self, event: TurnAnswered | AttemptFailed) -> None:
        """The last event of a try. Nothing follows from it once the run has failed: the turn ends unused."""
        failed_before = isinstance(self._stop, Fail)
        self._emit(event)
        if failed_before:
            self._emit(TurnEnded(turn=event.turn, outcome="unused", reason="the run had failed before it was over"))

    def _score(self, scoring: Coroutine[None, None, Scored]) -> None:
        """Take a score beside the turns; gates that need it wait, nothing else does."""

        async def take() -> None:
            try:
                self._emit(await scoring)
            finally:
                self._scoring.discard(task)
                self._settle()

        task = self._tasks.create_task(take())
        self._scoring.add(task)

    def _conclude(self) -> None:
        if self._concluding or isinstance(self._stop, Fail):
            return
        # Whatever was to stop the run came too late: there is nothing left to start.
        self._stop = None
        self._concluding = True
        self._tasks.create_task(self._finish())

    async def _finish(self) -> None:
        await self._log.sync()
        if self.state.verdict is None:
            self._emit(reach_verdict(self._casting, self.state, seed=self._asker.seed))
        if self._scoring:
            await asyncio.wait(self._scoring)
        await self._log.sync()
        self._emit(RunEnded(status="completed"))
        self._over.set()

    def _settle(self) -> None:
        """End a run that must stop, once nothing is under way."""
        under_way = self._asking or self._scoring or self._draining or self._concluding
        if under_way or self._over.is_set() or self._cut is not None:
            return
        assert self._stop is not None, "a run with nothing under way is over"
        if isinstance(self._stop, Fail):
            self._write(RunEnded(status="failed", reason=self._stop.reason))
        else:
            self._write(RunSuspended(reason=self._stop.reason, detail=self._stop.detail))
        self._over.set()

    def _tell(self, turn: str | None, update: Update) -> None:
        if self._listener is not None:
            self._listener(turn, update)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first plain exception of a group; the others came of it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
