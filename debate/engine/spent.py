"""What a run has spent so far, as a budget must count it when the run is taken up again. Pure."""

from __future__ import annotations

from decimal import Decimal

from debate.engine.asking import Asker
from debate.engine.commands import Ask
from debate.models.options import Spend
from debate.models.port import ModelRef
from debate.pool.budget import NOTHING
from debate.pool.spending import PriceOf, unreached, worst_spend
from debate.transcript.events import TurnAsked
from debate.transcript.ledger import UNSENT_SOURCES
from debate.transcript.state import State, TurnState
from debate.transcript.usage import Usage


def spent_so_far(state: State, asker: Asker, price_of: PriceOf) -> Spend:
    """Requests, tokens and money that were or may have been used up.

    What is known is taken as recorded. A send whose cost nobody knows, because it was never answered or its answer
    did not say, counts as the most it can have cost, as it did for the budget while the run went on.

    Raises:
        debate.errors.PromptError: If a request whose cost is unknown cannot be made again to be measured.
    """

    def worst(id_: str, asked: TurnAsked) -> Spend:
        request = asker.prepare(Ask(id_, asked.try_number, asked.try_kind, asked.tier), state).request
        return worst_spend(request, price_of(ModelRef.parse(asked.model)))

    total = NOTHING
    for id_, turn in state.turns.items():
        for number, asked in turn.asked.items():
            total = _plus(total, _unbilled(turn, number))
            for usage, cost in _sends(turn, number):
                total = _plus(total, _known(usage, cost) or worst(id_, asked))
    return total


def _unbilled(turn: TurnState, number: int) -> Spend:
    """The sends of a try that were refused without being billed: they count where requests are bounded."""
    refused = [f for f in turn.failures if f.try_number == number and f.billed == "no" and f.attempt > 0]
    sent = sum(1 for failure in refused if not unreached(failure.error, failure.status, failure.billed))
    return Spend(sent, 0, Decimal(0))


def _sends(turn: TurnState, number: int) -> list[tuple[Usage | None, Decimal | None]]:
    """Usage and cost of every send of a try that was or may have been billed."""
    failed = [f for f in turn.failures if f.try_number == number and f.billed != "no"]
    found: list[tuple[Usage | None, Decimal | None]] = [(f.usage, f.cost_usd) for f in failed]
    answered = turn.answered.get(number)
    if answered is not None and answered.source not in UNSENT_SOURCES:
        found.append((answered.usage, answered.cost_usd))
    if turn.open_number == number:
        found.append((None, None))
    return found


def _known(usage: Usage | None, cost: Decimal | None) -> Spend | None:
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None or cost is None:
        return None
    return Spend(1, usage.prompt_tokens + usage.completion_tokens, cost)


def _plus(one: Spend, other: Spend) -> Spend:
    usd = None if one.usd is None or other.usd is None else one.usd + other.usd
    return Spend(one.requests + other.requests, one.tokens + other.tokens, usd)
