"""The time everything in the pool counts in."""

from __future__ import annotations

import time


def monotonic() -> float:
    """Seconds of :func:`time.monotonic`, which deadlines count in; looked up each time, so that it can be replaced."""
    return time.monotonic()
