"""One call for identical requests that are in flight together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Hashable
from types import TracebackType
from typing import Final, Self

from debate.errors import BudgetExceeded, DeadlineExceeded
from debate.models.port import ChatModel, Completion, Request
from debate.pool.shared_call import SharedCall

_DRIVEN_BY_TURN: Final = frozenset({"simulated", "recorded"})
"""Providers whose models answer by who asks and not by what is sent."""


def flight_key(request: Request) -> Hashable | None:
    """What makes two requests the same sample of the same thing; None for one that is like no other.

    Two debaters who ask the same at a temperature above 0 want two samples, so the turn and the run's seed belong to
    the key, unless the temperature is 0. A temperature that is not given is the provider's, which is not 0.
    """
    turn = request.turn
    fixed = request.temperature == 0 and request.model.provider not in _DRIVEN_BY_TURN
    if not fixed and turn is None:
        return None
    sample = None if fixed or turn is None else (turn.seed, turn.turn, turn.try_number)
    form = request.response_format
    schema = (
        None if form is None else (form.name, form.as_tool, json.dumps(dict(form.schema), sort_keys=True, default=str))
    )
    return (
        request.model,
        request.messages,
        request.max_tokens,
        request.temperature,
        request.top_p,
        request.seed,
        request.stop,
        request.reasoning,
        schema,
        sample,
    )


class SingleFlight:
    """Lets identical requests share one call. An async context manager, as the call outlives who asked first.

    Who joins is told everything that was streamed so far. Cancelling one of those who wait does not disturb the others;
    when nobody is left, the call is cancelled. A failure is shared, unless it is about the budget or the deadline of
    the one who asked first: then the others ask for themselves.

    Args:
        inner: Who answers.
        key_of: What makes two requests identical; None for one that is never shared.
    """

    def __init__(self, inner: ChatModel, *, key_of: Callable[[Request], Hashable | None] = flight_key) -> None:
        self._inner = inner
        self._key_of = key_of
        self._calls: dict[Hashable, SharedCall] = {}
        self._group: asyncio.TaskGroup | None = None
        self.shared = 0
        """Requests that were answered by a call somebody else had begun."""

    async def __aenter__(self) -> Self:
        self._group = await asyncio.TaskGroup().__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        group, self._group = self._group, None
        for call in tuple(self._calls.values()):
            call.cancel()
        if group is not None:
            # Not told of the error, which it would wrap in a group: whoever uses this is to see it as it was raised.
            await group.__aexit__(None, None, None)

    async def __call__(self, request: Request) -> Completion:
        """Answer ``request``, or wait for the answer to its like. A shared completion says so and took no attempts.

        Raises:
            ModelError: As the call did.
            RuntimeError: Outside the context.
        """
        if self._group is None:
            raise RuntimeError("SingleFlight is an async context manager: use it inside `async with`")
        key = self._key_of(request)
        if key is None:
            return await self._inner(request)
        while (call := self._calls.get(key)) is not None:
            try:
                completion = await call.join(request)
            except (BudgetExceeded, DeadlineExceeded):
                continue  # of the one who asked first; the call is over, so this one asks for itself
            self.shared += completion.source == "shared"
            return completion
        call = self._calls[key] = SharedCall(self._inner, over=lambda: self._calls.pop(key, None))
        return await call.begin(self._group, request)
