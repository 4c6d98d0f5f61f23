"""The one layer that asks again."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from debate.errors import (
    AuthenticationFailed,
    CircuitOpen,
    ModelError,
    PaymentRequired,
    RateLimited,
)
from debate.models.port import ChatModel, Completion, Request
from debate.pool.attempt import Attempt
from debate.pool.backoff import next_wait, usable
from debate.pool.clock import monotonic
from debate.pool.retry_budget import RetryBudget
from debate.pool.scope import Scope, ScopeOf, provider_scope
from debate.pool.spending import billed

Wait = Callable[[Request, float], Awaitable[None]]
"""Waits so many seconds before ``request`` is asked again, or raises what makes that pointless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently to ask again.

    Raises:
        ValueError: If a number is below zero.
    """

    retries: int = 4
    """After the first attempt; 0 asks once and no more."""
    base: float = 1.0
    """Seconds: the backoff after the first failure lies below it, after the second below twice that, and so on."""
    cap: float = 60.0
    """Seconds: no backoff of our own is longer."""
    max_server_wait: float = 120.0
    """Seconds: a server that asks for more is not waited for. The openai SDK's figure."""

    def __post_init__(self) -> None:
        for name in ("retries", "base", "cap", "max_server_wait"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, found {getattr(self, name)!r}")


RetryPolicyOf = Callable[[Scope], RetryPolicy]
"""The policy of one scope."""

_DEFAULT: Final = RetryPolicy()


def default_policy(_scope: Scope) -> RetryPolicy:
    """Five attempts."""
    return _DEFAULT


async def _sleep(_request: Request, seconds: float) -> None:
    await asyncio.sleep(seconds)


class Retry:
    """Asks again after failures that may pass, waiting outside any slot.

    What was or may have been billed is asked again once at most. A scope's retry budget bounds all its retries
    together, so that an outage is not answered with a flood. What is raised in the end is the last real error, with a
    note that says why it was the last.

    Args:
        inner: Who answers one attempt.
        policy_of: How often each scope is asked.
        scope_of: Which scope a request falls into.
        wait: How to wait between attempts.
        clock: Seconds, monotonic; ``request.turn.deadline`` counts in it.
        rng: For jitter.
    """

    def __init__(
        self,
        inner: ChatModel,
        *,
        policy_of: RetryPolicyOf = default_policy,
        scope_of: ScopeOf = provider_scope,
        wait: Wait = _sleep,
        clock: Callable[[], float] = monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._inner = inner
        self._policy_of = policy_of
        self._scope_of = scope_of
        self._wait = wait
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._budgets: dict[Scope, RetryBudget] = {}

    async def __call__(self, request: Request) -> Completion:
        """Answer ``request``, asking again where that can help; fills ``attempts`` and ``timing.queued``.

        Raises:
            ModelError: The last real error.
            BudgetExceeded: If it may not be asked.
        """
        scope = self._scope_of(request)
        policy = self._policy_of(scope)
        budget = self._budgets.get(scope)
        if budget is None:
            budget = self._budgets[scope] = RetryBudget()
        began = self._clock()
        earlier: list[ModelError] = []
        paid = 0
        while True:
            attempt = Attempt(request, number=len(earlier) + 1, began=self._clock(), clock=self._clock)
            try:
                completion = await self._inner(attempt.request)
            except CircuitOpen as error:
                raise _after(error, earlier) from error.__cause__
            except ModelError as error:
                earlier.append(error)
                wait = self._next_wait(policy, attempt.number, error)
                refusal = self._why_not(request, policy, earlier, wait)
                if refusal is None:
                    charge = budget.take(
                        throttled=isinstance(error, RateLimited), sent_at=attempt.sent_at, now=self._clock()
                    )
                    if charge is None:
                        refusal = "the retry budget of its scope is used up"
                    else:
                        paid = charge
                attempt.tell_failure(error, retry_in=wait if refusal is None else None)
                if refusal is not None:
                    error.add_note(f"given up after attempt {attempt.number}: {refusal}")
                    raise
            else:
                budget.answered(attempt.number, paid)
                return _stamped(completion, attempts=attempt.number, waited=attempt.began - began)
            await self._wait(request, wait)

    def _next_wait(self, policy: RetryPolicy, number: int, error: ModelError) -> float:
        return next_wait(number, error.retry_after, base=policy.base, cap=policy.cap, rng=self._rng)

    def _why_not(self, request: Request, policy: RetryPolicy, errors: list[ModelError], wait: float) -> str | None:
        """Why the last of ``errors`` is not followed by another attempt; None if it is."""
        error = errors[-1]
        hopeless = _hopeless(error)
        if hopeless is not None:
            return hopeless
        if len(errors) > policy.retries:
            return f"{policy.retries} retries are allowed"
        if sum(map(_may_be_billed, errors)) > 1:
            return "two attempts were or may have been billed"
        said = usable(error.retry_after)
        if said is not None and said > policy.max_server_wait:
            return f"the server asked to wait {said:.0f} s, more than {policy.max_server_wait:.0f} s"
        deadline = request.turn.deadline if request.turn is not None else None
        if deadline is not None and self._clock() + wait >= deadline:
            return f"the next attempt would begin {wait:.1f} s from now, after the deadline"
        return None


def _hopeless(error: ModelError) -> str | None:
    """Why asking again cannot help, whatever the limits; None if it may."""
    if isinstance(error, AuthenticationFailed | PaymentRequired):
        return "the key or its credit was refused"
    if error.should_retry is False:
        return "the server said not to retry"
    if not error.retryable and error.should_retry is not True:
        return "asking again cannot help"
    return None


def _may_be_billed(error: ModelError) -> bool:
    return billed(error) != "no"


def _after(error: CircuitOpen, earlier: list[ModelError]) -> CircuitOpen:
    if earlier:
        error.add_note(f"the attempt before it failed with: {earlier[-1]}")
    return error


def _stamped(completion: Completion, *, attempts: int, waited: float) -> Completion:
    """``completion`` with the attempts before it; ``waited`` are the seconds until the last one was begun."""
    if attempts == 1:
        return completion
    timing = completion.timing.model_copy(update={"queued": waited + completion.timing.queued})
    return dataclasses.replace(completion, attempts=attempts, timing=timing)
