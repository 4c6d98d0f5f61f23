"""One attempt of a request, as seen from the layer that may make another."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from debate.errors import ModelError
from debate.models.port import AttemptFailure, Delta, Request
from debate.pool.spending import billed


class Attempt:
    """One attempt: when it began and was sent, and whether text came."""

    def __init__(self, request: Request, *, number: int, began: float, clock: Callable[[], float]) -> None:
        self.number = number
        self.began = began
        self._original = request
        self._clock = clock
        self._written: float | None = None
        self._streamed = False
        self.request = dataclasses.replace(
            request, on_sent=self._sent, on_delta=None if request.on_delta is None else self._delta
        )

    @property
    def sent_at(self) -> float:
        """When it was written; when it began, for a model that does not tell."""
        return self.began if self._written is None else self._written

    def _sent(self) -> None:
        self._written = self._clock()
        if self._original.on_sent is not None:
            self._original.on_sent()

    def _delta(self, delta: Delta) -> None:
        self._streamed = True
        if self._original.on_delta is not None:
            self._original.on_delta(delta)

    def tell_failure(self, error: ModelError, *, retry_in: float | None) -> None:
        """Tell the engine; and void what was shown, if there will be something else to show."""
        if self._original.on_notice is not None:
            self._original.on_notice(
                AttemptFailure(
                    attempt=self.number,
                    kind=error.kind,
                    message=str(error),
                    status=error.status,
                    code=error.code,
                    request_id=error.request_id,
                    billed=billed(error),
                    retry_in=retry_in,
                    seconds=self._clock() - self.sent_at,
                    spent=error.spent,
                )
            )
        if self._streamed and retry_in is not None and self._original.on_delta is not None:
            self._original.on_delta(Delta("", reset=True))
