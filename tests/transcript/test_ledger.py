"""What a run used is the sum over its events, however it is taken apart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.settings.prices import Price
from debate.transcript.events import AttemptFailed, Event, Recipe, RunStarted, Sampled, TurnAnswered, TurnAsked
from debate.transcript.ledger import Ledger, ledger, together
from debate.transcript.state import fold
from debate.transcript.tally import Tally, percentile
from debate.transcript.usage import Timing, Usage
from debate.transcript.used import engine_usage, used

MODELS = ("house:small", "house:large", "other:free")
PRICES = {"house:small": Price(input=Decimal(1), output=Decimal(4)), "house:large": None, "other:free": None}
COPIES = ("recorded", "planted", "imported")
ADDED = (
    "requests",
    "attempts",
    "retries",
    "cache_hits",
    "recorded",
    "saved_usd",
    "saved_by_cache_usd",
    "saved_by_batch_usd",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cached_tokens",
    "cost_usd",
    "unpriced_requests",
    "possibly_billed",
    "written_tokens",
)


def header() -> RunStarted:
    """A header with prices."""
    return RunStarted(
        run="r", engine="0", seed=0, scenario={"name": "x", "rounds": []}, scenario_hash="", templates={},
        prices=PRICES, endpoints={}, method="stance",
    )  # fmt: skip


def asked(turn: str, number: int = 1, *, model: str = MODELS[0], tier: str | None = "cheap") -> TurnAsked:
    """A try of a turn."""
    return TurnAsked(
        turn=turn, try_number=number, model=model, tier=tier, recipe=Recipe(template="t"), prompt_hash="",
        sampling=Sampled(max_tokens=1),
    )  # fmt: skip


counts = st.none() | st.integers(0, 5000)
usages = st.none() | st.builds(
    Usage, prompt_tokens=counts, completion_tokens=counts, reasoning_tokens=counts, cached_tokens=counts
)
costs = st.none() | st.decimals(0, 2, places=6)
sources = st.sampled_from(["live", "live", "batch", "cache", "shared", "recorded", "planted", "imported"])
failing = st.tuples(
    st.sampled_from(["rate_limited", "overloaded", "ambiguous", "empty", "budget"]),
    st.sampled_from(["no", "possibly", "yes"]),
    usages,
    costs,
)


@st.composite
def runs(draw: st.DrawFn) -> list[Event]:
    """A header, and tries of some turns: each failed some times, then answered, or not at all."""
    events: list[Event] = [header()]
    for turn in draw(st.lists(st.sampled_from(TURNS), unique=True)):
        for number in range(1, draw(st.integers(1, 3)) + 1):
            tier = draw(st.sampled_from(["cheap", "premium", None]))
            events.append(asked(turn, number, model=draw(st.sampled_from(MODELS)), tier=tier))
            failures = draw(st.lists(failing, max_size=3))
            for attempt, (error, billed, usage, cost) in enumerate(failures, start=1):
                nothing = error == "budget"
                events.append(
                    AttemptFailed(
                        turn=turn,
                        try_number=number,
                        attempt=0 if nothing else attempt,
                        error=error,
                        message="",
                        billed="no" if nothing else billed,
                        usage=None if nothing else usage,
                        cost_usd=None if nothing else cost,
                        retry_in=0.0,
                    )
                )
            if draw(st.booleans()):
                source = draw(sources)
                copied = source in COPIES or source in ("cache", "shared")
                events.append(
                    TurnAnswered(
                        turn=turn,
                        try_number=number,
                        text="t",
                        usage=draw(usages),
                        cost_usd=draw(costs),
                        source=source,
                        attempts=0 if copied else len(failures) + 1,
                        timing=Timing(total=draw(st.floats(0, 100)), first_token=draw(st.none() | st.floats(0, 100))),
                    )
                )
    return events


TURNS = (
    "opening/ana",
    "opening/ben",
    "rebuttal.1/ana",
    "rebuttal.2/ana",
    "rebuttal.2/panel.1",
    "rebuttal.2/ana~scribe",
)


def total(values: list[Any]) -> Any:
    """The sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


@settings(max_examples=150, deadline=None)
@given(runs())
def test_the_sums_of_the_ledger_are_the_sums_of_the_events(events: list[Event]):
    """Tokens, money, sends and errors, added up event by event, are what the ledger says of the whole."""
    book = ledger(fold(events)).total
    answers = [event for event in events if isinstance(event, TurnAnswered)]
    failures = [event for event in events if isinstance(event, AttemptFailed)]
    sent = [answer for answer in answers if answer.source in ("live", "batch")]
    cached = [answer for answer in answers if answer.source == "cache"]
    free = [answer for answer in answers if answer.source not in ("live", "batch")]
    paid: list[TurnAnswered | AttemptFailed] = [*sent, *(failure for failure in failures if failure.billed != "no")]
    assert book.attempts == len(sent) + sum(1 for failure in failures if failure.attempt > 0)
    assert sum(book.errors.values()) == sum(1 for failure in failures if failure.attempt > 0)
    assert sum(book.unsent.values()) == sum(1 for failure in failures if failure.attempt == 0)
    for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens"):
        assert getattr(book, name) == total([getattr(e.usage, name) for e in paid if e.usage is not None])
    assert book.cost_usd == total([e.cost_usd for e in paid] + [Decimal(0) for _ in free])
    assert book.unpriced_requests == sum(1 for e in paid if e.cost_usd is None)
    assert book.saved_usd == total([answer.cost_usd for answer in free])
    assert book.saved_by_cache_usd == total([answer.cost_usd for answer in cached])
    assert (book.cache_hits, len(book.latencies)) == (len(cached), sum(1 for a in sent if a.source == "live"))
    assert book.retries == book.attempts - _first_sends(events)


