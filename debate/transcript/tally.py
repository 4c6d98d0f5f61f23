"""Sums over some requests of a run, and what follows from them: rates, percentiles, money per request."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

_NONE: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over some of a run's requests. A sum is None when nothing that counts towards it was reported."""

    requests: int = 0
    """Tries: requests the engine made, however many sends each took."""
    attempts: int = 0
    """HTTP sends."""
    retries: int = 0
    """Sends beyond the first of each request."""
    errors: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """Class of error to the sends that ended with it."""
    unsent: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """Class of error to the requests that were given up with it before anything was sent."""
    cache_hits: int = 0
    recorded: int = 0
    """Answers copied from the run this one was forked from."""
    saved_usd: Decimal | None = None
    """USD that answers nobody had to send for cost when they were sent."""
    saved_by_cache_usd: Decimal | None = None
    """The part of it that answers from the cache cost."""
    saved_by_batch_usd: Decimal | None = None
    """USD that batched answers would have cost more at the price for single ones."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    cost_usd: Decimal | None = None
    """USD of all requests whose cost is known."""
    unpriced_requests: int = 0
    """Requests that were or may have been billed at a cost nobody knows; they are missing from ``cost_usd``."""
    possibly_billed: int = 0
    """Attempts that failed and may have been charged for all the same."""
    latencies: tuple[float, ...] = ()
    """Seconds from sending to the last byte, of each answer that was sent for."""
    first_tokens: tuple[float, ...] = ()
    """Seconds from sending to the first text, of each answer that was streamed."""
    written_tokens: int = 0
    """Completion tokens of the answers that reported them and their time."""
    written_seconds: float = 0.0
    """How long those answers took."""

    @property
    def error_rate(self) -> float | None:
        """The share of sends that ended with an error; None if nothing was sent."""
        return sum(self.errors.values()) / self.attempts if self.attempts else None

    @property
    def cost_per_request(self) -> Decimal | None:
        """USD; None if the cost of any of them is unknown, or there was none."""
        if self.cost_usd is None or self.unpriced_requests or not self.requests:
            return None
        return self.cost_usd / self.requests

    @property
    def tokens_per_second(self) -> float | None:
        """Completion tokens of an answer over its time, thinking and the way there and back included."""
        return self.written_tokens / self.written_seconds if self.written_seconds > 0 else None


def total_of(tallies: Iterable[Tally]) -> Tally:
    """The sum of ``tallies``."""
    listed = list(tallies)
    return Tally(
        requests=sum(tally.requests for tally in listed),
        attempts=sum(tally.attempts for tally in listed),
        retries=sum(tally.retries for tally in listed),
        errors=_counted(tally.errors for tally in listed),
        unsent=_counted(tally.unsent for tally in listed),
        cache_hits=sum(tally.cache_hits for tally in listed),
        recorded=sum(tally.recorded for tally in listed),
        saved_usd=_money(tally.saved_usd for tally in listed),
        saved_by_cache_usd=_money(tally.saved_by_cache_usd for tally in listed),
        saved_by_batch_usd=_money(tally.saved_by_batch_usd for tally in listed),
        prompt_tokens=_known(tally.prompt_tokens for tally in listed),
        completion_tokens=_known(tally.completion_tokens for tally in listed),
        reasoning_tokens=_known(tally.reasoning_tokens for tally in listed),
        cached_tokens=_known(tally.cached_tokens for tally in listed),
        cost_usd=_money(tally.cost_usd for tally in listed),
        unpriced_requests=sum(tally.unpriced_requests for tally in listed),
        possibly_billed=sum(tally.possibly_billed for tally in listed),
        latencies=tuple(seconds for tally in listed for seconds in tally.latencies),
        first_tokens=tuple(seconds for tally in listed for seconds in tally.first_tokens),
        written_tokens=sum(tally.written_tokens for tally in listed),
        written_seconds=math.fsum(tally.written_seconds for tally in listed),
    )


def percentile(values: Iterable[float], share: float) -> float | None:
    """The smallest of ``values`` that at least ``share`` of them do not exceed (nearest rank); None of no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None


def _counted(tables: Iterable[Mapping[str, int]]) -> Mapping[str, int]:
    counts: Counter[str] = Counter()
    for table in filter(None, tables):
        counts.update(table)
    return MappingProxyType(dict(sorted(counts.items()))) if counts else _NONE


def _known(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _money(values: Iterable[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if known else None
