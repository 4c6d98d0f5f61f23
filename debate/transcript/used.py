"""What was used, as it is printed: tallies with everything that follows from them worked out."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from debate.transcript.ledger import Ledger
from debate.transcript.tally import Tally, percentile

Money = Annotated[Decimal, Field(json_schema_extra={"type": "string"})]
"""USD as a decimal string."""


class Used(BaseModel):
    """What some requests used. What nobody counted is null, never 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int
    """Tries, however many sends each took."""
    attempts: int
    """HTTP sends."""
    prompt_tokens: int | None
    completion_tokens: int | None
    reasoning_tokens: int | None
    cached_tokens: int | None
    cost_usd: Money | None
    unpriced_requests: int
    """Requests that were or may have been billed at a cost nobody knows; they are missing from ``cost_usd``."""
    retries: int = 0
    errors: dict[str, int] = {}
    """Class of error to the sends that ended with it."""
    error_rate: float | None = None
    """The share of sends that ended with an error."""
    unsent: dict[str, int] = {}
    """Class of error to the requests that were given up with it before anything was sent."""
    cost_per_request_usd: Money | None = None
    saved_by_cache_usd: Money | None = None
    """What answers from the cache cost when they were asked for."""
    saved_by_batch_usd: Money | None = None
    """What batched answers would have cost more one by one."""
    latency_p50: float | None = None
    """Seconds from sending to the last byte: at least half of the answers took no longer."""
    latency_p95: float | None = None
    first_token_p50: float | None = None
    """Seconds from sending to the first text, of streamed answers."""
    first_token_p95: float | None = None
    tokens_per_second: float | None = None
    """Completion tokens over the time of the answers, from sending to the last byte."""


class EngineUsage(Used):
    """What an engine used over all its runs."""

    runs: int
    """Runs that were held or are under way."""
    cache_hits: int
    by_model: dict[str, Used]
    by_tier: dict[str, Used]
    by_round: dict[str, Used]
    by_participant: dict[str, Used]


def used(tally: Tally) -> Used:
    """A tally with its rates and percentiles."""
    return Used(
        requests=tally.requests,
        attempts=tally.attempts,
        prompt_tokens=tally.prompt_tokens,
        completion_tokens=tally.completion_tokens,
        reasoning_tokens=tally.reasoning_tokens,
        cached_tokens=tally.cached_tokens,
        cost_usd=tally.cost_usd,
        unpriced_requests=tally.unpriced_requests,
        retries=tally.retries,
        errors=dict(tally.errors),
        error_rate=tally.error_rate,
        unsent=dict(tally.unsent),
        cost_per_request_usd=tally.cost_per_request,
        saved_by_cache_usd=tally.saved_by_cache_usd,
        saved_by_batch_usd=tally.saved_by_batch_usd,
        latency_p50=percentile(tally.latencies, 0.5),
        latency_p95=percentile(tally.latencies, 0.95),
        first_token_p50=percentile(tally.first_tokens, 0.5),
        first_token_p95=percentile(tally.first_tokens, 0.95),
        tokens_per_second=tally.tokens_per_second,
    )


def parts(tallies: Mapping[str, Tally]) -> dict[str, Used]:
    """Each part of a ledger, by its name."""
    return {name: used(tally) for name, tally in tallies.items()}


def engine_usage(book: Ledger, *, runs: int) -> EngineUsage:
    """The ledger of several runs as it is printed."""
    return EngineUsage(
        **used(book.total).model_dump(),
        runs=runs,
        cache_hits=book.total.cache_hits,
        by_model=parts(book.by_model),
        by_tier=parts(book.by_tier),
        by_round=parts(book.by_round),
        by_participant=parts(book.by_participant),
    )
