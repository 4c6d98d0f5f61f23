"""What the source document's rate limiter, error handler and pool do wrong, each shown to be done right here."""

from __future__ import annotations

import asyncio
import math
import random
import time

import pytest
import virtual_time
from pool_asking import Talker, all_of, ask, most_in_any, raising

from debate.errors import (
    Ambiguous,
    ModelError,
    ModelNotAvailable,
    PaymentRequired,
    RateLimited,
    Refused,
    SettingsError,
    Unavailable,
)
from debate.models.port import AttemptFailure, Completion, ModelRef, Notice, Request, Waiting
from debate.pool.limits import Limits
from debate.pool.path import request_path
from debate.pool.pool import Pool
from debate.pool.presets import preset
from debate.pool.retry import Retry
from debate.transcript.usage import Usage


def written_at(limits: Limits, count: int, *, usage: Usage | None = None, max_tokens: int = 100) -> list[float]:
    """When each of ``count`` requests asked at once is written."""
    talker = Talker(takes=0.01, usage=usage)

    async def main() -> None:
        async with request_path(talker, concurrency=100, limits_of=lambda _: limits) as path:
            await all_of(*(lambda n=n: path(ask(str(n), max_tokens=max_tokens)) for n in range(count)))

    virtual_time.run(main())
    return talker.times


def outcome_of(*errors: Exception | None) -> tuple[Talker, list[Notice], float, Exception | None]:
    """One request that meets ``errors``: who was asked, what was told, how long it took, how it ended."""
    talker, notices, took = Talker(takes=0, raises=raising(*errors)), [], 0.0
    ended: Exception | None = None

    async def main() -> None:
        nonlocal took, ended
        async with request_path(talker) as path:
            try:
                await path(ask(notices=notices))
            except Exception as error:  # noqa: BLE001 - any ending is an outcome
                ended = error
            took = virtual_time.now()

    virtual_time.run(main())
    return talker, notices, took, ended


# -- the rate limiter ------------------------------------------------------------


def test_limiter_obsolete_tiers_are_not_the_default():
    """Without a setting no rate of any tier holds: a hundred requests go as fast as they are answered."""
    assert max(written_at(Limits(), 100)) < 1.0


def test_limiter_fractional_rate_is_not_one_a_minute():
    """There 0.3 a minute let one request a minute through; it is one in 200 s."""
    first, second, third = written_at(Limits(requests_per_minute=0.3), 3)
    assert second - first == pytest.approx(200, rel=1e-3)
    assert third - second == pytest.approx(200, rel=1e-3)


@pytest.mark.parametrize("text", ["custom", "unlimited"])
def test_limiter_words_for_numbers_are_not_unlimited(text: str):
    """There 'custom' compared as NaN, so nothing was limited; here it is no number."""
    with pytest.raises(TypeError):
        Limits(requests_per_second=text)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="as your contract says"):
        preset("enterprise")


def test_limiter_unknown_tier_is_a_clear_error():
    """There an unknown tier was a TypeError at the first request."""
    with pytest.raises(SettingsError, match=r"no tier 'build3-4'; did you mean 'build3_4'\?"):
        preset("build3-4")


def test_limiter_check_then_record_race():
    """There all concurrent callers passed the check before one was recorded; here fifty at once pass ten a second."""
    assert most_in_any(written_at(Limits(start=None, requests_per_second=10), 50), 1.0) == 10


def test_limiter_rollover_does_not_burst_twice():
    """There the minute's reset erased the history, so two bursts met at the boundary."""
    times = written_at(Limits(start=None, requests_per_minute=60), 150)
    assert most_in_any(times, 60.0) == 60


def test_limiter_one_bucket_for_all_models():
    """There every model shared one bucket; here each has its own."""
    talker = Talker(takes=0.01)

    async def main() -> None:
        async with request_path(talker, limits_of=lambda _: Limits(requests_per_minute=1)) as path:
            await all_of(*(lambda n=n: path(ask(str(n), model=ModelRef("house", f"m{n}"))) for n in range(5)))

    virtual_time.run(main())
    assert max(talker.times) < 1.0


def test_limiter_wait_is_what_is_left_of_the_window():
    """There the wait for the second was always a whole second."""
    notices: list[Notice] = []
    talker = Talker(takes=0.01)

    async def main() -> None:
        pool = Pool(talker, limits_of=lambda _: Limits(requests_per_second=1))
        await pool(ask("one"))
        await asyncio.sleep(0.69)
        await pool(ask("two", notices=notices))

    virtual_time.run(main())
    (wait,) = notices
    assert isinstance(wait, Waiting)
    assert wait.reason == "qps limit"
    assert wait.seconds == pytest.approx(0.305, abs=0.01)


def test_limiter_request_above_the_token_limit_does_not_wait_for_ever():
    """There it was told to wait, for ever."""
    with pytest.raises(ExceptionGroup) as caught:
        written_at(Limits(tokens_per_minute=50), 1)
    assert caught.group_contains(Refused, match="may take 50 in a minute")


