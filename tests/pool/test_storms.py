"""What a provider's refusals do to a scope: one pause, one probe, a ramp, one cut."""

from __future__ import annotations

import asyncio

import pytest
import virtual_time
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_asking import Talker, all_of, ask, raising

from debate.errors import ModelError, Overloaded, RateLimited
from debate.models.port import Completion, ModelRef, Notice, Request, Waiting
from debate.pool.concurrency import AdaptiveLimit
from debate.pool.limits import Limits
from debate.pool.path import RequestPath, request_path
from debate.pool.pool import Pool
from debate.pool.retry_budget import RetryBudget


class Storm:
    """Refuses everything for ``lasts`` seconds, then answers everything."""

    def __init__(self, *, lasts: float, retry_after: float | None = None) -> None:
        self.lasts = lasts
        self.retry_after = retry_after
        self.refused: list[float] = []
        self.answered: list[float] = []

    async def __call__(self, request: Request) -> Completion:
        """Refuse or answer."""
        assert request.on_sent is not None
        request.on_sent()
        await asyncio.sleep(0.2)
        now = virtual_time.now()
        if now < self.lasts:
            self.refused.append(now)
            raise RateLimited("above your rate", status=429, retry_after=self.retry_after)
        self.answered.append(now)
        return Completion(text="calm")


@pytest.mark.parametrize("retry_after", [None, 2.0, 25.0])
@pytest.mark.parametrize("bound", [10, 50])
@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_storm_of_refusals_is_weathered(bound: int, retry_after: float | None, rng):  # noqa: ANN001 - hypothesis' own type
    """Fifty wait while all is refused for 30 s: attempts stay within the retry budget, and all finish after it."""
    storm = Storm(lasts=30.0, retry_after=retry_after)

    async def main() -> tuple[list[Completion], float]:
        async with request_path(storm, concurrency=bound, rng=rng) as path:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(path(ask(str(number)))) for number in range(50)]
            return [task.result() for task in tasks], virtual_time.now()

    completions, took = virtual_time.run(main())
    assert len(completions) == 50
    first_wave = 8
    charged_retries = 100 // 5
    assert len(storm.refused) <= first_wave + charged_retries
    assert sum(completion.attempts for completion in completions) == 50 + len(storm.refused)
    assert max(completion.attempts for completion in completions) <= 5
    assert took < 30 + 60 + 30


def test_those_who_are_refused_together_pause_together_then_one_probes_then_a_ramp():
    """No more than one goes when the pause is over, then two, then four."""
    sent: list[float] = []

    async def model(request: Request) -> Completion:
        assert request.on_sent is not None
        request.on_sent()
        sent.append(virtual_time.now())
        await asyncio.sleep(1.0)
        if len(sent) <= 8:
            raise RateLimited("above", status=429, retry_after=20.0)
        return Completion(text="")

    async def main() -> None:
        async with request_path(model, concurrency=8) as path:
            await all_of(*(lambda n=n: path(ask(str(n))) for n in range(20)))

    virtual_time.run(main())
    waves: dict[float, int] = {}
    for at in sent:
        waves[round(at, 6)] = waves.get(round(at, 6), 0) + 1
    starts = sorted(waves)
    assert starts[0] == 0.0
    assert 21.0 <= starts[1] <= 23.0
    assert [waves[start] for start in starts[:4]] == [8, 1, 2, 4]


def test_everybody_in_line_is_told_of_a_pause():
    """The reason is exactly `paused after 429`, with the seconds."""
    notices: list[Notice] = []
    talker = Talker(takes=1.0, raises=raising(RateLimited("above", status=429, retry_after=40.0)))

    async def main() -> None:
        pool = Pool(talker, concurrency=1)

        async def first() -> None:
            with pytest.raises(RateLimited):
                await pool(ask("first"))

        await all_of(first, lambda: pool(ask("second", notices=notices)))

    virtual_time.run(main())
    assert all(isinstance(notice, Waiting) for notice in notices)
    reasons = [(notice.reason, notice.seconds) for notice in notices if isinstance(notice, Waiting)]
    assert reasons[0] == ("concurrency limit", 0.0)
    assert reasons[1][0] == "paused after 429"
    assert 40.0 <= reasons[1][1] <= 42.0


def test_a_pause_too_long_to_wait_for_fails_everybody_who_would_wait():
    """They hear how long it is, and later ones likewise until it is short enough."""
    talker = Talker(takes=0.0, raises=raising(RateLimited("tomorrow", status=429, retry_after=3600.0)))

    async def main() -> None:
        async with request_path(talker, concurrency=1) as path:

            async def refused(text: str) -> None:
                with pytest.raises(RateLimited) as caught:
                    await path(ask(text))
                assert caught.value.retry_after is not None
                assert caught.value.retry_after >= 3600 - 1

            await all_of(*(lambda text=text: refused(text) for text in "abc"))
            await refused("d")
            await asyncio.sleep(3500)
            assert (await path(ask("e"))).text == "re: e"
        assert virtual_time.now() >= 3600

    virtual_time.run(main())
    assert talker.texts == ["a", "e"]


