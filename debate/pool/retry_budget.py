"""How many retries a scope may make before answers have to come."""

from __future__ import annotations

import math
from typing import Final

_CAPACITY: Final = 100
_THROTTLED: Final = 5
_TRANSIENT: Final = 14
_REFUND: Final = 1
"""Tokens: the AWS SDKs' standard retry mode charges 5 and 14 and gives 1 back for a first try that is answered."""


class RetryBudget:
    """A bucket of 100 tokens; a retry after a 429 takes 5, after another failure 14.

    Failures of one episode are charged once: an attempt that was sent before the last charge could not have known
    better, so a hundred requests cut off together are not ninety-three lost ones. A retry that is answered gives back
    what it took and a first try that is answered gives 1, so a bucket that is empty fills as soon as answers come; and
    first tries are never held back, so they can.
    """

    def __init__(self) -> None:
        self.tokens = _CAPACITY
        self._charged_at = -math.inf

    def take(self, *, throttled: bool, sent_at: float, now: float) -> int | None:
        """Tokens a retry of the attempt sent at ``sent_at`` takes; None when there are not enough."""
        if sent_at <= self._charged_at:
            return 0
        price = _THROTTLED if throttled else _TRANSIENT
        if price > self.tokens:
            return None
        self.tokens -= price
        self._charged_at = now
        return price

    def answered(self, attempt: int, paid: int) -> None:
        """Attempt number ``attempt`` was answered; its retry had taken ``paid``."""
        self.tokens = min(_CAPACITY, self.tokens + (_REFUND if attempt == 1 else paid))
