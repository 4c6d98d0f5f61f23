"""How long to wait before asking again."""

from __future__ import annotations

import math
import random

_SHORTEST = 0.05
"""Seconds; below it a retry is a hot loop."""
_JITTER_SHARE = 0.25
_JITTER_MOST = 2.0


def usable(said: float | None) -> float | None:
    """A server's wait if it is one: NaN, infinite and negative ones are as if nothing had been said."""
    return said if said is not None and math.isfinite(said) and said >= 0 else None


def with_jitter(said: float, rng: random.Random) -> float:
    """The server's wait in seconds and a little more, never less, so that those who wait do not come back together."""
    return said + rng.uniform(0.0, min(_JITTER_SHARE * said, _JITTER_MOST))


def full_jitter(attempt: int, *, base: float, cap: float, rng: random.Random) -> float:
    """Seconds to wait after failed ``attempt`` (from 1): uniform below ``base x 2^(attempt-1)``, capped.

    "Full jitter" of Marc Brooker, "Exponential backoff and jitter", AWS Architecture Blog, 2015.
    """
    return max(_SHORTEST, rng.uniform(0.0, min(cap, base * 2.0 ** min(attempt - 1, 60))))


def next_wait(attempt: int, said: float | None, *, base: float, cap: float, rng: random.Random) -> float:
    """Seconds to wait after failed ``attempt``, when the server asked for ``said`` seconds or, with None, for nothing.

    A server that asks for less than ``base`` gets it on top of our own backoff: "retry after 0" is no leave to hammer.
    """
    said = usable(said)
    if said is not None and said >= base:
        return with_jitter(said, rng)
    return (said or 0.0) + full_jitter(attempt, base=base, cap=cap, rng=rng)