def test_a_pause_holds_its_own_scope_only():
    """Another model behind the same key goes on."""

    async def model(request: Request) -> Completion:
        if request.model.id == "busy" and virtual_time.now() < 10:
            raise RateLimited("above", status=429, retry_after=30.0)
        return Completion(text="")

    async def main() -> float:
        async with request_path(model) as path:
            calm = 0.0

            async def other() -> None:
                nonlocal calm
                await asyncio.sleep(1)
                await path(ask("b", model=ModelRef("house", "calm")))
                calm = virtual_time.now()

            await all_of(lambda: path(ask("a", model=ModelRef("house", "busy"))), other)
        return calm

    assert virtual_time.run(main()) == 1.0


def test_limits_grow_only_when_used_and_double_until_the_first_cut():
    """8, 16, 32 while every round is clean and in full use; idle answers teach nothing."""
    limit = AdaptiveLimit(start=8, ceiling=40)
    for _ in range(100):
        limit.answered(0.0, in_flight=3)
    assert limit.limit == 8
    seen = []
    for _ in range(60):
        limit.answered(0.0, in_flight=limit.limit)
        seen.append(limit.limit)
    assert sorted(set(seen)) == [8, 16, 32, 40]
    assert limit.limit == 40


def test_one_cut_an_episode():
    """Twenty refusals of requests under way together cut once; the cooldown holds growth and further cuts."""
    limit = AdaptiveLimit(start=20, ceiling=20)
    for _ in range(20):
        limit.refused(1.0, admitted_at=0.0, wait=0.5)
    assert limit.limit == 15
    for _ in range(100):
        limit.answered(10.0, in_flight=15)
    limit.refused(15.9, admitted_at=10.0, wait=0.5)
    assert limit.limit == 15
    limit.refused(31.0, admitted_at=30.95, wait=60.0)
    assert limit.limit == 11
    for _ in range(11):
        limit.answered(90.0, in_flight=11)
    assert limit.limit == 11  # the server asked for 60 s, so the cooldown lasts as long
    for _ in range(11):
        limit.answered(92.0, in_flight=11)
    assert limit.limit == 12
    assert [change.new for change in limit.history] == [15, 11, 12]


def test_a_503_pauses_growth_and_cuts_nothing():
    """The provider's capacity is not our rate."""
    limit = AdaptiveLimit(start=8, ceiling=64)
    limit.overloaded(0.0)
    for _ in range(50):
        limit.answered(10.0, in_flight=8)
    assert limit.limit == 8
    for _ in range(8):
        limit.answered(15.0, in_flight=8)
    assert limit.limit == 16


def test_the_pool_tells_the_limit_what_happened():
    """In a pool: growth below the bound, a cut after a 429, none after a 503."""

    async def run_with(error: ModelError | None) -> RequestPath:
        talker = Talker(takes=1.0, raises=raising(error))
        async with request_path(talker, concurrency=64) as path:
            await all_of(*(lambda n=n: path(ask(str(n))) for n in range(16)))
        return path

    limits = [
        virtual_time.run(run_with(error)).counters().scopes[0].limit
        for error in (None, Overloaded("full", status=503), RateLimited("above", status=429))
    ]
    assert limits == [16, 8, 6]


def test_start_and_concurrency_bound_a_scope():
    """Each field of the limits has its effect."""
    seen = []
    for limits in (Limits(start=3), Limits(concurrency=2), Limits(start=None)):
        talker = Talker(takes=1.0)

        async def main(limits: Limits = limits, talker: Talker = talker) -> None:
            pool = Pool(talker, concurrency=9, limits_of=lambda _: limits)
            async with asyncio.TaskGroup() as group:
                for number in range(20):
                    group.create_task(pool(ask(str(number))))
                await asyncio.sleep(0.5)
                seen.append(talker.in_flight)

        virtual_time.run(main())
    assert seen == [3, 2, 9]


def test_an_account_bounds_the_concurrency_of_its_models():
    """Two models behind one key share its slots."""
    talker = Talker()

    async def main() -> None:
        pool = Pool(talker, account_limits_of=lambda _: Limits(concurrency=3))
        await all_of(*(lambda n=n: pool(ask(str(n), model=ModelRef("house", f"m{n % 2}"))) for n in range(12)))

    virtual_time.run(main())
    assert talker.most_in_flight == 3


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 5)), max_size=200))
def test_the_retry_budget_stays_in_its_bounds(events: list[tuple[bool, bool, int]]):
    """It never goes below nothing nor above its capacity, and an answered retry gives back what it took."""
    budget = RetryBudget()
    for now, (throttled, answered, age) in enumerate(events):
        before = budget.tokens
        paid = budget.take(throttled=throttled, sent_at=now - age, now=now)
        assert 0 <= budget.tokens <= before
        if answered:
            budget.answered(2, paid or 0)
            assert budget.tokens == before
        budget.answered(1, 0)
        assert budget.tokens <= 100
