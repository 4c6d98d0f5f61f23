"""A hard bound on what may be spent: set aside before sending, booked after."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from debate.errors import BudgetExceeded
from debate.models.options import Spend

NOTHING: Final = Spend(0, 0, Decimal(0))


class Budget:
    """At most so much money, so many requests and tokens, under any interleaving of concurrent requests.

    What is booked and what is set aside never add up to more than the bound, because a request is sent only after the
    most it can cost was set aside (a provider that bills more than ``max_tokens`` could still overrun it, and what it
    reports is booked as it is). A request is one HTTP send, retries and refused ones
    included; one that was never sent gives its place back.

    Implements :class:`debate.models.options.Account`. It belongs to one pool, which asks again whenever it settles.

    Args:
        usd: Money; None is no bound.
        requests: HTTP sends; None is no bound.
        tokens: Prompt and completion tokens together; None is no bound.
        spent: What an earlier part of the same run has spent.

    Raises:
        ValueError: If a bound is negative or not finite.
    """

    def __init__(
        self,
        *,
        usd: Decimal | None = None,
        requests: int | None = None,
        tokens: int | None = None,
        spent: Spend = NOTHING,
    ) -> None:
        for name, bound in (("usd", usd), ("requests", requests), ("tokens", tokens)):
            if bound is not None and not (Decimal(bound).is_finite() and bound >= 0):
                raise ValueError(f"{name} must be a number of 0 or more, or None; found {bound!r}")
        self.usd = usd
        self.requests = requests
        self.tokens = tokens
        self.spent = spent
        """What was booked. Its ``usd`` is None once something of unknown price was."""
        self.reserved = NOTHING
        """What is set aside for requests under way."""

    def reserve(self, worst: Spend) -> SetAside | None:
        """Set ``worst`` aside, or return None when it does not fit beside what is set aside now but may later.

        Raises:
            BudgetExceeded: If it would not fit with nothing else set aside, or has no price under a bound on money.
        """
        fits = self._fits("requests", self.requests, self.spent.requests, self.reserved.requests, worst.requests)
        fits &= self._fits("tokens", self.tokens, self.spent.tokens, self.reserved.tokens, worst.tokens)
        if self.usd is not None:
            if worst.usd is None or self.spent.usd is None:
                raise BudgetExceeded(
                    f"no price is known for a model, so spending cannot be kept within {self.usd} USD; "
                    "set the model's price in the settings, or bound requests or tokens instead",
                    dimension="usd",
                )
            fits &= self._fits("usd", self.usd, self.spent.usd, self.reserved.usd or Decimal(0), worst.usd)
        if not fits:
            return None
        self._hold(worst, +1)
        return SetAside(self, worst)

    def settle(self, reserved: Spend, spent: Spend) -> None:
        """Give ``reserved`` back and book ``spent``; for :class:`SetAside` alone."""
        self._hold(reserved, -1)
        self.spent = _plus(self.spent, spent)

    def _hold(self, worst: Spend, sign: Literal[1, -1]) -> None:
        """What has no price holds no money back: it is sent only where money has no bound."""
        requests, tokens, usd = self.reserved
        assert usd is not None
        self.reserved = Spend(
            requests + sign * worst.requests, tokens + sign * worst.tokens, usd + sign * (worst.usd or Decimal(0))
        )

    @staticmethod
    def _fits(
        dimension: str, bound: Decimal | int | None, spent: Decimal | int, reserved: Decimal | int, worst: Decimal | int
    ) -> bool:
        if bound is None:
            return True
        left = bound - spent
        if worst > left:
            unit = "USD" if dimension == "usd" else dimension
            raise BudgetExceeded(
                f"the budget of {bound} {unit} has {max(left, 0)} left, and the next request may need {worst}",
                dimension=dimension,
            )
        return worst + reserved <= left


class SetAside:
    """A part of a budget that is set aside for one attempt."""

    __slots__ = ("_budget", "_settled", "_worst")

    def __init__(self, budget: Budget, worst: Spend) -> None:
        self._budget = budget
        self._worst = worst
        self._settled = False

    def settle(self, spent: Spend) -> None:
        """Give the reservation back and book what was really spent.

        Raises:
            RuntimeError: If it was settled before.
        """
        if self._settled:
            raise RuntimeError("this reservation was settled before")
        self._settled = True
        self._budget.settle(self._worst, spent)


def _plus(one: Spend, other: Spend) -> Spend:
    usd = None if one.usd is None or other.usd is None else one.usd + other.usd
    return Spend(one.requests + other.requests, one.tokens + other.tokens, usd)
