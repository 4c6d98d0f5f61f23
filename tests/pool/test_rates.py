"""Rates and token limits: never above a limit in any window, and no slower than they must be."""

from __future__ import annotations

import asyncio
import math
import random

import pytest
import virtual_time
from asyncio_throttle.throttler import Throttler
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_asking import Talker, all_of, ask, most_in_any, raising

from debate.errors import RateLimited
from debate.models.port import Completion, Notice, Request, Waiting
from debate.pool.budget import Budget
from debate.pool.estimate import Estimator, most_prompt_tokens
from debate.pool.limits import Limits
from debate.pool.margin import FLOOR, Margin
from debate.pool.path import request_path
from debate.pool.pool import Pool
from debate.pool.rates import rates
from debate.transcript.usage import Usage


def written_under(limits: Limits, arrivals: list[float], *, write_delays: list[float], account: Limits | None = None):
    """When each of the requests that arrive at ``arrivals`` was written."""
    written: list[float] = []

    async def model(request: Request) -> Completion:
        await asyncio.sleep(write_delays[len(written) % len(write_delays)])
        written.append(virtual_time.now())
        assert request.on_sent is not None
        request.on_sent()
        await asyncio.sleep(0.3)
        return Completion(text="")

    async def main() -> None:
        pool = Pool(
            model,
            concurrency=50,
            limits_of=lambda _: limits,
            account_limits_of=lambda _: account or Limits(),
        )

        async def one(at: float) -> None:
            await asyncio.sleep(at)
            await pool(ask(f"{at}"))

        await all_of(*(lambda at=at: one(at) for at in arrivals))

    virtual_time.run(main())
    assert len(written) == len(arrivals)
    return written


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([0.3, 0.5, 1, 2, 2.5, 7, 20]),
    st.sampled_from([None, 6, 31.5]),
    st.lists(st.floats(0, 5), min_size=1, max_size=40),
    st.lists(st.floats(0, 0.4), min_size=1, max_size=5),
)
def test_never_above_a_rate_in_any_window(
    second: float, minute: float | None, arrivals: list[float], delays: list[float]
):
    """Counted where the server counts, at the writes, whatever lies between a grant and its write."""
    limits = Limits(start=None, requests_per_second=second, requests_per_minute=minute)
    written = written_under(limits, arrivals, write_delays=delays)
    if second < 1:
        assert most_in_any(written, 1 / second) <= 1
    else:
        assert most_in_any(written, 1.0) <= math.ceil(second)
        assert most_in_any(written, 2.0) <= 2 * second
    if minute is not None:
        assert most_in_any(written, 60.0) <= math.ceil(minute)
        assert most_in_any(written, 120.0) <= 2 * minute


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 200)), min_size=1, max_size=30))
def test_never_above_the_tokens_of_a_minute(asked: list[tuple[int, int]]):
    """What is in flight counts in full, what was answered counts what it took; nobody is lost."""
    limit = 1000
    log: list[list[float]] = []

    async def model(request: Request) -> Completion:
        wanted, really = asked[int(request.messages[0].content)]
        row = [virtual_time.now(), float(Estimator().prompt_tokens(request) + wanted)]
        log.append(row)
        assert sum(tokens for at, tokens in log if at > row[0] - 60) <= limit
        assert request.on_sent is not None
        request.on_sent()
        await asyncio.sleep(1)
        used = min(wanted, really)
        row[1] = used + 7.0
        return Completion(text="", usage=Usage(prompt_tokens=7, completion_tokens=used))

    async def main() -> None:
        pool = Pool(model, concurrency=50, limits_of=lambda _: Limits(start=None, tokens_per_minute=limit))
        await all_of(*(lambda n=n, m=wanted: pool(ask(str(n), max_tokens=m)) for n, (wanted, _) in enumerate(asked)))

    virtual_time.run(main())
    assert len(log) == len(asked)


@pytest.mark.parametrize(
    ("rate", "period", "expected"),
    [
        (0.3, 60, [(1, 200)]),
        (0.5, 1, [(1, 2)]),
        (10, 1, [(10, 1)]),
        (2.5, 60, [(3, 60), (5, 120)]),
        (1200, 60, [(1200, 60)]),
    ],
)
def test_fractions_scale_the_period(rate: float, period: float, expected: list[tuple[int, float]]):
    """The throttle takes whole numbers; 0.3 a minute is one request every 200 s."""
    made = rates(rate, period, margin=Margin(), reason="rpm limit")
    assert [(each.limit, pytest.approx(each.period)) for each in made] == expected


def test_a_quota_is_used_in_full():
    """600 requests at 20 a second take 29 s and little more, though 100 wait all the time."""
    talker = Talker(takes=0.05)

    async def main() -> float:
        async with request_path(
            talker, concurrency=100, limits_of=lambda _: Limits(requests_per_second=20, start=None)
        ) as path:
            await all_of(*(lambda n=n: path(ask(str(n))) for n in range(600)))
        return virtual_time.now()

    assert 29.0 <= virtual_time.run(main()) <= 29.0 / 0.97


