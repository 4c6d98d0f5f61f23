"""What one attempt costs: at most before it is sent, really after it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from debate.errors import Ambiguous, Billed, BudgetExceeded, ModelError, StreamCut, Unavailable
from debate.models.options import Account, Reservation, Spend
from debate.models.port import Completion, ModelRef, Request
from debate.pool.budget import NOTHING
from debate.pool.estimate import most_prompt_tokens
from debate.settings.prices import MILLION, Price, Tokens, cost

SENT: Final = Spend(1, 0, Decimal(0))
"""What a request costs that was sent and not billed: it counts where requests are bounded, and nowhere else."""

PriceOf = Callable[[ModelRef], Price | None]
"""The price of a model; None when it is unknown."""


def no_prices(_model: ModelRef) -> None:
    """No price is known, so a budget of money refuses everything."""


def worst_spend(request: Request, price: Price | None) -> Spend:
    """The most an attempt can cost: every byte of the prompt a token, ``max_tokens`` written, nothing cached."""
    prompt = most_prompt_tokens(request)
    if price is None:
        usd = None
    elif price.local:
        usd = Decimal(0)
    else:
        read = max(price.input, price.cached_input or Decimal(0))
        usd = (prompt * read + request.max_tokens * price.output) / MILLION
    return Spend(1, prompt + request.max_tokens, usd)


def answered_spend(worst: Spend, completion: Completion, price: Price | None) -> Spend:
    """What an answered attempt cost; where the provider did not say, the most it can have cost."""
    if completion.source in {"cache", "shared", "recorded", "planted", "imported"}:
        return NOTHING
    usd = completion.reported_cost if completion.reported_cost is not None else cost(completion.usage, price)
    return _known(worst, completion.usage, usd)


def billed(error: ModelError) -> Billed:
    """A cut stream and a timeout after sending may have been billed, whether or not the error says so."""
    return "possibly" if error.billed == "no" and isinstance(error, Ambiguous | StreamCut) else error.billed


def failed_spend(worst: Spend, error: BaseException, price: Price | None, *, unsent: bool) -> Spend:
    """What a failed attempt cost: one request if it was sent, and no more if it was not billed.

    Where nobody knows whether it was billed it counts as the most it can have cost: so does a cancellation or a bug in
    the model, unless the request is known to be ``unsent``.
    """
    if not isinstance(error, ModelError):
        return NOTHING if unsent else worst
    if billed(error) == "no":
        kept_back = unsent or unreached(error.kind, error.status, "no")
        return NOTHING if kept_back else SENT
    return _known(worst, error.spent, cost(error.spent, price))


def unreached(kind: str, status: int | None, billed: Billed) -> bool:
    """Whether a failure says that no connection stood, so that nobody was sent anything."""
    return kind == Unavailable.kind and status is None and billed == "no"


def _known(worst: Spend, used: Tokens | None, usd: Decimal | None) -> Spend:
    tokens = worst.tokens
    if used is not None and used.prompt_tokens is not None and used.completion_tokens is not None:
        tokens = used.prompt_tokens + used.completion_tokens
    return Spend(1, tokens, worst.usd if usd is None else usd)


def reserve_all(accounts: Sequence[Account], worst: Spend, model: ModelRef) -> tuple[Reservation, ...] | Account:
    """Set ``worst`` aside on every account, or on none: then the account that has to be waited for.

    Raises:
        BudgetExceeded: If it would not fit one of them with nothing else set aside; it names the model.
    """
    done: list[Reservation] = []
    try:
        for account in accounts:
            reservation = account.reserve(worst)
            if reservation is None:
                give_back(done)
                return account
            done.append(reservation)
    except BudgetExceeded as error:
        give_back(done)
        raise BudgetExceeded(f"{model}: {error}", dimension=error.dimension) from error
    except BaseException:
        give_back(done)
        raise
    return tuple(done)


def give_back(reservations: Sequence[Reservation]) -> None:
    """Settle ``reservations`` as if nothing had happened, because nothing was sent."""
    for reservation in reservations:
        reservation.settle(NOTHING)
