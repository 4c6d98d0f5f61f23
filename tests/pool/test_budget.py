"""A hard bound on money, requests and tokens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from decimal import Decimal

import pytest
import virtual_time
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_asking import Talker, all_of, ask

from debate.errors import (
    Ambiguous,
    BudgetExceeded,
    EmptyCompletion,
    ModelError,
    Overloaded,
    RateLimited,
    Spent,
    StreamCut,
    Unavailable,
)
from debate.models.options import Spend
from debate.models.port import Completion, ModelRef, Notice, Request
from debate.pool.budget import NOTHING, Budget
from debate.pool.estimate import most_prompt_tokens
from debate.pool.limits import Limits
from debate.pool.path import request_path
from debate.pool.pool import Pool
from debate.pool.spending import SENT, worst_spend
from debate.settings.prices import Price
from debate.transcript.usage import Usage

PRICE = Price(input=Decimal(1), output=Decimal(4))
WORST = worst_spend(ask(), PRICE)


def priced(_model: ModelRef) -> Price:
    """One price for all."""
    return PRICE


def test_worst_case_is_every_byte_a_token_and_all_of_max_tokens():
    """The bound on money is the dearest thing that can happen."""
    prompt = most_prompt_tokens(ask())
    assert Spend(1, prompt + 100, (prompt + 400) / Decimal(1_000_000)) == WORST
    local = Price(input=Decimal(1), output=Decimal(1), local=True)
    assert worst_spend(ask(), local).usd == 0
    assert worst_spend(ask(), None).usd is None


def test_sixty_four_parallel_calls_cannot_overshoot():
    """Money for five worst cases admits five at a time; the rest goes on as real spending turns out smaller."""
    assert WORST.usd is not None
    budget = Budget(usd=5 * WORST.usd)
    talker = Talker(usage=Usage(prompt_tokens=5, completion_tokens=2))
    notices: list[Notice] = []
    refused = []

    async def main() -> None:
        pool = Pool(talker, concurrency=64, limits_of=lambda _: Limits(start=None), price_of=priced)

        async def one(number: int) -> None:
            try:
                await pool(ask(account=budget, notices=notices))
            except BudgetExceeded as error:
                refused.append((number, error))

        await all_of(*(lambda n=n: one(n) for n in range(64)))

    virtual_time.run(main())
    assert talker.most_in_flight == 5
    assert budget.spent.usd == len(talker.texts) * (5 + 8) / Decimal(1_000_000)
    assert budget.spent.usd <= 5 * WORST.usd
    assert budget.reserved == NOTHING
    assert len(talker.texts) + len(refused) == 64
    assert {notice.reason for notice in notices if hasattr(notice, "reason")} == {"budget"}


outcomes = st.sampled_from(["answers", "silent", "refused", "ambiguous", "empty", "bug", "cancelled"])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(outcomes, st.integers(0, 400), st.integers(0, 100), st.integers(0, 30)), max_size=25),
    st.integers(0, 20),
    st.integers(0, 9000),
    st.integers(0, 10),
)
def test_never_over_budget_under_any_interleaving(
    calls: list[tuple[str, int, int, int]], cents: int, tokens: int, requests: int
):
    """Whatever is answered, refused, cut off or cancelled, and when: booked and set aside stay within every bound."""
    assert WORST.usd is not None
    own = Budget(usd=WORST.usd * cents / 4, tokens=tokens)
    engine = Budget(requests=requests)

    def check() -> None:
        assert own.spent.usd is not None
        assert own.reserved.usd is not None
        assert own.usd is not None
        assert own.tokens is not None
        assert engine.requests is not None
        assert own.spent.usd + own.reserved.usd <= own.usd
        assert own.spent.tokens + own.reserved.tokens <= own.tokens
        assert engine.spent.requests + engine.reserved.requests <= engine.requests
        assert min(own.reserved.usd, own.reserved.tokens, engine.reserved.requests) >= 0

    async def model(request: Request) -> Completion:
        check()
        assert request.turn is not None
        outcome, prompt, written, tenths = calls[int(request.turn.turn)]
        prompt = min(prompt, most_prompt_tokens(request))
        await asyncio.sleep(tenths / 10)
        match outcome:
            case "refused":
                raise RateLimited("above", status=429)
            case "ambiguous":
                raise Ambiguous("timed out", billed="possibly")
            case "empty":
                raise EmptyCompletion("length", billed="yes", spent=Spent(prompt, written))
            case "bug":
                raise ZeroDivisionError
        usage = None if outcome == "silent" else Usage(prompt_tokens=prompt, completion_tokens=written)
        return Completion(text="", usage=usage)

    async def main() -> None:
        pool = Pool(model, concurrency=5, price_of=priced, account=engine)

        async def one(number: int) -> None:
            call = pool(ask(turn=str(number), account=own))
            try:
                async with asyncio.timeout(0.7 if calls[number][0] == "cancelled" else None):
                    await call
            except (RateLimited, Ambiguous, EmptyCompletion, BudgetExceeded, ZeroDivisionError, TimeoutError):
                pass
            check()

        await all_of(*(lambda n=n: one(n) for n in range(len(calls))))
        assert pool.counters().in_flight == 0

    virtual_time.run(main())
    check()
    assert own.reserved == NOTHING
    assert engine.reserved == NOTHING


fates = st.sampled_from(["answers", "429", "503", "cut", "unreached"])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(fates, st.integers(0, 30)), max_size=40),
    st.integers(0, 12),
    st.integers(0, 12),
    st.integers(0, 30),
    st.integers(1, 6),
)
def test_what_a_server_sees_is_never_more_than_was_allowed(
    fates: list[tuple[str, int]], own_requests: int, engine_requests: int, quarters: int, concurrency: int
):
    """Ten requests, each sent again after 429s, 503s and cut streams, in two debates: every send counts."""
    assert WORST.usd is not None
    engine = Budget(requests=engine_requests, usd=WORST.usd * quarters / 4)
    accounts = {name: Budget(requests=own_requests) for name in ("one", "other")}
    seen: dict[str, int] = {"one": 0, "other": 0}
    billed = Decimal(0)
    calls = iter(fates)

    async def server(request: Request) -> Completion:
        nonlocal billed
        assert request.turn is not None
        fate, tenths = next(calls, ("answers", 1))
        if fate == "unreached":
            raise Unavailable("no connection")
        seen[request.turn.run] += 1
        assert request.on_sent is not None
        request.on_sent()
        await asyncio.sleep(tenths / 10)
        match fate:
            case "429":
                raise RateLimited("above", status=429, retry_after=tenths / 10)
            case "503":
                raise Overloaded("busy", status=503)
            case "cut":
                billed += WORST.usd or 0
                raise StreamCut("cut")
        billed += 5 * PRICE.output / 1_000_000
        return Completion(text="", usage=Usage(prompt_tokens=0, completion_tokens=5))

    async def main() -> None:
        async with request_path(server, concurrency=concurrency, price_of=priced, account=engine) as path:

            async def one(number: int) -> None:
                run = ("one", "other")[number % 2]
                with suppress(ModelError, BudgetExceeded):
                    await path(ask(run=run, turn=str(number), account=accounts[run]))

            await all_of(*(lambda n=n: one(n) for n in range(10)))

    virtual_time.run(main())
    assert sum(seen.values()) == engine.spent.requests <= engine_requests
    for name, account in accounts.items():
        assert seen[name] == account.spent.requests <= own_requests
    assert engine.spent.usd is not None
    assert billed == engine.spent.usd <= WORST.usd * quarters / 4
    assert engine.reserved == NOTHING


@pytest.mark.parametrize(
    ("error", "booked"),
    [
        (RateLimited("above", status=429), SENT),
        (Unavailable("no connection"), NOTHING),
        (Unavailable("reset", billed="possibly"), WORST),
        (Ambiguous("timed out", billed="possibly"), WORST),
        (StreamCut("cut"), WORST),
        (EmptyCompletion("length", billed="yes", spent=Spent(10, 20)), Spend(1, 30, Decimal(90) / 1_000_000)),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_a_failed_attempt_is_booked_by_what_it_may_have_cost(error: Exception, booked: Spend):
    """A send if it was not billed, the real tokens if known, the worst case if not; what was unsent is free."""
    budget = Budget(usd=Decimal(1))

    def fail(_number: int) -> Exception:
        return error

    async def main() -> None:
        with pytest.raises(type(error)):
            await Pool(Talker(raises=fail), price_of=priced)(ask(account=budget))

    virtual_time.run(main())
    assert budget.spent == booked


def test_an_attempt_cancelled_before_it_was_written_costs_nothing_where_writes_are_told():
    """Once a model has told of a write, silence means that nothing was sent."""
    budget = Budget(requests=9)
    talker = Talker(write_delay=1.0)

    async def main() -> None:
        pool = Pool(talker)
        await pool(ask(account=budget))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await pool(ask(account=budget))
        assert budget.spent.requests == 1
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await pool(ask(account=budget))
        assert budget.spent.requests == 2

    virtual_time.run(main())


def test_what_never_fits_says_what_was_left_and_what_was_needed_before_any_wait():
    """The error names the model, the bound, what is left and what the request may need."""
    budget = Budget(tokens=50)

    async def main() -> None:
        pool = Pool(Talker(), limits_of=lambda _: Limits(requests_per_minute=0.3))
        await pool(ask())
        with pytest.raises(BudgetExceeded, match=r"house:talker: the budget of 50 tokens has 50 left, .* may need \d+"):
            await pool(ask(account=budget))
        assert virtual_time.now() == 1.0

    virtual_time.run(main())


def test_an_unknown_price_under_a_budget_of_money_is_an_error_before_sending():
    """Unknown is not free; under a bound on requests alone it is no matter."""
    talker = Talker()

    async def main() -> None:
        with pytest.raises(BudgetExceeded, match="house:talker: no price is known") as caught:
            await Pool(talker)(ask(account=Budget(usd=Decimal(1))))
        assert caught.value.dimension == "usd"
        requests = Budget(requests=1)
        await Pool(talker)(ask(account=requests))
        assert requests.spent == Spend(1, most_prompt_tokens(ask()) + 100, None)

    virtual_time.run(main())
    assert len(talker.texts) == 1


def test_a_debate_that_waits_for_its_own_budget_holds_nobody_else_back():
    """Its money is of no use to the others, so they go first; it goes when its own requests have settled."""
    poor = Budget(tokens=2 * worst_spend(ask("p1"), None).tokens)
    talker = Talker(takes=3.0, usage=Usage(prompt_tokens=1, completion_tokens=1))

    async def main() -> None:
        async with (
            request_path(talker, concurrency=4, limits_of=lambda _: Limits(start=None)) as path,
            asyncio.TaskGroup() as group,
        ):
            for text in ("p1", "p2", "p3", "p4"):
                group.create_task(path(ask(text, run="poor", priority=5, account=poor)))
            for text in ("r1", "r2", "r3"):
                group.create_task(path(ask(text, run="rich")))
            await asyncio.sleep(0.1)
            assert talker.texts == ["p1", "p2", "r1", "r2"]

    virtual_time.run(main())
    assert talker.texts == ["p1", "p2", "r1", "r2", "r3", "p3", "p4"]


def test_when_the_one_who_waits_for_the_budget_leaves_the_next_goes_at_once():
    """What held the line is gone with it, not with the next event."""
    budget = Budget(tokens=worst_spend(ask("held", max_tokens=500), None).tokens)
    talker = Talker(takes=50.0)

    async def main() -> None:
        pool = Pool(talker)
        async with asyncio.TaskGroup() as group:
            group.create_task(pool(ask("first", max_tokens=10, account=budget)))
            await asyncio.sleep(1)
            large = group.create_task(pool(ask("held", max_tokens=500, account=budget)))
            group.create_task(pool(ask("small", max_tokens=10, account=budget)))
            await asyncio.sleep(1)
            assert talker.texts == ["first"]
            large.cancel()
            await asyncio.sleep(1)
            assert talker.texts == ["first", "small"]

    virtual_time.run(main())


def test_a_request_waits_for_what_is_set_aside_and_then_goes():
    """Two fit one after the other, not together."""
    budget = Budget(tokens=WORST.tokens + 10)
    talker = Talker(usage=Usage(prompt_tokens=3, completion_tokens=2))

    async def main() -> float:
        pool = Pool(talker)
        await all_of(lambda: pool(ask("Should we?", account=budget)), lambda: pool(ask("Should we?", account=budget)))
        return virtual_time.now()

    assert virtual_time.run(main()) == 2.0
    assert budget.spent.tokens == 10


def test_the_account_of_the_engine_stands_beside_the_debates_own():
    """Both are charged, and both can refuse."""
    own, engine = Budget(requests=5), Budget(requests=1)

    async def main() -> None:
        pool = Pool(Talker(), account=engine)
        await pool(ask(account=own))
        with pytest.raises(BudgetExceeded, match="budget of 1 requests has 0 left"):
            await pool(ask(account=own))

    virtual_time.run(main())
    assert (own.spent.requests, engine.spent.requests) == (1, 1)
    assert own.reserved == NOTHING


def test_every_attempt_of_a_retry_is_admitted_and_booked_afresh():
    """A retry pays again; what was refused in between costs its send and nothing else."""
    budget = Budget(requests=3, usd=Decimal(1))
    calls = [Overloaded("busy"), Ambiguous("lost", billed="possibly"), None]

    async def main() -> Completion:
        async with request_path(Talker(raises=lambda number: calls[number]), price_of=priced) as path:
            return await path(ask(account=budget))

    assert virtual_time.run(main()).attempts == 3
    assert budget.spent.requests == 3
    assert budget.spent.usd == 2 * (WORST.usd or 0)


def test_a_reported_cost_counts_before_a_computed_one_and_a_copy_costs_nothing():
    """What the provider charged is the truth; a completion from a cache was paid for before."""
    budget = Budget(usd=Decimal(1))

    async def reporting(_request: Request) -> Completion:
        return Completion(text="", reported_cost=Decimal("0.01"))

    async def cached(_request: Request) -> Completion:
        return Completion(text="", source="cache", usage=Usage(prompt_tokens=9, completion_tokens=9))

    async def main() -> None:
        for model in (reporting, cached):
            await Pool(model, price_of=priced)(ask(account=budget))

    virtual_time.run(main())
    assert budget.spent.usd == Decimal("0.01")


def test_spending_of_an_earlier_part_counts():
    """A resumed run has what is left and no more."""
    budget = Budget(requests=3, spent=Spend(2, 10, Decimal(0)))
    first = budget.reserve(Spend(1, 1, None))
    assert first is not None
    assert budget.reserve(Spend(1, 1, None)) is None
    first.settle(Spend(1, 1, None))
    with pytest.raises(RuntimeError, match="settled before"):
        first.settle(NOTHING)
    with pytest.raises(BudgetExceeded):
        budget.reserve(Spend(1, 1, None))


@pytest.mark.parametrize("bound", [{"usd": Decimal(-1)}, {"usd": Decimal("NaN")}, {"requests": -1}, {"tokens": -1}])
def test_a_budget_refuses_bounds_that_make_no_sense(bound: dict[str, int]):
    """Negative and NaN are mistakes of the caller."""
    with pytest.raises(ValueError, match="must be a number of 0 or more"):
        Budget(**bound)  # type: ignore[arg-type]
