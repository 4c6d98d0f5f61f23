"""How much longer than a limit's period to wait, so that the server agrees that the period is over."""

from __future__ import annotations

FLOOR = 0.005
"""Seconds. Enough on warm connections, measured against an enforcing server (docs/decisions on the pool)."""

_SHARE = 0.1
"""No margin above this share of the period, or the quota is given away."""
_GAIN = 1 / 4
"""Weight of the newest deviation: RFC 6298, section 2, for the variation of round trips."""
_MEAN_GAIN = 1 / 8
"""Weight of the newest delay in the mean: RFC 6298, section 2."""
_CALM = 0.99
"""What remains of the widening after each request that was answered: half of it is gone after 70."""


class Margin:
    """Learns how far the delay between a grant and its write scatters, and widens after a refusal.

    A refusal means that two requests came closer together at the server than they left here. The scatter that can be
    seen from here, between grant and write, stands for the scatter that cannot, between write and server.
    """

    def __init__(self) -> None:
        self._mean: float | None = None
        self._deviation = 0.0
        self._widening = 0.0

    def observe(self, delay: float) -> None:
        """Learn from ``delay``, the seconds between a grant and the write of its request."""
        if self._mean is None:
            self._mean = delay
            return
        self._deviation += _GAIN * (abs(delay - self._mean) - self._deviation)
        self._mean += _MEAN_GAIN * (delay - self._mean)

    def widen(self) -> None:
        """A request was refused: be twice as careful."""
        self._widening = max(2 * self._widening, FLOOR + self._deviation)

    def calm(self) -> None:
        """A request was answered: be a little less careful."""
        self._widening = self._widening * _CALM if self._widening > FLOOR / 10 else 0.0

    def seconds(self, period: float) -> float:
        """The margin for a limit over ``period`` seconds."""
        return min(FLOOR + self._deviation + self._widening, max(FLOOR, _SHARE * period))
