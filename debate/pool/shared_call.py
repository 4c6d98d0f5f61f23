"""A call that several requests wait for."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import ParamSpec

from debate.models.port import AttemptFailure, ChatModel, Completion, Delta, Notice, Request

P = ParamSpec("P")


class _Guest:
    """One request that waits for the call. A callback of its own that raises fails it alone."""

    __slots__ = ("future", "request")

    def __init__(self, request: Request) -> None:
        self.request = request
        self.future: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()

    def hear(self, callback: Callable[P, None] | None, *args: P.args, **kwargs: P.kwargs) -> None:
        if callback is None:
            return
        try:
            callback(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the one whose callback it was
            self.fail(error)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)


class SharedCall:
    """Runs in a task of its own until it is over or nobody waits for it any more.

    The one who has waited longest has the call in its books: it is told of failed attempts and gets the completion as
    it came; the others get it as shared, at no attempts. So what was paid stands in one place, whoever leaves.

    Args:
        inner: Who answers.
        over: Called once the call can no longer be joined.
    """

    def __init__(self, inner: ChatModel, *, over: Callable[[], object]) -> None:
        self._inner = inner
        self._over = over
        self._guests: list[_Guest] = []
        self._so_far: list[Delta] = []
        self._streams = False
        self._task: asyncio.Task[None] | None = None

    async def begin(self, group: asyncio.TaskGroup, request: Request) -> Completion:
        """Send ``request`` and wait for its completion."""
        self._streams = request.on_delta is not None
        sent = dataclasses.replace(
            request,
            on_delta=self._delta if self._streams else None,
            on_notice=self._notice,
            on_sent=self._sent,
        )
        self._task = group.create_task(self._run(sent))
        return await self._stay(_Guest(request))

    async def join(self, request: Request) -> Completion:
        """Wait for the completion of a request that was sent before, and hear first what has streamed so far."""
        guest = _Guest(request)
        for delta in self._so_far:
            guest.hear(request.on_delta, delta)
        completion = await self._stay(guest)
        if request.on_delta is not None and not self._streams:
            request.on_delta(Delta(completion.text))
        return completion

    def cancel(self) -> None:
        """Nobody wants the answer any more."""
        self._over()
        if self._task is not None:
            self._task.cancel()

    async def _stay(self, guest: _Guest) -> Completion:
        self._guests.append(guest)
        try:
            return await guest.future
        finally:
            self._guests.remove(guest)
            if not self._guests:
                self.cancel()

    async def _run(self, request: Request) -> None:
        """The call itself. It never raises, as it shares a task group with every other call."""
        try:
            completion = await self._inner(request)
        except asyncio.CancelledError:
            for guest in self._guests:
                guest.future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised by everyone who waits
            for guest in self._guests:
                guest.fail(error)
        else:
            for guest in self._guests:
                if not guest.future.done():
                    guest.future.set_result(completion)
                    completion = dataclasses.replace(completion, source="shared", attempts=0)
        finally:
            self._over()

    def _delta(self, delta: Delta) -> None:
        if delta.reset:
            self._so_far.clear()
        else:
            self._so_far.append(delta)
        for guest in tuple(self._guests):
            guest.hear(guest.request.on_delta, delta)

    def _notice(self, notice: Notice) -> None:
        told = self._guests[:1] if isinstance(notice, AttemptFailure) else tuple(self._guests)
        for guest in told:
            guest.hear(guest.request.on_notice, notice)

    def _sent(self) -> None:
        for guest in tuple(self._guests):
            guest.hear(guest.request.on_sent)
