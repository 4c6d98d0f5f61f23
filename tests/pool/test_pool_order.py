"""Who goes next, and how many at once."""

from __future__ import annotations

import asyncio

import pytest
import virtual_time
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_asking import Talker, ask

from debate.errors import Refused
from debate.models.port import Completion, ModelRef, Notice, Waiting
from debate.pool.limits import Limits
from debate.pool.path import request_path
from debate.pool.pool import Pool

STEADY = Limits(start=None)


def test_never_more_in_flight_than_the_bound():
    """Sixty requests over three models share one bound of ten."""
    talker = Talker()

    async def main():
        pool = Pool(talker, concurrency=10, limits_of=lambda _: STEADY)
        async with asyncio.TaskGroup() as group:
            for number in range(60):
                group.create_task(pool(ask(str(number), model=ModelRef("house", f"m{number % 3}"))))
        return virtual_time.now(), pool.counters()

    took, counters = virtual_time.run(main())
    assert talker.most_in_flight == 10
    assert took == pytest.approx(6.0)
    assert (counters.in_flight, counters.waiting) == (0, 0)
    assert sum(scope.answered for scope in counters.scopes) == 60


def test_the_default_bound_is_ten():
    """Without an argument ten requests are in flight at once, once the scope has found that it may."""
    talker = Talker()

    async def main():
        async with request_path(talker) as path, asyncio.TaskGroup() as group:
            for number in range(100):
                group.create_task(path(ask(str(number))))

    virtual_time.run(main())
    assert talker.most_in_flight == 10


def test_priority_goes_first_then_debates_take_turns_then_first_come():
    """Priority, then round-robin over debates, then the order of arrival within a debate."""
    talker = Talker()

    async def main():
        pool = Pool(talker, concurrency=1)
        async with asyncio.TaskGroup() as group:
            group.create_task(pool(ask("first", run="z")))
            await asyncio.sleep(0)
            for run, texts in {"a": ("a1", "a2", "a3"), "b": ("b1",), "c": ("c1", "c2")}.items():
                for text in texts:
                    group.create_task(pool(ask(text, run=run)))
            group.create_task(pool(ask("urgent2", run="a", priority=2)))
            group.create_task(pool(ask("urgent1", run="c", priority=1)))

    virtual_time.run(main())
    assert talker.texts == ["first", "urgent2", "urgent1", "a1", "b1", "c1", "a2", "c2", "a3"]


places = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abc"), st.booleans()), max_size=40)


@settings(max_examples=150, deadline=None)
@given(places, st.integers(1, 4))
def test_the_order_is_strict_whatever_is_cancelled(asked: list[tuple[int, str, bool]], bound: int):
    """Within a priority and a debate nobody overtakes, a greater priority is never left waiting, and nobody is lost."""
    talker = Talker()

    async def main():
        pool = Pool(talker, concurrency=bound, limits_of=lambda _: STEADY)
        tasks = []
        async with asyncio.TaskGroup() as group:
            blockers = [group.create_task(pool(ask(f"blocker{i}", priority=9))) for i in range(bound)]
            await asyncio.sleep(0.1)
            for number, (priority, run, leaves) in enumerate(asked):
                task = group.create_task(pool(ask(f"{number}", run=run, priority=priority)))
                tasks.append((task, leaves))
            await asyncio.sleep(0.1)
            for task, leaves in tasks:
                if leaves:
                    task.cancel()
        assert all(task.done() for task in blockers)
        assert pool.counters().in_flight == 0
        assert pool.counters().waiting == 0

    virtual_time.run(main())
    went = [int(text) for text in talker.texts if not text.startswith("blocker")]
    stayed = [number for number, (_, _, leaves) in enumerate(asked) if not leaves]
    assert sorted(went) == stayed
    priorities = [asked[number][0] for number in went]
    assert priorities == sorted(priorities, reverse=True)
    for run in "abc":
        for priority in range(3):
            line = [n for n in went if asked[n][:2] == (priority, run)]
            assert line == sorted(line)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 50)), min_size=1, max_size=30),
    st.integers(1, 3),
    st.sampled_from([None, 3]),
)
def test_cancelling_in_any_state_leaks_nothing_and_grants_nothing_twice(
    cancels: list[tuple[int, int]], bound: int, per_second: int | None
):
    """A request may be cancelled in line, at its grant, on the wire or after: slots always come back."""
    talker = Talker(takes=0.7, write_delay=0.2)
    limits = Limits(start=None, requests_per_second=per_second)

    async def main():
        pool = Pool(talker, concurrency=bound, limits_of=lambda _: limits)

        async def cancel_later(task: asyncio.Task[Completion], tenths: int):
            await asyncio.sleep(tenths / 10)
            task.cancel()

        async with asyncio.TaskGroup() as group:
            for number, (tenths, start) in enumerate(cancels):

                async def one(number: int = number, tenths: int = tenths, start: int = start):
                    await asyncio.sleep(start / 10)
                    task = group.create_task(pool(ask(str(number))))
                    await cancel_later(task, tenths)

                group.create_task(one())
        assert pool.counters().in_flight == 0
        assert pool.counters().waiting == 0
        full = [asyncio.create_task(pool(ask(f"after{i}"))) for i in range(bound)]  # noqa: TID251 - cancelled below if lost
        await asyncio.wait(full)
        assert all(task.result().text for task in full)

    virtual_time.run(main())
    assert talker.most_in_flight <= bound
    assert len(talker.texts) == len(set(talker.texts))