def test_limiter_estimates_are_reconciled_with_usage():
    """There an estimate stayed booked; here a minute with room for 9 estimates takes 50 small requests."""
    usage = Usage(prompt_tokens=5, completion_tokens=5)
    times = written_at(Limits(start=None, tokens_per_minute=1000), 50, usage=usage)
    assert max(times) < 1.0
    assert max(written_at(Limits(start=None, tokens_per_minute=1000), 50)) > 60.0


def test_limiter_waits_in_order_instead_of_giving_advice():
    """There every caller was told a time and polled again, so whoever came first by chance went first."""
    talker = Talker(takes=0.01)

    async def main() -> None:
        pool = Pool(talker, limits_of=lambda _: Limits(start=None, requests_per_second=2))
        await all_of(*(lambda n=n: pool(ask(str(n))) for n in range(20)))

    virtual_time.run(main())
    assert talker.texts == [str(number) for number in range(20)]


def test_limiter_wall_clock_is_not_used(monkeypatch: pytest.MonkeyPatch):
    """There setting the computer's clock back stopped all requests; here nothing reads it."""

    def jump() -> float:
        raise AssertionError("the wall clock was read")

    monkeypatch.setattr(time, "time", jump)
    assert len(written_at(Limits(start=None, requests_per_second=2), 5)) == 5


def test_limiter_heeds_what_the_server_says():
    """There response headers were ignored; here a 429 holds the whole scope for as long as the server asked."""
    talker = Talker(takes=0, raises=raising(RateLimited("above", status=429, retry_after=30.0)))

    async def main() -> None:
        async with request_path(talker, concurrency=1) as path:
            await all_of(lambda: path(ask("one")), lambda: path(ask("two")))

    virtual_time.run(main())
    assert sorted(talker.times)[1] >= 30.0


# -- the error handler ------------------------------------------------------------


@pytest.mark.parametrize("said", [math.nan, math.inf, -5.0, 0.0])
def test_handler_a_wait_that_is_none_is_not_a_hot_loop(said: float):
    """There NaN and 0 retried at once, five times within milliseconds."""
    talker, _, took, ended = outcome_of(*[RateLimited("above", status=429, retry_after=said)] * 5)
    assert isinstance(ended, RateLimited)
    assert len(talker.times) == 5
    assert took > 1.0
    assert min(later - earlier for earlier, later in zip(talker.times, talker.times[1:], strict=False)) >= 0.05


def test_handler_a_day_is_not_slept():
    """There any Retry-After was waited for; here the wait is in the error, at once."""
    _, _, took, ended = outcome_of(RateLimited("above", status=429, retry_after=86_400.0))
    assert isinstance(ended, RateLimited)
    assert ended.retry_after == 86_400.0
    assert took == 0.0


def test_handler_server_waits_are_scattered():
    """There all who were told the same time came back together."""

    async def main() -> list[float]:
        talker = Talker(takes=0, raises=lambda number: RateLimited("x", retry_after=8.0) if number < 20 else None)
        retry = Retry(talker)
        await all_of(*(lambda n=n: retry(ask(str(n))) for n in range(20)))
        return talker.times[20:]

    back = virtual_time.run(main())
    assert min(back) >= 8.0
    assert len({round(at, 3) for at in back}) > 10


def test_handler_errors_carry_their_data():
    """There an Error held a text alone, so nothing could see a status or a code."""
    error = Refused("too long", status=400, code="context_length", error_type="invalid", request_id="r-9")
    _, _, _, ended = outcome_of(error)
    assert ended is error
    assert (error.status, error.code, error.error_type, error.request_id) == (400, "context_length", "invalid", "r-9")


def test_handler_network_errors_are_retried():
    """There the code of a lost connection was looked for in the wrong place."""
    talker, _, _, ended = outcome_of(Unavailable("connection reset"))
    assert ended is None
    assert len(talker.texts) == 2


def test_handler_server_errors_back_off_with_jitter():
    """There every client came back after exactly 1, 2 and 4 s."""
    waits = set()
    for _ in range(5):
        talker, _, _, _ = outcome_of(Unavailable("500", status=500))
        waits.add(round(talker.times[1], 4))
        assert 0.05 <= talker.times[1] <= 1.0
    assert len(waits) > 1


def test_handler_the_real_error_is_raised_not_max_retries_exceeded():
    """There the last 429 or 5xx was lost."""
    _, _, _, ended = outcome_of(*[Unavailable(f"bad gateway {n}", status=502) for n in range(5)])
    assert isinstance(ended, Unavailable)
    assert str(ended) == "bad gateway 4"


def test_handler_the_last_attempt_does_not_sleep():
    """There the wait came before the failure, not before another attempt."""
    _, notices, took, _ = outcome_of(*[Unavailable("down", status=500) for _ in range(5)])
    failures = [notice for notice in notices if isinstance(notice, AttemptFailure)]
    assert [failure.retry_in is None for failure in failures] == [False] * 4 + [True]
    assert took == pytest.approx(sum(failure.retry_in or 0.0 for failure in failures))


