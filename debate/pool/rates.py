"""Request rates: asyncio-throttle grants them, our log of writes says when it will."""

from __future__ import annotations

import math
from collections.abc import Coroutine
from fractions import Fraction
from typing import Protocol

from asyncio_throttle.throttler import Throttler

from debate.pool.margin import Margin
from debate.pool.window import Entry, Window


class _Throttle(Protocol):
    """The part of asyncio-throttle that is used; its own annotations leave the coroutine out."""

    retry_interval: float

    def acquire(self) -> Coroutine[None, None, None]: ...


class Rate(Window):
    """At most ``limit`` requests in any ``period`` seconds, granted by asyncio-throttle.

    The throttle alone polls a hundred times a second for every waiter, forgets their order and counts from the grant.
    So one dispatcher asks it, and only when the log of writes has room: a write is never earlier than its grant and is
    held for longer than the period, so the throttle has room whenever the log has.
    """

    def __init__(self, limit: int, period: float, *, margin: Margin, reason: str) -> None:
        super().__init__(limit, period, margin=margin, reason=reason)
        self._throttler: _Throttle = Throttler(rate_limit=limit, period=period)

    def grant(self) -> Entry | None:
        """Pass one request through the throttle without waiting; None if it would have to wait."""
        acquiring = self._throttler.acquire()
        try:
            acquiring.send(None)
        except StopIteration:
            return self.take(1)
        acquiring.close()
        return None

    @property
    def retry_interval(self) -> float:
        """Seconds after which the throttle itself would look again."""
        return self._throttler.retry_interval


def rates(per_period: float, period: float, *, margin: Margin, reason: str) -> tuple[Rate, ...]:
    """The rates that together allow ``per_period`` requests in ``period`` seconds, whole or not.

    The throttle takes whole numbers. Below one the period is scaled: 0.3 in 60 s is 1 in 200 s. A fraction above one
    is two rates: 2.5 in 60 s is 5 in 120 s, and never more than 3 in 60 s.
    """
    exact = Fraction(per_period).limit_denominator(1000)
    if per_period < 1 or exact < 1:
        return (Rate(1, period / per_period, margin=margin, reason=reason),)
    whole = Rate(math.ceil(exact), period, margin=margin, reason=reason)
    if exact.denominator == 1:
        return (whole,)
    return (whole, Rate(exact.numerator, exact.denominator * period, margin=margin, reason=reason))
