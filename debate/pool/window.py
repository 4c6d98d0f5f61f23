"""A sliding log: at most so much in any period, counted from when each request was written."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

from debate.pool.margin import Margin

NEVER: Final = math.inf
"""Due when something happens, not at a time that is known."""


class Entry:
    """One request's part of a window. Its stamp is None until the request was written."""

    __slots__ = ("amount", "gone", "stamp")

    def __init__(self, amount: int) -> None:
        self.amount = amount
        self.stamp: float | None = None
        self.gone = False


class Window:
    """At most ``limit`` in any ``period`` seconds.

    What was admitted and not yet written is counted without a time, so it can never leave the window too early: the
    server counts from when a request reaches it, which is after it was written and not when it was admitted.
    """

    def __init__(self, limit: int, period: float, *, margin: Margin, reason: str) -> None:
        self.limit = limit
        self.period = period
        self.reason = reason
        """What a request that waits here is told, as ``rpm limit``."""
        self._margin = margin
        self._log: deque[Entry] = deque()
        self._used = 0

    def due(self, amount: int, now: float) -> float:
        """When ``amount`` more would fit: ``now`` if it fits at once, :data:`NEVER` if that hangs on a write."""
        held = self.period + self._margin.seconds(self.period)
        while self._log and self._expiry(self._log[0], held) <= now:
            old = self._log.popleft()
            old.gone = True
            self._used -= old.amount
        excess = self._used + amount - self.limit
        if excess <= 0:
            return now
        for entry in self._log:
            excess -= entry.amount
            if excess <= 0:
                return self._expiry(entry, held)
        return NEVER

    def take(self, amount: int) -> Entry:
        """Count ``amount`` from now on. The caller has seen that it is due."""
        self._used += amount
        return Entry(amount)

    def stamp(self, entry: Entry, now: float) -> None:
        """The request was written at ``now``. A second call changes nothing."""
        if entry.stamp is None:
            entry.stamp = now
            self._log.append(entry)

    def correct(self, entry: Entry, amount: int) -> None:
        """The entry turned out to be ``amount``: more or less than was counted."""
        if not entry.gone:
            self._used += amount - entry.amount
        entry.amount = amount

    @staticmethod
    def _expiry(entry: Entry, held: float) -> float:
        assert entry.stamp is not None, "only what was written is in the log"
        return entry.stamp + held