def test_handler_billed_calls_are_not_replayed_blindly():
    """There a timeout after sending was sent again until the retries ran out, each time on the bill."""
    talker, _, _, ended = outcome_of(*[Ambiguous("timed out", billed="possibly")] * 5)
    assert isinstance(ended, Ambiguous)
    assert len(talker.texts) == 2


@pytest.mark.parametrize(
    "error", [PaymentRequired("x", status=402), Refused("x", status=403), ModelNotAvailable("x", status=404)]
)
def test_handler_refusals_keep_their_class(error: ModelError):
    """There 402, 403 and 404 were one Error."""
    talker, _, _, ended = outcome_of(error)
    assert ended is error
    assert len(talker.texts) == 1


def test_handler_a_wait_can_be_broken_off():
    """There a backoff could not be aborted; here a cancelled request is gone at once, and so is its wait."""

    async def main() -> float:
        async with request_path(Talker(raises=raising(RateLimited("x", retry_after=100.0)))) as path:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await path(ask())
        return virtual_time.now()

    assert virtual_time.run(main()) == 5.0


def test_handler_prints_nothing(capsys: pytest.CaptureFixture[str]):
    """There a library wrote to the console; here whoever asked is told."""
    _, notices, _, _ = outcome_of(RateLimited("above", status=429), Unavailable("down"))
    assert len(notices) >= 2
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_handler_backs_off_together():
    """There each caller learnt of a 429 for itself; here the first refusal holds all who wait in its scope."""
    talker = Talker(takes=0.1, raises=raising(*[RateLimited("above", retry_after=10.0)] * 4))

    async def main() -> None:
        async with request_path(talker, concurrency=4, rng=random.Random(3)) as path:
            await all_of(*(lambda n=n: path(ask(str(n))) for n in range(40)))

    virtual_time.run(main())
    assert sum(at < 10.0 for at in talker.times) == 4


# -- the pool ------------------------------------------------------------


def test_pool_no_slot_is_held_during_backoff():
    """There ten throttled calls stalled everything."""
    texts = []

    async def model(request: Request) -> Completion:
        texts.append(request.messages[0].content)
        if texts.count(request.messages[0].content) == 1 and request.messages[0].content != "eleventh":
            raise Unavailable("down", retry_after=60.0)
        return Completion(text="")

    async def main() -> float:
        async with request_path(model, concurrency=10) as path, asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(path(ask(str(number))))
            await asyncio.sleep(1)
            await path(ask("eleventh"))
            return virtual_time.now()

    assert virtual_time.run(main()) == 1.0


def test_pool_obeys_the_rates():
    """There limiter and pool knew nothing of each other."""
    assert most_in_any(written_at(Limits(requests_per_second=3), 20), 1.0) == 3


def test_pool_has_priorities_and_takes_turns():
    """There the queue was one line, so a debate of a hundred turns blocked a debate of one."""
    talker = Talker()

    async def main() -> None:
        pool = Pool(talker, concurrency=1)
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(pool(ask(f"long{number}", run="long")))
            await asyncio.sleep(0)
            group.create_task(pool(ask("short", run="short")))
            group.create_task(pool(ask("critical", run="long", priority=9)))

    virtual_time.run(main())
    assert talker.texts[:4] == ["long0", "critical", "long1", "short"]


def test_pool_a_waiting_request_can_be_cancelled():
    """There a queued request could only be waited for; here it leaves the line and is never sent."""
    talker = Talker()

    async def main() -> None:
        pool = Pool(talker, concurrency=1)
        async with asyncio.TaskGroup() as group:
            group.create_task(pool(ask("one")))
            await asyncio.sleep(0)
            two = group.create_task(pool(ask("two")))
            await asyncio.sleep(0)
            two.cancel()

    virtual_time.run(main())
    assert talker.texts == ["one"]


def test_pool_a_failure_does_not_stall_the_queue():
    """There the queue went on in a promise nobody awaited; here a bug in a model ends its own request and no other."""
    talker = Talker(raises=raising(ZeroDivisionError()))
    ended = []

    async def main() -> None:
        async with request_path(talker, concurrency=1) as path:

            async def first() -> None:
                with pytest.raises(ZeroDivisionError):
                    await path(ask("first"))

            async def second() -> None:
                ended.append((await path(ask("second"))).text)

            await all_of(first, second)

    virtual_time.run(main())
    assert ended == ["re: second"]


def test_pool_ends_with_its_context():
    """There nothing could be shut down; here whoever is still under way is cancelled, and nothing stays behind."""
    talker = Talker(takes=1000.0)

    async def main() -> float:
        async with asyncio.TaskGroup() as group, request_path(talker, concurrency=2) as path:
            for number in range(6):
                group.create_task(path(ask(str(number))))
            await asyncio.sleep(1)
        return virtual_time.now()

    assert virtual_time.run(main()) == 1.0
    assert talker.in_flight == 0


def test_pool_identical_requests_are_asked_once():
    """There deduplication stood on the checklist alone."""
    talker = Talker()

    async def main() -> None:
        async with request_path(talker) as path:
            await all_of(*(lambda: path(ask("same", temperature=0.0)) for _ in range(5)))
            assert path.shared == 4

    virtual_time.run(main())
    assert len(talker.texts) == 1
