"""The pause a scope takes together after a 429, one probe when it is over, then a ramp."""

from __future__ import annotations

import math
import random

from debate.pool.backoff import usable, with_jitter

_FIRST = 1.0
_LONGEST = 60.0


class Pause:
    """Everything admitted between two pauses is one wave; a refusal in the newest wave starts the next pause.

    Refusals of older waves say nothing new: they were under way when the pause began. So N requests refused together
    make one pause, and when it is over one request probes, then two go, then four, until all may.
    """

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.until = -math.inf
        self.wave = 0
        """Counts the pauses; a request is told the one it was admitted in."""
        self._width = math.inf
        self._in_flight = 0
        self._streak = 0

    def admits(self) -> bool:
        """Whether the ramp has room for one more. Whether the pause is over is for the caller's clock to say."""
        return self._in_flight < self._width

    def admitted(self) -> int:
        """One more goes; its wave."""
        self._in_flight += 1
        return self.wave

    def ended(self, wave: int) -> None:
        """A request of ``wave`` is no longer in flight, whatever became of it."""
        if wave == self.wave:
            self._in_flight -= 1

    def answered(self, wave: int) -> None:
        """A request of ``wave`` was answered: one more may go for each, so that a round of answers doubles the ramp."""
        if wave == self.wave:
            self._streak = 0
            self._width += 1

    def refused(self, now: float, wave: int, said: float | None) -> float:
        """A request of ``wave`` met a 429 that asked for ``said`` seconds; returns how long the pause still is."""
        if wave == self.wave:
            self.wave += 1
            self._in_flight = 0
            self._width = 1
            self._streak += 1
        said = usable(said)
        if said is not None and said > 0:
            hold = with_jitter(said, self._rng)
        else:
            longest = min(_LONGEST, _FIRST * 2 ** (self._streak - 1))
            hold = longest * self._rng.uniform(0.5, 1.0)
        self.until = max(self.until, now + hold)
        return self.until - now
