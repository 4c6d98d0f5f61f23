"""The whole path over real sockets: a client, a proxy that breaks things, a server."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from fault_proxy import Fault, proxying
from model_server import DONE, answers, ask, connected, event, says, serving, streams

from debate.errors import Ambiguous, AuthenticationFailed, CircuitOpen, ModelError, Unavailable
from debate.models.options import TurnOptions
from debate.models.port import AttemptFailure, Completion, Delta, Notice
from debate.pool.budget import Budget
from debate.pool.limits import Limits
from debate.pool.path import RequestPath, request_path
from debate.pool.retry import RetryPolicy
from debate.settings.prices import Price

FAULTS: list[tuple[Fault, type[ModelError] | None, str]] = [
    ("refuse", Unavailable, "possibly"),
    ("reset", Unavailable, "possibly"),
    ("fin", Unavailable, "possibly"),
    ("reset_midway", Unavailable, "possibly"),
    ("fin_midway", Unavailable, "possibly"),
    ("blackhole", Ambiguous, "possibly"),
    ("slow", None, ""),
    ("sliced", None, ""),
]


async def opened(stack: AsyncExitStack, *faults: Fault) -> RequestPath:
    """A path through a proxy that plays ``faults`` to a server that answers."""
    server = await stack.enter_async_context(serving())
    server.plays(says("Still here."))
    proxy = await stack.enter_async_context(proxying(urlsplit(server.url).port or 0, *faults))
    client = await stack.enter_async_context(connected(proxy.url, timeouts={"read": 0.4}))
    path = request_path(client, policy_of=lambda _: RetryPolicy(base=0.05), rng=random.Random(1))
    return await stack.enter_async_context(path)


@pytest.mark.parametrize(("fault", "kind", "billed"), FAULTS, ids=[fault for fault, _, _ in FAULTS])
async def test_a_fault_is_survived(fault: Fault, kind: type[ModelError] | None, billed: str):
    """One broken connection costs one attempt, of the right class; a slow or sliced answer costs none."""
    notices: list[Notice] = []
    async with AsyncExitStack() as stack:
        path = await opened(stack, fault, "none")
        completion = await path(ask(on_notice=notices.append))
        assert completion.text == "Still here."
        assert completion.attempts == (1 if kind is None else 2)
        told = [(notice.kind, notice.billed) for notice in notices if isinstance(notice, AttemptFailure)]
        assert told == ([] if kind is None else [(kind.kind, billed)])
        assert path.counters().in_flight == 0


@pytest.mark.parametrize("fault", [fault for fault, kind, _ in FAULTS if kind is not None])
async def test_a_fault_that_lasts_is_an_error_of_its_class_and_leaks_nothing(fault: Fault):
    """Twenty at once all end, and every slot is free again."""
    kind = {name: kind for name, kind, _ in FAULTS}[fault]
    assert kind is not None
    ended = []
    async with AsyncExitStack() as stack:
        path = await opened(stack, fault)

        async def one(number: int) -> None:
            with pytest.raises(kind) as caught:
                await path(ask(f"together:m{number % 2}"))
            ended.append(caught.value)

        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(one(number))
        counters = path.counters()
    assert len(ended) == 20
    assert (counters.in_flight, counters.waiting) == (0, 0)


async def test_cancelling_on_the_wire_frees_the_slot():
    """A request that is cancelled while the server is silent leaves room for the next."""
    async with AsyncExitStack() as stack:
        path = await opened(stack, "blackhole", "none")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await path(ask())
        assert path.counters().in_flight == 0
        assert (await path(ask())).text == "Still here."


async def test_a_real_429_pauses_and_a_real_401_opens_the_circuit():
    """Status and headers of a server's answer do what they should to everybody in the scope."""
    refusal = {"error": {"message": "slow down", "type": "dynamic_request_limited"}}
    bad_key = {"error": {"message": "bad key", "type": "invalid_request_error", "code": "invalid_api_key"}}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving())
        client = await stack.enter_async_context(connected(server.url))
        path = await stack.enter_async_context(request_path(client, rng=random.Random(1)))
        server.plays(answers(refusal, 429, retry_after_ms="200"), says())
        completion = await path(ask())
        assert completion.attempts == 2
        assert completion.timing.queued >= 0.2
        assert path.counters().scopes[0].refused == 1
        server.plays(answers(bad_key, 401))
        with pytest.raises(AuthenticationFailed):
            await path(ask())
        sent = len(server.received)
        with pytest.raises(CircuitOpen):
            await path(ask())
        assert len(server.received) == sent


async def test_a_real_rate_is_kept_by_what_was_written():
    """The client tells when a request is on the wire, and the window counts from there."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving())
        server.plays(says())
        client = await stack.enter_async_context(connected(server.url))
        limits = Limits(start=None, requests_per_second=40)
        path = await stack.enter_async_context(request_path(client, limits_of=lambda _: limits))
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            for number in range(41):
                group.create_task(path(ask(f"together:m{number * 0}")))
        assert loop.time() - began >= 1.0
        assert len(server.received) == 41


async def test_a_stream_that_is_cut_is_voided_and_asked_again():
    """The second stream is shown after a reset, and booked with the first at its worst."""
    heard: list[Delta] = []
    price = Price(input=Decimal(1), output=Decimal(1))
    budget = Budget(usd=Decimal(1), requests=5)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving())
        usage = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}
        server.plays(
            streams(event("half"), end=False),
            streams(event("who"), event("le", finish="stop", usage=usage), DONE),
        )
        client = await stack.enter_async_context(connected(server.url))
        path = await stack.enter_async_context(
            request_path(client, price_of=lambda _: price, policy_of=lambda _: RetryPolicy(base=0.05))
        )
        turn = TurnOptions(run="r", turn="opening.1/ana", account=budget)
        completion: Completion = await path(ask(on_delta=heard.append, turn=turn))
    assert completion.text == "whole"
    reset = heard.index(Delta("", reset=True))
    assert "".join(delta.text for delta in heard[reset + 1 :]) == "whole"
    assert budget.spent.requests == 2
    assert budget.spent.tokens > 100 + 6
