"""The source document's usage tracker: what was wrong in it, by name, and is not so here."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from debate.transcript.events import AttemptFailed, Event, Recipe, RunStarted, Sampled, TurnAnswered, TurnAsked
from debate.transcript.ledger import Ledger, ledger
from debate.transcript.state import fold
from debate.transcript.usage import Timing, Usage
from debate.transcript.used import used

HEADER = RunStarted(
    run="r", engine="0", seed=0, scenario={}, scenario_hash="", templates={}, prices={}, endpoints={}, method="stance"
)
USAGE = Usage(prompt_tokens=100, completion_tokens=50, reasoning_tokens=30, cached_tokens=80)


def asked(turn: str, model: str = "house:small") -> TurnAsked:
    """A try."""
    sampled = Sampled(max_tokens=1)
    return TurnAsked(turn=turn, model=model, recipe=Recipe(template="t"), prompt_hash="", sampling=sampled)


def answered(
    turn: str, *, seconds: float = 1.0, cost: str | None = "0.01", usage: Usage | None = USAGE
) -> TurnAnswered:
    """Its answer."""
    timing = Timing(total=seconds, first_token=seconds / 4)
    usd = None if cost is None else Decimal(cost)
    return TurnAnswered(turn=turn, try_number=1, text="t", usage=usage, cost_usd=usd, timing=timing)


def failed(turn: str, error: str, *, attempt: int = 1, again: bool = False) -> AttemptFailed:
    """A send of it that failed."""
    retry_in = 1.0 if again else None
    return AttemptFailed(turn=turn, try_number=1, attempt=attempt, error=error, message="", retry_in=retry_in)


def book(*events: Event) -> Ledger:
    """The ledger of these events."""
    return ledger(fold([HEADER, *events]))


def test_tracker_costs_by_model_were_never_written():
    """There they stayed empty; here each model has its own, and they add up."""
    parts = book(asked("a/x"), answered("a/x"), asked("a/y", "house:large"), answered("a/y", cost="0.05")).by_model
    assert {model: part.cost_usd for model, part in parts.items()} == {
        "house:large": Decimal("0.05"),
        "house:small": Decimal("0.01"),
    }


def test_tracker_error_rate_could_exceed_one():
    """There successes alone were counted as requests; here errors are a share of all sends."""
    events = [asked("a/x"), *(failed("a/x", "overloaded", attempt=n, again=n < 5) for n in range(1, 6))]
    assert used(book(*events).total).error_rate == 1.0
    assert used(book(asked("a/x"), failed("a/x", "overloaded", again=True), answered("a/x")).total).error_rate == 0.5


def test_tracker_divided_by_zero():
    """There an average of nothing was NaN; here it is null."""
    nothing = used(book().total)
    assert (nothing.error_rate, nothing.latency_p50, nothing.tokens_per_second, nothing.cost_per_request_usd) == (
        None,
        None,
        None,
        None,
    )


def test_tracker_an_unknown_price_was_fiction():
    """There an unknown model cost 0.88 a million; here its cost is unknown, and counted as that."""
    total = book(asked("a/x"), answered("a/x", cost=None)).total
    assert (total.cost_usd, total.unpriced_requests) == (None, 1)


def test_tracker_retries_and_billed_failures_were_ignored():
    """There only the last send counted; here what failed and was billed is in tokens and money."""
    billed = failed("a/x", "empty", again=True).model_copy(
        update={"billed": "yes", "usage": USAGE, "cost_usd": Decimal("0.02")}
    )
    total = book(asked("a/x"), billed, answered("a/x")).total
    assert (total.requests, total.attempts, total.retries) == (1, 2, 1)
    assert (total.cost_usd, total.prompt_tokens) == (Decimal("0.03"), 200)


def test_tracker_cached_and_reasoning_tokens_were_ignored():
    """They are part of what is paid, and shown."""
    total = book(asked("a/x"), answered("a/x")).total
    assert (total.cached_tokens, total.reasoning_tokens) == (80, 30)


def test_tracker_error_buckets_were_too_coarse():
    """There all but timeouts and 429s were one; here each class has its count."""
    kinds = ("rate_limited", "overloaded", "unavailable", "ambiguous", "stream_cut", "malformed", "refused")
    events = [event for kind in kinds for event in (asked(f"a/{kind}"), failed(f"a/{kind}", kind))]
    assert dict(book(*events).total.errors) == dict.fromkeys(kinds, 1)


def test_tracker_knew_means_only():
    """There one slow answer moved the only figure; here there are medians, tails and the time to the first token."""
    turns = [f"a/p{number}" for number in range(20)]
    events = [
        event
        for place, turn in enumerate(turns)
        for event in (asked(turn), answered(turn, seconds=100.0 if place == 0 else 1.0))
    ]
    total = used(book(*events).total)
    assert (total.latency_p50, total.latency_p95, total.first_token_p50) == (1.0, 1.0, 0.25)


def test_tracker_an_answer_without_usage_crashed_it():
    """There `usage` null was a TypeError; here its tokens are not known."""
    total = book(asked("a/x"), answered("a/x", usage=None)).total
    assert (total.requests, total.prompt_tokens) == (1, None)


def test_tracker_reports_aliased_its_internals():
    """There whoever changed a report changed the tracker; here a report cannot be changed."""
    report = used(book(asked("a/x"), answered("a/x")).total)
    with pytest.raises(ValidationError):
        report.requests = 7  # type: ignore[misc]
    whole = book(asked("a/x"), failed("a/x", "refused")).total
    with pytest.raises(TypeError):
        whole.errors["refused"] = 7  # type: ignore[index]
