"""The request path, composed: cache, deadline, single flight, retry, pool, model."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import TracebackType
from typing import Self

from debate.models.options import Account
from debate.models.port import ChatModel, Completion, ModelRef, Request
from debate.pool.cache import Cache, EndpointOf, OpenStore
from debate.pool.clock import monotonic
from debate.pool.counters import PoolCounters
from debate.pool.deadline import Deadline
from debate.pool.fitting import ContextGuard, ContextOf, no_context
from debate.pool.limits import AccountLimitsOf, LimitsOf, no_account_limits, no_limits
from debate.pool.pool import DEFAULT_BOUND, Pool
from debate.pool.retry import Retry, RetryPolicyOf, default_policy
from debate.pool.scope import ScopeOf, provider_scope
from debate.pool.single_flight import SingleFlight
from debate.pool.spending import PriceOf, no_prices


class RequestPath:
    """A chat model that asks others with care. An async context manager: calls that are shared live inside it."""

    def __init__(self, *, pool: Pool, flight: SingleFlight, cache: Cache | None, entry: ChatModel) -> None:
        self._pool = pool
        self._cache = cache
        self._flight = flight
        self._entry = entry

    async def __call__(self, request: Request) -> Completion:
        """Answer ``request``.

        Raises:
            ModelError: If there is no usable completion.
            BudgetExceeded: If it may not be asked.
            DeadlineExceeded: If its time is over.
        """
        return await self._entry(request)

    async def once(self, request: Request) -> Completion:
        """Answer ``request`` with one send that is admitted like any other: not repeated, shared, or from the cache.

        Raises:
            ModelError: If there is no usable completion.
            BudgetExceeded: If it may not be asked.
        """
        return await self._pool(request)

    async def __aenter__(self) -> Self:
        await self._flight.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.close()
        try:
            await self._flight.__aexit__(kind, error, traceback)
        finally:
            if self._cache is not None:
                await self._cache.__aexit__(kind, error, traceback)

    def counters(self) -> PoolCounters:
        """How the pool stands at this moment."""
        return self._pool.counters()

    @property
    def shared(self) -> int:
        """Requests answered by a call that another had begun."""
        return self._flight.shared

    @property
    def cache(self) -> Cache | None:
        """What keeps answers, for its counts; None if nothing does."""
        return self._cache


def nowhere(_model: ModelRef) -> None:
    """No model is asked at an address that is known."""


def request_path(
    models: ChatModel,
    *,
    concurrency: int = DEFAULT_BOUND,
    limits_of: LimitsOf = no_limits,
    account_limits_of: AccountLimitsOf = no_account_limits,
    policy_of: RetryPolicyOf = default_policy,
    scope_of: ScopeOf = provider_scope,
    price_of: PriceOf = no_prices,
    account: Account | None = None,
    open_store: OpenStore | None = None,
    endpoint_of: EndpointOf = nowhere,
    context_of: ContextOf = no_context,
    clock: Callable[[], float] = monotonic,
    rng: random.Random | None = None,
) -> RequestPath:
    """Put the wrappers round ``models`` in their order; each can be used alone.

    Args:
        models: Who answers; one callable for all models, as a router is.
        concurrency: The bound on requests in flight.
        limits_of: What each scope may send.
        account_limits_of: What all models of one key may send together.
        policy_of: How often each scope is asked again.
        scope_of: Which scope a request falls into.
        price_of: For budgets of money.
        account: The account of the whole engine.
        open_store: Opens the file that answers are kept in; None keeps none.
        endpoint_of: Where a model is asked, for what is kept.
        context_of: What each model holds; more is not sent.
        clock: Seconds, monotonic; deadlines count in it.
        rng: For jitter.
    """
    pool = Pool(
        models,
        concurrency=concurrency,
        limits_of=limits_of,
        account_limits_of=account_limits_of,
        scope_of=scope_of,
        price_of=price_of,
        account=account,
        clock=clock,
        rng=rng,
    )
    retry = Retry(pool, policy_of=policy_of, scope_of=scope_of, wait=pool.rest, clock=clock, rng=rng)
    flight = SingleFlight(retry)
    asked = Deadline(ContextGuard(flight, context_of=context_of), clock=clock)
    cache = None
    if open_store is not None:
        cache = Cache(asked, open_store=open_store, endpoint_of=endpoint_of, price_of=price_of)
    return RequestPath(pool=pool, flight=flight, cache=cache, entry=asked if cache is None else cache)
