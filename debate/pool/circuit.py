"""The circuit of a scope: open once its key was refused or its credit used up."""

from __future__ import annotations

import asyncio

from debate.errors import CircuitOpen, ModelError
from debate.pool.scope import Scope


class Circuit:
    """While it is open nothing is sent but one request every ``seconds``, to see whether the account was mended."""

    def __init__(self, scope: Scope, *, seconds: float) -> None:
        self.opened = asyncio.Event()
        """Set while it is open, so that whoever waits to ask again hears of it at once."""
        self._scope = scope
        self._seconds = seconds
        self._refusal: ModelError | None = None
        self._try_again_at = 0.0

    def open(self, refusal: ModelError, now: float) -> None:
        """The provider refused the key, or says that no credit is left."""
        self._refusal = refusal
        self._try_again_at = now + self._seconds
        self.opened.set()

    def close(self) -> None:
        """A request was answered: the key is good."""
        self._refusal = None
        self.opened.clear()

    def check(self, now: float) -> None:
        """Let a request through if it may be sent.

        Raises:
            CircuitOpen: While the circuit is open, but for one request every so often.
        """
        if self._refusal is None:
            return
        if now < self._try_again_at:
            raise self.error()
        self._try_again_at = now + self._seconds

    def error(self) -> CircuitOpen:
        """What everybody is told while the circuit is open; it carries what the refusal carried."""
        refusal = self._refusal
        assert refusal is not None, "a closed circuit has no error"
        error = CircuitOpen(
            f"not sent, as {self._scope} refused an earlier request: {refusal}",
            status=refusal.status,
            code=refusal.code,
            error_type=refusal.error_type,
            request_id=refusal.request_id,
            model=refusal.model,
        )
        error.__cause__ = refusal
        return error
