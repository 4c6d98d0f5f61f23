"""The rates and token limits of one scope or one account, taken together and at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from debate.pool.limits import Limits
from debate.pool.margin import Margin
from debate.pool.rates import Rate, rates
from debate.pool.window import Entry, Window

_MINUTE = 60.0


class Held(NamedTuple):
    """Why a request waits, and until when as far as is known (infinite when it is not)."""

    reason: str
    until: float


class Gates:
    """What is counted per second and per minute. How many are in flight is counted elsewhere."""

    def __init__(self, limits: Limits) -> None:
        self.margin = Margin()
        self.in_flight = 0
        self.concurrency = limits.concurrency
        self.seconds_per_request: float
        """How far apart requests go at best: what each of those before one adds to the wait."""
        self._rates: tuple[Rate, ...] = ()
        if limits.requests_per_second is not None:
            self._rates += rates(limits.requests_per_second, 1.0, margin=self.margin, reason="qps limit")
        if limits.requests_per_minute is not None:
            self._rates += rates(limits.requests_per_minute, _MINUTE, margin=self.margin, reason="rpm limit")
        self.seconds_per_request = max((rate.period / rate.limit for rate in self._rates), default=0.0)
        self.tokens: Window | None = None
        if limits.tokens_per_minute is not None:
            self.tokens = Window(limits.tokens_per_minute, _MINUTE, margin=self.margin, reason="tpm limit")

    def held(self, now: float) -> Held | None:
        """Why no request at all may go now."""
        if self.concurrency is not None and self.in_flight >= self.concurrency:
            return Held("concurrency limit", float("inf"))
        latest: Held | None = None
        for rate in self._rates:
            due = rate.due(1, now)
            if due > now and (latest is None or due > latest.until):
                latest = Held(rate.reason, due)
        return latest

    def tokens_due(self, tokens: int, now: float) -> float:
        """When a request of so many tokens may go; at most ``now`` if it may at once."""
        return now if self.tokens is None else self.tokens.due(tokens, now)

    def take(self, tokens: int, now: float) -> Passage | Held:
        """Count one request in all windows; or, where asyncio-throttle would wait, when it would look again.

        The caller has seen that nothing holds it, so the throttle refuses only when its clock and ours disagree.
        """
        entries: list[tuple[Window, Entry]] = []
        for rate in self._rates:
            entry = rate.grant()
            if entry is None:
                _undo(entries)
                return Held(rate.reason, now + rate.retry_interval)
            entries.append((rate, entry))
        counted = None
        if self.tokens is not None:
            counted = self.tokens.take(tokens)
            entries.append((self.tokens, counted))
        self.in_flight += 1
        return Passage(self, tuple(entries), counted)


class Passage(NamedTuple):
    """One request's entries in the windows of some gates."""

    gates: Gates
    entries: tuple[tuple[Window, Entry], ...]
    tokens: Entry | None

    def undo(self) -> None:
        """Take everything back, as if it had not been granted; asyncio-throttle alone remembers."""
        self.gates.in_flight -= 1
        _undo(self.entries)

    def written(self, now: float, delay: float | None) -> None:
        """The request was written at ``now``, ``delay`` seconds after its grant, if that was seen."""
        if delay is not None:
            self.gates.margin.observe(delay)
        for window, entry in self.entries:
            window.stamp(entry, now)

    def ended(self, now: float, tokens: int | None) -> None:
        """The request is no longer in flight and took ``tokens``; None keeps what was expected."""
        self.gates.in_flight -= 1
        self.written(now, None)
        if tokens is not None and self.tokens is not None and self.gates.tokens is not None:
            self.gates.tokens.correct(self.tokens, tokens)


def _undo(entries: Iterable[tuple[Window, Entry]]) -> None:
    for window, entry in entries:
        window.correct(entry, 0)
