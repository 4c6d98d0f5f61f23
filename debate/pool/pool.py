"""Admission: rate, concurrency and budget, together and at once, in one order for every debate in the process."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Callable
from typing import Final

from debate.errors import AuthenticationFailed, ModelError, Overloaded, PaymentRequired, RateLimited, Refused
from debate.models.options import Account, Spend
from debate.models.port import ChatModel, Completion, Request
from debate.pool.budget import NOTHING
from debate.pool.clock import monotonic
from debate.pool.counters import PoolCounters
from debate.pool.dispatcher import Dispatcher
from debate.pool.estimate import Estimator
from debate.pool.gates import Gates
from debate.pool.lane import Lane
from debate.pool.limits import AccountLimitsOf, LimitsOf, no_account_limits, no_limits
from debate.pool.permit import Permit
from debate.pool.scope import AccountKey, Scope, ScopeOf, provider_scope
from debate.pool.spending import (
    PriceOf,
    answered_spend,
    billed,
    failed_spend,
    give_back,
    no_prices,
    reserve_all,
    worst_spend,
)
from debate.pool.ticket import Ticket

DEFAULT_BOUND: Final = 10
"""Requests in flight at once in one engine, unless the user says otherwise."""

MAX_SERVER_WAIT: Final = 120.0
"""Seconds a server may ask for and be honoured; the figure of the openai SDK. Waiting longer is giving up slowly."""


class Pool:
    """Sends at most so much at once, and to each scope no faster than it may. One call is one attempt.

    Args:
        inner: Who answers.
        concurrency: The bound on requests in flight, over all scopes.
        limits_of: What each scope may send.
        account_limits_of: What all models of one key may send together.
        scope_of: Which scope a request falls into.
        price_of: For budgets of money.
        account: The account of the whole engine; every request's own account stands beside it.
        circuit_seconds: How often one request may see whether a refused key was mended.
        clock: Seconds, monotonic, running as fast as the event loop's own time.
        rng: For jitter.
    """

    def __init__(
        self,
        inner: ChatModel,
        *,
        concurrency: int = DEFAULT_BOUND,
        limits_of: LimitsOf = no_limits,
        account_limits_of: AccountLimitsOf = no_account_limits,
        scope_of: ScopeOf = provider_scope,
        price_of: PriceOf = no_prices,
        account: Account | None = None,
        circuit_seconds: float = 60.0,
        clock: Callable[[], float] = monotonic,
        rng: random.Random | None = None,
    ) -> None:
        if concurrency < 1:
            raise ValueError(f"concurrency must be 1 or more, found {concurrency!r}")
        self._inner = inner
        self._limits_of = limits_of
        self._account_limits_of = account_limits_of
        self._scope_of = scope_of
        self._price_of = price_of
        self._account = account
        self._circuit_seconds = circuit_seconds
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - jitter is no secret
        self._lanes: dict[Scope, Lane] = {}
        self._accounts: dict[AccountKey, Gates] = {}
        self._estimator = Estimator()
        self._dispatcher = Dispatcher(bound=concurrency, shared=account, clock=clock)

    async def __call__(self, request: Request) -> Completion:
        """Answer ``request`` once it is admitted.

        Raises:
            ModelError: What the model raised; CircuitOpen, or RateLimited during a long pause, where nothing was sent;
                Refused for a request that its limits can never admit.
            BudgetExceeded: If an account can never pay for it.
        """
        lane = self._lane(self._scope_of(request))
        ticket = self._ticket(lane, request)
        permit = await self._admission(lane, ticket)
        sending = dataclasses.replace(request, on_sent=lambda: self._sent(lane, request, permit))
        try:
            completion = await self._inner(sending)
        except BaseException as error:
            self._failed(lane, ticket, permit, error)
            raise
        return self._answered(lane, ticket, permit, completion)

    async def rest(self, request: Request, seconds: float) -> None:
        """Wait before asking again, outside any slot.

        Raises:
            CircuitOpen: As soon as the scope's key is refused, as there is nothing left to wait for.
        """
        circuit = self._lane(self._scope_of(request)).circuit
        try:
            async with asyncio.timeout(seconds):
                await circuit.opened.wait()
        except TimeoutError:
            return
        raise circuit.error()

    def counters(self) -> PoolCounters:
        """How everything stands at this moment."""
        now = self._clock()
        return PoolCounters(
            bound=self._dispatcher.bound,
            in_flight=self._dispatcher.in_flight,
            waiting=self._dispatcher.waiting,
            scopes=tuple(lane.counters(now) for lane in self._lanes.values()),
        )

    def close(self) -> None:
        """Forget the timer. Who still waits is for their own tasks to cancel."""
        self._dispatcher.close()

    def _lane(self, scope: Scope) -> Lane:
        lane = self._lanes.get(scope)
        if lane is None:
            account = self._accounts.get(scope.account)
            if account is None:
                account = self._accounts[scope.account] = Gates(self._account_limits_of(scope.account))
            lane = self._lanes[scope] = Lane(
                scope,
                self._limits_of(scope),
                account,
                bound=self._dispatcher.bound,
                rng=self._rng,
                circuit_seconds=self._circuit_seconds,
            )
        return lane

    def _ticket(self, lane: Lane, request: Request) -> Ticket:
        """What ``request`` needs; refused here is what can never be admitted, before it waits for anything."""
        now = self._clock()
        lane.circuit.check(now)
        if lane.pause.until - now > MAX_SERVER_WAIT:
            raise _long_pause(lane, now)
        own = request.turn.account if request.turn is not None else None
        accounts = tuple(account for account in (own, self._account) if account is not None)
        worst = worst_spend(request, self._price_of(request.model)) if accounts else NOTHING
        reserved = reserve_all(accounts, worst, request.model)
        if isinstance(reserved, tuple):
            give_back(reserved)
        return Ticket(request, entered=now, tokens=self._tokens(lane, request), accounts=accounts, worst=worst)

    def _tokens(self, lane: Lane, request: Request) -> int:
        bounds = [gates.tokens.limit for gates in (lane.gates, lane.account) if gates.tokens is not None]
        if not bounds:
            return 0
        tokens = self._estimator.prompt_tokens(request) + request.max_tokens
        if tokens > min(bounds):
            raise Refused(
                f"the request needs about {tokens} tokens ({request.max_tokens} of them max_tokens), and {lane.scope} "
                f"may take {min(bounds)} in a minute; lower max_tokens, shorten the prompt or raise tokens_per_minute",
                code="larger_than_tokens_per_minute",
                model=str(request.model),
            )
        return tokens

    async def _admission(self, lane: Lane, ticket: Ticket) -> Permit:
        future = ticket.future
        try:
            self._dispatcher.join(lane, ticket)
            return await future
        except BaseException:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._release(lane, future.result(), tokens=0)  # granted and cancelled in one turn of the loop
            else:
                self._dispatcher.leave(lane, ticket)
            raise

    def _sent(self, lane: Lane, request: Request, permit: Permit) -> None:
        lane.tells_writes = True
        permit.sent(self._clock())
        self._dispatcher.dispatch()  # a window that hung on this write now knows when it has room
        if request.on_sent is not None:
            request.on_sent()

    def _answered(self, lane: Lane, ticket: Ticket, permit: Permit, completion: Completion) -> Completion:
        now = self._clock()
        request, usage = ticket.request, completion.usage
        lane.answered += 1
        lane.circuit.close()
        lane.pause.answered(permit.wave)
        lane.adaptive.answered(now, in_flight=lane.gates.in_flight)
        lane.gates.margin.calm()
        lane.account.margin.calm()
        tokens = None
        if usage is not None and ticket.tokens:
            self._estimator.observe(request, usage)
            if usage.prompt_tokens is not None and usage.completion_tokens is not None:
                tokens = usage.prompt_tokens + usage.completion_tokens
        spent = NOTHING
        if permit.reservations:
            spent = answered_spend(ticket.worst, completion, self._price_of(request.model))
        self._release(lane, permit, tokens=tokens, spent=spent)
        start = permit.admitted_at if permit.sent_at is None else permit.sent_at
        timing = completion.timing.model_copy(
            update={"queued": start - ticket.entered, "total": completion.timing.total or now - start}
        )
        return dataclasses.replace(completion, timing=timing)

    def _failed(self, lane: Lane, ticket: Ticket, permit: Permit, error: BaseException) -> None:
        now = self._clock()
        lane.failed += not isinstance(error, asyncio.CancelledError)
        match error:
            case RateLimited():
                self._refused(lane, permit, error, now)
            case Overloaded():
                lane.adaptive.overloaded(now)
            case AuthenticationFailed() | PaymentRequired():
                lane.circuit.open(error, now)
                lane.fail_all(lane.circuit.error)
            case _:
                pass
        tokens = 0 if isinstance(error, ModelError) and billed(error) == "no" else None
        spent = NOTHING
        if permit.reservations:
            unsent = lane.tells_writes and permit.sent_at is None
            spent = failed_spend(ticket.worst, error, self._price_of(ticket.request.model), unsent=unsent)
        self._release(lane, permit, tokens=tokens, spent=spent)

    def _refused(self, lane: Lane, permit: Permit, error: RateLimited, now: float) -> None:
        lane.refused += 1
        lane.gates.margin.widen()
        lane.account.margin.widen()
        wait = lane.pause.refused(now, permit.wave, error.retry_after)
        lane.adaptive.refused(now, admitted_at=permit.admitted_at, wait=wait)
        if wait > MAX_SERVER_WAIT:
            lane.fail_all(lambda: _long_pause(lane, now))
        else:
            lane.tell_all_of_pause(now)

    def _release(self, lane: Lane, permit: Permit, *, tokens: int | None, spent: Spend = NOTHING) -> None:
        permit.give_back(self._clock(), tokens=tokens, spent=spent)
        self._dispatcher.release(lane, permit)


def _long_pause(lane: Lane, now: float) -> RateLimited:
    wait = lane.pause.until - now
    return RateLimited(
        f"not sent, as {lane.scope} asked to wait {wait:.0f} s, which is longer than {MAX_SERVER_WAIT:.0f} s",
        status=429,
        code="long_pause",
        retry_after=wait,
        model=str(lane.scope),
    )
