"""What a run used and what it cost: sums over its events, and nothing that was not counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, NamedTuple

from debate.settings.prices import Price, cost
from debate.transcript.events import AttemptFailed, TurnAnswered, TurnAsked
from debate.transcript.state import State, TurnState
from debate.transcript.tally import Tally, total_of
from debate.transcript.usage import Usage

COPIED_SOURCES = frozenset({"recorded", "planted", "imported"})
"""Sources of answers that nobody gave to this run: they are no requests of it."""

UNSENT_SOURCES = frozenset({"cache", "shared"}) | COPIED_SOURCES
"""Sources for which this run sent and paid nothing."""

_ITERATION: Final = re.compile(r"\.\d+$")


@dataclass(frozen=True, slots=True)
class Ledger:
    """A run's tallies: the whole, and the whole taken apart in four ways. Each way adds up to the total."""

    total: Tally
    by_model: Mapping[str, Tally] = field(default_factory=dict)
    """Model asked, as ``provider:id``, to its part of the total."""
    by_tier: Mapping[str, Tally] = field(default_factory=dict)
    """Tier to its part; what was asked on no tier stands under ``""``."""
    by_round: Mapping[str, Tally] = field(default_factory=dict)
    """Round to its part, all its iterations together."""
    by_participant: Mapping[str, Tally] = field(default_factory=dict)


class _Try(NamedTuple):
    """One request of the engine, by whom it is counted under."""

    asked: TurnAsked
    tally: Tally

    @property
    def round(self) -> str:
        return _ITERATION.sub("", self.asked.turn.partition("/")[0])

    @property
    def participant(self) -> str:
        """Who spoke: of a summary, as ``opening/ana~scribe``, the one who wrote it."""
        return self.asked.turn.rpartition("/")[2].rpartition("~")[2]


def ledger(state: State, *, since: State | None = None) -> Ledger:
    """Sum up what the turns of ``state`` used, unused ones included: they were paid for.

    Args:
        state: A run so far.
        since: An earlier state of the same run, to leave out what it holds.
    """
    tries = _tries(state, since)
    return Ledger(
        total_of(each.tally for each in tries),
        by_model=_apart((each.asked.model, each.tally) for each in tries),
        by_tier=_apart((each.asked.tier or "", each.tally) for each in tries),
        by_round=_apart((each.round, each.tally) for each in tries),
        by_participant=_apart((each.participant, each.tally) for each in tries),
    )


def together(ledgers: Iterable[Ledger]) -> Ledger:
    """The ledger of several runs, whatever their rounds and participants are called."""
    listed = list(ledgers)
    return Ledger(
        total_of(book.total for book in listed),
        by_model=_apart(part for book in listed for part in book.by_model.items()),
        by_tier=_apart(part for book in listed for part in book.by_tier.items()),
        by_round=_apart(part for book in listed for part in book.by_round.items()),
        by_participant=_apart(part for book in listed for part in book.by_participant.items()),
    )


def _apart(parts: Iterable[tuple[str, Tally]]) -> dict[str, Tally]:
    found: dict[str, list[Tally]] = {}
    for name, tally in parts:
        found.setdefault(name, []).append(tally)
    return {name: total_of(tallies) for name, tallies in sorted(found.items())}


def _tries(state: State, since: State | None) -> list[_Try]:
    prices = state.header.prices if state.header is not None else {}
    before = since.turns if since is not None else {}
    found = []
    for id_, turn in state.turns.items():
        known = before.get(id_, TurnState())
        failures = turn.failures[len(known.failures) :]
        for number, asked in turn.asked.items():
            answered = turn.answered.get(number) if number not in known.answered else None
            failed = [failure for failure in failures if failure.try_number == number]
            found.append(_Try(asked, _of_try(answered, failed, prices.get(asked.model))))
    return found


def _of_try(answered: TurnAnswered | None, failures: list[AttemptFailed], price: Price | None) -> Tally:
    parts = [_of_failure(failure) for failure in failures]
    if answered is not None:
        parts.append(_of_answer(answered, price))
    made = answered is not None and answered.source not in COPIED_SOURCES
    sends = sum(1 for failure in failures if failure.attempt > 0)
    if answered is not None and _was_sent(answered) and answered.attempts > 0:
        sends += 1
    # Most tries are one answer, and summing up one of them takes longer than everything else here.
    total = parts[0] if len(parts) == 1 else total_of(parts)
    return replace(total, requests=1 if sends or made else 0, attempts=sends, retries=sends - 1 if sends else 0)


def _was_sent(answered: TurnAnswered) -> bool:
    return answered.source not in UNSENT_SOURCES


def _of_answer(answered: TurnAnswered, price: Price | None) -> Tally:
    if not _was_sent(answered):
        return Tally(
            cache_hits=int(answered.source == "cache"),
            recorded=int(answered.source == "recorded"),
            cost_usd=Decimal(0),
            saved_usd=answered.cost_usd,
            saved_by_cache_usd=answered.cost_usd if answered.source == "cache" else None,
        )
    timing, usage = answered.timing, answered.usage
    tally = _of_usage(usage, answered.cost_usd)
    if answered.source == "batch":  # how long a batch lay there says nothing of the model
        single = cost(usage, price)
        if single is None or answered.cost_usd is None:
            return tally
        return replace(tally, saved_by_batch_usd=single - answered.cost_usd)
    written = usage.completion_tokens if usage is not None and timing.total > 0 else None
    return replace(
        tally,
        latencies=(timing.total,),
        first_tokens=() if timing.first_token is None else (timing.first_token,),
        written_tokens=written or 0,
        written_seconds=0.0 if written is None else timing.total,
    )


def _of_failure(failure: AttemptFailed) -> Tally:
    kind = {failure.error: 1}
    named = Tally(errors=kind) if failure.attempt > 0 else Tally(unsent=kind)
    if failure.billed == "no":
        return named
    tally = _of_usage(failure.usage, failure.cost_usd)
    return replace(tally, errors=named.errors, unsent=named.unsent, possibly_billed=int(failure.billed == "possibly"))


def _of_usage(usage: Usage | None, cost: Decimal | None) -> Tally:
    return Tally(
        prompt_tokens=usage.prompt_tokens if usage else None,
        completion_tokens=usage.completion_tokens if usage else None,
        reasoning_tokens=usage.reasoning_tokens if usage else None,
        cached_tokens=usage.cached_tokens if usage else None,
        cost_usd=cost,
        unpriced_requests=int(cost is None),
    )