def _first_sends(events: list[Event]) -> int:
    """How many tries sent anything."""
    sent = {
        (event.turn, event.try_number)
        for event in events
        if (isinstance(event, AttemptFailed) and event.attempt > 0)
        or (isinstance(event, TurnAnswered) and event.source in ("live", "batch"))
    }
    return len(sent)


@settings(max_examples=100, deadline=None)
@given(runs())
def test_every_way_to_take_it_apart_adds_up_to_the_whole(events: list[Event]):
    """By model, tier, round and participant: nothing is lost and nothing counted twice."""
    book = ledger(fold(events))
    for apart in (book.by_model, book.by_tier, book.by_round, book.by_participant):
        for name in ADDED:
            assert getattr(book.total, name) == total([getattr(part, name) for part in apart.values()]) or not apart
        assert sorted(book.total.latencies) == sorted(s for part in apart.values() for s in part.latencies)
    assert set(book.by_round) <= {"opening", "rebuttal"}
    assert set(book.by_participant) <= {"ana", "ben", "panel.1", "scribe"}


@settings(max_examples=100, deadline=None)
@given(runs(), st.data())
def test_what_came_before_and_what_came_since_are_the_whole(events: list[Event], data: st.DataObject):
    """A run that was taken up again is counted once: what an engine found there is not what it used."""
    cut = data.draw(st.integers(1, len(events)))
    before, after = fold(events[:cut]).frozen(), fold(events)
    both = together([ledger(before), ledger(after, since=before)])
    whole = ledger(after).total
    for name in set(ADDED) - {"requests", "retries"}:  # a try that was cut in two is a request of both parts
        assert getattr(both.total, name) == getattr(whole, name)
    assert ledger(after, since=after).total == Tally()
    assert together([]) == Ledger(Tally())


def test_rates_and_percentiles():
    """Errors are counted over sends, so their rate is at most 1; percentiles are times that were measured."""
    events: list[Event] = [header()]
    for number, seconds in enumerate([1.0, 2.0, 3.0, 10.0]):
        turn = f"opening/p{number}"
        events.append(asked(turn))
        events.append(AttemptFailed(turn=turn, try_number=1, attempt=1, error="rate_limited", message="", retry_in=1.0))
        events.append(
            TurnAnswered(
                turn=turn,
                try_number=1,
                text="t",
                attempts=2,
                cost_usd=Decimal("0.01"),
                usage=Usage(prompt_tokens=10, completion_tokens=20),
                timing=Timing(total=seconds, first_token=seconds / 2),
            )
        )
    events += [
        asked("closing/p0"),
        AttemptFailed(turn="closing/p0", try_number=1, attempt=0, error="budget", message=""),
    ]
    shown = used(ledger(fold(events)).total)
    assert (shown.requests, shown.attempts, shown.retries) == (4, 8, 4)
    assert (shown.errors, shown.error_rate, shown.unsent) == ({"rate_limited": 4}, 0.5, {"budget": 1})
    assert (shown.latency_p50, shown.latency_p95) == (2.0, 10.0)
    assert (shown.first_token_p50, shown.first_token_p95) == (1.0, 5.0)
    assert shown.tokens_per_second == 80 / 16
    assert shown.cost_per_request_usd == Decimal("0.01")


def test_what_nobody_counted_is_null():
    """Without answers there is no rate, no percentile, no cost and no speed: null, not 0, and no division by it."""
    shown = used(ledger(fold([header(), asked("opening/ana")])).total)
    for name in (
        "error_rate",
        "cost_usd",
        "cost_per_request_usd",
        "latency_p50",
        "first_token_p95",
        "tokens_per_second",
    ):
        assert getattr(shown, name) is None
    assert (shown.prompt_tokens, shown.saved_by_cache_usd, shown.saved_by_batch_usd) == (None, None, None)


def test_an_unknown_price_makes_the_cost_of_a_request_unknown():
    """The mean over those with a price would be fiction."""
    answer = TurnAnswered(turn="opening/ana", try_number=1, text="t", usage=Usage(prompt_tokens=1, completion_tokens=1))
    priced = answer.model_copy(update={"turn": "opening/ben", "cost_usd": Decimal(1)})
    shown = used(ledger(fold([header(), asked("opening/ana"), asked("opening/ben"), answer, priced])).total)
    assert (shown.cost_usd, shown.cost_per_request_usd, shown.unpriced_requests) == (Decimal(1), None, 1)


def test_a_batch_saves_what_single_answers_cost_more():
    """Against the run's own prices; its time is no latency of the model."""
    answer = TurnAnswered(
        turn="opening/ana", try_number=1, text="t", source="batch", cost_usd=Decimal("0.001"),
        usage=Usage(prompt_tokens=1000, completion_tokens=250), timing=Timing(total=3600.0),
    )  # fmt: skip
    shown = used(ledger(fold([header(), asked("opening/ana"), answer])).total)
    assert (shown.saved_by_batch_usd, shown.latency_p50) == (Decimal("0.001"), None)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 2.0), (0.51, 3.0), (0.75, 3.0), (0.95, 4.0), (1.0, 4.0)]
)
def test_percentiles_are_of_the_nearest_rank(share: float, expected: float):
    """The smallest value that at least this share does not exceed."""
    assert percentile([4.0, 2.0, 1.0, 3.0], share) == expected
    assert percentile([], share) is None


def test_an_engine_without_runs_has_used_nothing():
    """The report of nothing is zeros and nulls."""
    report = engine_usage(together([]), runs=0)
    assert (report.runs, report.requests, report.cost_usd, report.by_model) == (0, 0, None, {})
