"""No request outlives its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from debate.errors import DeadlineExceeded
from debate.models.port import ChatModel, Completion, Request
from debate.pool.clock import monotonic


class Deadline:
    """Cancels a request at ``request.turn.deadline``, wherever it is: in line, on the wire, or between attempts."""

    def __init__(self, inner: ChatModel, *, clock: Callable[[], float] = monotonic) -> None:
        self._inner = inner
        self._clock = clock

    async def __call__(self, request: Request) -> Completion:
        """Answer ``request`` in time.

        Raises:
            DeadlineExceeded: When its time is over, or was before it was asked.
        """
        deadline = request.turn.deadline if request.turn is not None else None
        if deadline is None:
            return await self._inner(request)
        left = deadline - self._clock()
        if left <= 0:
            raise DeadlineExceeded(f"the deadline passed {-left:.1f} s before {request.model} was asked")
        try:
            async with asyncio.timeout(left) as timer:
                return await self._inner(request)
        except TimeoutError as error:
            if timer.expired():
                raise DeadlineExceeded(f"{request.model} had not answered when the deadline passed") from error
            raise
