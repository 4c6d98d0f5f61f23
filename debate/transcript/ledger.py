"""What a run used and what it cost: sums over its events, and nothing that was not counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from debate.transcript.events import AttemptFailed, TurnAnswered
from debate.transcript.state import State, TurnState
from debate.transcript.usage import Usage

COPIED_SOURCES = frozenset({"recorded", "planted", "imported"})
"""Sources of answers that nobody gave to this run: they are no requests of it."""

UNSENT_SOURCES = frozenset({"cache", "shared"}) | COPIED_SOURCES
"""Sources for which this run sent and paid nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over some of a run's requests. A sum is None when nothing that counts towards it was reported."""

    requests: int = 0
    """Tries: requests the engine made, however many sends each took."""
    attempts: int = 0
    """HTTP sends."""
    cache_hits: int = 0
    recorded: int = 0
    """Answers copied from the run this one was forked from."""
    saved_usd: Decimal | None = None
    """USD that answers nobody had to send for cost when they were sent."""
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


@dataclass(frozen=True, slots=True)
class Ledger:
    """A run's tallies."""

    total: Tally
    by_model: Mapping[str, Tally] = field(default_factory=dict)
    """Model asked, as ``provider:id``, to its part of the total."""


def ledger(state: State) -> Ledger:
    """Sum up what the turns of ``state`` used, unused ones included: they were paid for."""
    parts: dict[str, list[Tally]] = {}
    for turn in state.turns.values():
        for number, asked in turn.asked.items():
            parts.setdefault(asked.model, []).append(_of_try(turn, number))
    return Ledger(
        _sum(tally for tallies in parts.values() for tally in tallies),
        {model: _sum(tallies) for model, tallies in sorted(parts.items())},
    )


def _of_try(turn: TurnState, number: int) -> Tally:
    failures = [f for f in turn.failures if f.try_number == number]
    answered = turn.answered.get(number)
    parts = [_of_failure(failure) for failure in failures]
    if answered is not None:
        parts.append(_of_answer(answered))
    total = _sum(parts)
    made = answered is not None and answered.source not in COPIED_SOURCES
    sends = sum(1 for failure in failures if failure.attempt > 0)
    if answered is not None and _was_sent(answered) and answered.attempts > 0:
        sends += 1
    return replace(total, requests=1 if sends or made else 0, attempts=sends)


def _was_sent(answered: TurnAnswered) -> bool:
    return answered.source not in UNSENT_SOURCES


def _of_answer(answered: TurnAnswered) -> Tally:
    if not _was_sent(answered):
        return Tally(
            cache_hits=int(answered.source == "cache"),
            recorded=int(answered.source == "recorded"),
            cost_usd=Decimal(0),
            saved_usd=answered.cost_usd,
        )
    return _of_usage(answered.usage, answered.cost_usd)


def _of_failure(failure: AttemptFailed) -> Tally:
    if failure.billed == "no":
        return Tally()
    tally = _of_usage(failure.usage, failure.cost_usd)
    return replace(tally, possibly_billed=int(failure.billed == "possibly"))


def _of_usage(usage: Usage | None, cost: Decimal | None) -> Tally:
    return Tally(
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        reasoning_tokens=usage.reasoning_tokens if usage else None,
        cached_tokens=usage.cached_tokens if usage else None,
        cost_usd=cost,
        unpriced_requests=int(cost is None),
    )


def _sum(tallies: Iterable[Tally]) -> Tally:
    listed = list(tallies)
    costs = [tally.cost_usd for tally in listed if tally.cost_usd is not None]
    saved = [tally.saved_usd for tally in listed if tally.saved_usd is not None]
    return Tally(
        requests=sum(tally.requests for tally in listed),
        attempts=sum(tally.attempts for tally in listed),
        cache_hits=sum(tally.cache_hits for tally in listed),
        recorded=sum(tally.recorded for tally in listed),
        saved_usd=sum(saved, Decimal(0)) if saved else None,
        prompt_tokens=_known(tally.prompt_tokens for tally in listed),
        completion_tokens=_known(tally.completion_tokens for tally in listed),
        reasoning_tokens=_known(tally.reasoning_tokens for tally in listed),
        cached_tokens=_known(tally.cached_tokens for tally in listed),
        cost_usd=sum(costs, Decimal(0)) if costs else None,
        unpriced_requests=sum(tally.unpriced_requests for tally in listed),
        possibly_billed=sum(tally.possibly_billed for tally in listed),
    )


def _known(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
