"""How many requests a scope may have in flight: learnt, as providers no longer say."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

_CUT = 0.75
"""What an episode of refusals leaves of the limit."""
_COOLDOWN = 15.0
"""Seconds without growth or a further cut after an episode; inspect_ai's figure, measured against real providers."""
_SATURATED = 0.8
"""Growth is evidence only where the limit was in use."""
_GROWTH = 0.05
"""Growth for each clean round once the first refusal has shown where the ceiling is."""
_HISTORY = 100


class LimitChange(NamedTuple):
    """The limit moved."""

    at: float
    old: int
    new: int
    reason: str


class AdaptiveLimit:
    """Additive increase, multiplicative decrease on 429, after slow start.

    Latency is no signal here: a model's latency follows the length of its answer, not the load. A round is as many
    answers as the limit; a clean one doubles the limit until the first cut and adds 5 % (at least one) after it.
    """

    def __init__(self, *, start: int, ceiling: int) -> None:
        self.limit = min(start, ceiling)
        self.history: deque[LimitChange] = deque(maxlen=_HISTORY)
        self._ceiling = ceiling
        self._clean = 0
        self._cut_at: float | None = None
        self._calm_at = float("-inf")

    def answered(self, now: float, *, in_flight: int) -> None:
        """A request was answered while ``in_flight`` were under way, itself included."""
        if now < self._calm_at or in_flight < _SATURATED * self.limit or self.limit >= self._ceiling:
            return
        self._clean += 1
        if self._clean >= self.limit:
            step = self.limit if self._cut_at is None else max(1, int(self.limit * _GROWTH))
            self._change(now, min(self._ceiling, self.limit + step), "answered while in full use")

    def refused(self, now: float, *, admitted_at: float, wait: float) -> None:
        """A 429. Refusals of what was admitted before a cut, or during its cooldown, belong to the same episode."""
        same_episode = now < self._calm_at or (self._cut_at is not None and admitted_at <= self._cut_at)
        self._calm_at = max(self._calm_at, now + max(_COOLDOWN, wait))
        if same_episode:
            return
        self._cut_at = now
        self._change(now, max(1, int(self.limit * _CUT)), "429")

    def overloaded(self, now: float) -> None:
        """A 503: the provider is short of capacity, through no fault of ours. Only growth stops."""
        self._calm_at = max(self._calm_at, now + _COOLDOWN)
        self._clean = 0

    def _change(self, now: float, new: int, reason: str) -> None:
        self._clean = 0
        if new != self.limit:
            self.history.append(LimitChange(now, self.limit, new, reason))
            self.limit = new
