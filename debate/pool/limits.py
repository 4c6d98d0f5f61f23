"""What a scope or an account may send."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

from debate.pool.scope import AccountKey, Scope

FIRST_WINDOW = 8
"""Concurrent requests a scope starts with: providers reward steady traffic and refuse bursts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds; None is no bound of this kind.

    Rates may be fractions: 0.3 a minute is one request every 200 s.

    Raises:
        ValueError: If a bound is not a finite number above zero, or a count is not whole.
    """

    concurrency: int | None = None
    """Requests in flight at once. The pool's own bound holds beside it."""
    start: int | None = FIRST_WINDOW
    """Where adaptive concurrency starts; None starts at the bound. An account's concurrency does not adapt."""
    requests_per_second: float | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: int | None = None
    """Prompt and ``max_tokens`` together, as providers count them when they admit a request."""

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if value is None:
                continue
            if not math.isfinite(value) or value <= 0:
                raise ValueError(f"{name} must be a number above 0 or None, found {value!r}")
            if not name.startswith("requests_") and value != int(value):
                raise ValueError(f"{name} must be a whole number, found {value!r}")


LimitsOf = Callable[[Scope], Limits]
"""The limits of one scope."""

AccountLimitsOf = Callable[[AccountKey], Limits]
"""The limits all models of one key share."""


def no_limits(_scope: Scope) -> Limits:
    """Nothing but adaptive concurrency below the pool's bound: most providers do not publish their limits."""
    return Limits()


def no_account_limits(_account: AccountKey) -> Limits:
    """Nothing that all models of a key share."""
    return Limits()