def test_a_grant_that_meets_a_cancellation_in_the_same_turn_of_the_loop_is_given_back():
    """The slot is free again, and the next in line has it."""
    talker = Talker()

    async def main():
        pool = Pool(talker, concurrency=1)

        async def one_then_cancel() -> None:
            await pool(ask("one"))  # its end grants the slot to the next, whose task has not run yet
            two.cancel()

        async with asyncio.TaskGroup() as group:
            group.create_task(one_then_cancel())
            await asyncio.sleep(0)
            two = group.create_task(pool(ask("two")))
            three = group.create_task(pool(ask("three")))
        return two.cancelled(), three.result().text

    assert virtual_time.run(main()) == (True, "re: three")
    assert "two" not in talker.texts


def test_waits_are_told_with_their_reason():
    """Who has to wait hears why: the pool is full, or a rate is used up, and then for how long."""
    full: list[Notice] = []
    rated: list[Notice] = []

    async def main():
        pool = Pool(Talker(), concurrency=1)
        slow = Pool(Talker(), limits_of=lambda _: Limits(requests_per_minute=0.3))
        async with asyncio.TaskGroup() as group:
            for which, notices in ((pool, full), (slow, rated)):
                group.create_task(which(ask("one")))
                await asyncio.sleep(0)
                group.create_task(which(ask("two", notices=notices)))
        return virtual_time.now()

    took = virtual_time.run(main())
    assert [notice.reason for notice in full] == ["concurrency limit"]
    assert isinstance(rated[0], Waiting)
    assert rated[0].reason == "rpm limit"
    assert rated[0].seconds == pytest.approx(200, rel=0.01)
    assert took == pytest.approx(201, rel=0.01)


def test_a_callback_that_raises_fails_its_own_request_only():
    """The pool tells a request that it waits on behalf of another's reply; neither other request is harmed."""

    def explode(_notice: Notice):
        raise ZeroDivisionError

    async def main():
        pool = Pool(Talker(), concurrency=1)
        bad = ask("bad")
        bad = type(bad)(model=bad.model, messages=bad.messages, max_tokens=1, on_notice=explode)
        async with asyncio.TaskGroup() as group:
            good = [group.create_task(pool(ask("one")))]
            await asyncio.sleep(0)
            with pytest.raises(ZeroDivisionError):
                await pool(bad)
            good.append(group.create_task(pool(ask("two"))))
        return [task.result().text for task in good]

    assert virtual_time.run(main()) == ["re: one", "re: two"]


def test_a_request_that_waits_for_tokens_is_passed_over_a_bounded_number_of_times():
    """Small requests go round a large one that does not fit the minute yet, but not for ever."""
    talker = Talker(takes=0.1)

    async def main():
        pool = Pool(
            talker,
            concurrency=50,
            limits_of=lambda _: Limits(start=None, tokens_per_minute=1000),
            clock=virtual_time.now,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(pool(ask("opening", max_tokens=500)))
            await asyncio.sleep(1)
            group.create_task(pool(ask("large", max_tokens=900)))
            for number in range(60):
                await asyncio.sleep(1)
                group.create_task(pool(ask(f"small{number}", max_tokens=10)))

    virtual_time.run(main())
    before = talker.texts.index("large")
    assert 2 <= before <= 9  # the opening, and those that passed
    assert len(talker.texts) == 62


def test_a_request_larger_than_a_minute_of_tokens_is_a_clear_error():
    """It is refused before it waits, with what it needs and what there is."""

    async def main():
        pool = Pool(Talker(), limits_of=lambda _: Limits(tokens_per_minute=1000))
        with pytest.raises(Refused, match=r"about 2\d\d\d tokens .* may take 1000 in a minute"):
            await pool(ask("much", max_tokens=2000))
        return virtual_time.now()

    assert virtual_time.run(main()) == 0


def test_one_full_scope_does_not_hold_back_another():
    """A model whose rate is used up leaves the slots to the others."""
    talker = Talker()

    async def main():
        limits = {"slow": Limits(requests_per_minute=1), "fast": STEADY}
        pool = Pool(talker, limits_of=lambda scope: limits[scope.model])
        async with asyncio.TaskGroup() as group:
            slow = [group.create_task(pool(ask(f"s{i}", model=ModelRef("house", "slow")))) for i in range(20)]
            fast = [group.create_task(pool(ask(f"f{i}", model=ModelRef("house", "fast")))) for i in range(20)]
            await asyncio.sleep(5)
            done = sum(task.done() for task in fast)
            for task in slow:
                task.cancel()
        return done

    assert virtual_time.run(main()) == 20