def test_a_wait_for_tokens_is_told_with_its_seconds():
    """The reason is exactly `tpm limit`, and the wait is what is left of the minute."""
    notices: list[Notice] = []
    talker = Talker(takes=0.0)

    async def main() -> None:
        pool = Pool(talker, limits_of=lambda _: Limits(tokens_per_minute=1000))
        await pool(ask("one", max_tokens=900))
        await asyncio.sleep(20)
        await pool(ask("two", max_tokens=900, notices=notices))

    virtual_time.run(main())
    (wait,) = notices
    assert isinstance(wait, Waiting)
    assert wait.reason == "tpm limit"
    assert wait.seconds == pytest.approx(40, rel=0.01)


def test_an_account_limit_holds_over_its_models():
    """Two models behind one key share what the key may send."""
    written = written_under(Limits(start=None), [0.0] * 30, write_delays=[0.0], account=Limits(requests_per_second=5))
    assert most_in_any(written, 1.0) == 5


def test_asyncio_throttle_grants_every_request():
    """It is the gate: each request passes its ``acquire``, and none of them ever waits there."""
    passed = 0
    acquire = Throttler.acquire

    async def counting(self: Throttler) -> None:
        nonlocal passed
        before = virtual_time.now()
        await acquire(self)
        assert virtual_time.now() == before
        passed += 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Throttler, "acquire", counting)
        written_under(Limits(start=None, requests_per_second=10), [0.0] * 45, write_delays=[0.01])
    assert passed == 45


def test_a_throttle_that_would_wait_after_all_costs_nothing():
    """When its clock disagrees with ours, the request keeps its place, no money is held, and it goes when it may."""
    budget = Budget(requests=1)
    refusals = 3
    acquire = Throttler.acquire

    async def reluctant(self: Throttler) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            assert budget.reserved.requests == 1
            await asyncio.sleep(1)
        await acquire(self)

    async def main() -> Completion:
        pool = Pool(Talker(takes=1.0), limits_of=lambda _: Limits(requests_per_second=10, requests_per_minute=60))
        return await pool(ask(account=budget))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Throttler, "acquire", reluctant)
        assert virtual_time.run(main()).timing.queued == pytest.approx(0.03)
    assert refusals == 0
    assert (budget.spent.requests, budget.reserved.requests) == (1, 0)


def test_a_model_that_never_tells_of_a_write_is_counted_from_its_end():
    """Later than the server counts, so never too early."""
    talker = Talker(takes=2.0, tells_writes=False)

    async def main() -> None:
        pool = Pool(talker, limits_of=lambda _: Limits(start=None, requests_per_second=1))
        await all_of(*(lambda n=n: pool(ask(str(n))) for n in range(3)))

    virtual_time.run(main())
    assert talker.times == pytest.approx([0.0, 3.005, 6.01])


def test_the_margin_follows_the_scatter_widens_on_a_refusal_and_calms_down():
    """A steady delay needs no margin beyond the floor; scatter and refusals do, within a share of the period."""
    steady, scattered = Margin(), Margin()
    rng = random.Random(1)
    for _ in range(200):
        steady.observe(0.02)
        scattered.observe(rng.choice([0.0, 0.04]))
    assert steady.seconds(60) == pytest.approx(FLOOR)
    assert 0.015 < scattered.seconds(60) < 0.04
    before = scattered.seconds(60)
    scattered.widen()
    scattered.widen()
    assert scattered.seconds(60) > 2 * before
    assert scattered.seconds(1) <= 0.1
    for _ in range(500):
        scattered.calm()
    assert scattered.seconds(60) == pytest.approx(before)


def test_a_refusal_widens_the_margin_of_its_scope():
    """After a 429 the gap between windows grows."""
    gaps = []
    for errors in ((), (None, RateLimited("above", status=429, retry_after=0.5))):
        talker = Talker(takes=0.01, raises=raising(*errors))

        async def main(talker: Talker = talker) -> None:
            async with request_path(talker, limits_of=lambda _: Limits(start=None, requests_per_second=1)) as path:
                for number in range(4):
                    await path(ask(str(number)))

        virtual_time.run(main())
        gaps.append(talker.times[-1] - talker.times[-2])
    assert gaps[0] == pytest.approx(1.005)
    assert gaps[1] > gaps[0]


def test_estimates_learn_from_usage():
    """A model that reads a token per byte is expected to, after a few calls; another model is not."""
    estimator = Estimator()
    request = ask("x" * 400)
    assert estimator.prompt_tokens(request) == 106
    for _ in range(20):
        estimator.observe(request, Usage(prompt_tokens=406, completion_tokens=1))
    assert estimator.prompt_tokens(request) == pytest.approx(406, rel=0.01)
    other = Request(model=request.model._replace(id="other"), messages=request.messages, max_tokens=1)
    assert estimator.prompt_tokens(other) == 106


@given(st.text(max_size=200))
def test_the_most_tokens_is_more_than_any_vocabulary_makes_of_a_text(text: str):
    """A token has at least one byte, lone surrogates included."""
    assert most_prompt_tokens(ask(text)) >= len(text.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("concurrency", 0),
        ("concurrency", 1.5),
        ("start", -1),
        ("requests_per_second", 0.0),
        ("requests_per_minute", math.nan),
        ("tokens_per_minute", math.inf),
    ],
)
def test_limits_refuse_what_makes_no_sense(field: str, value: float):
    """Zero, NaN and infinity are no limits: None is."""
    with pytest.raises(ValueError, match=field):
        Limits(**{field: value})  # type: ignore[arg-type]
