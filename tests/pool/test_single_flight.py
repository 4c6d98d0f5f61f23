"""Identical requests in flight share one call."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
import virtual_time
from hypothesis import given, settings
from hypothesis import strategies as st
from pool_asking import Talker, all_of, ask, raising

from debate.errors import BudgetExceeded, Unavailable
from debate.models.port import Completion, Delta, ModelRef, Notice, Request, ResponseFormat
from debate.pool.budget import Budget
from debate.pool.path import request_path
from debate.pool.retry import Retry
from debate.pool.single_flight import SingleFlight, flight_key


def same(**options: object) -> Request:
    """Requests that are identical, whatever turn they belong to."""
    return ask("same", temperature=0.0, **options)  # type: ignore[arg-type]


def test_identical_requests_share_one_call_and_say_so():
    """One is live, the others are shared and took no attempts."""
    talker = Talker()

    async def main() -> list[Completion]:
        async with SingleFlight(talker) as flight, asyncio.TaskGroup() as group:
            tasks = [group.create_task(flight(same(turn=f"t{n}"))) for n in range(3)]
        assert flight.shared == 2
        return [task.result() for task in tasks]

    completions = virtual_time.run(main())
    assert len(talker.texts) == 1
    assert [completion.source for completion in completions] == ["live", "shared", "shared"]
    assert [completion.attempts for completion in completions] == [1, 0, 0]


def test_two_debaters_who_ask_the_same_are_two_samples():
    """Above temperature 0 the turn and the run's seed belong to the sample; without a temperature likewise."""
    for temperature in (0.7, None):
        assert flight_key(ask("q", turn="ana", temperature=temperature)) != flight_key(
            ask("q", turn="ben", temperature=temperature)
        )
        assert flight_key(ask("q", turn="ana", temperature=temperature)) != flight_key(
            ask("q", turn="ana", temperature=temperature, seed=1)
        )
        assert flight_key(ask("q", turn="ana", temperature=temperature)) == flight_key(
            ask("q", turn="ana", temperature=temperature)
        )
    assert flight_key(ask("q", turn="ana", temperature=0.0)) == flight_key(ask("q", turn="ben", temperature=0.0))


def test_without_a_turn_only_temperature_zero_is_shared():
    """Nobody can tell whether two anonymous samples were meant to differ."""
    plain = Request(model=ModelRef("a", "b"), messages=(), max_tokens=1)
    assert flight_key(plain) is None
    assert flight_key(Request(model=ModelRef("a", "b"), messages=(), max_tokens=1, temperature=0)) is not None


@pytest.mark.parametrize("provider", ["simulated", "recorded"])
def test_models_that_answer_by_turn_are_never_shared_between_turns(provider: str):
    """What is sent does not tell their answers apart."""
    keys = {flight_key(same(turn=turn, model=ModelRef(provider, "x"))) for turn in ("ana", "ben")}
    assert len(keys) == 2


def test_everything_that_is_sent_belongs_to_the_key():
    """A difference in any field is another request."""
    base = same()
    schema = ResponseFormat(name="r", schema={"type": "object"})
    fields: dict[str, object] = {
        "model": ModelRef("a", "b"),
        "messages": (),
        "max_tokens": 1,
        "top_p": 0.5,
        "seed": 1,
        "stop": ("x",),
        "reasoning": "low",
        "response_format": schema,
    }
    keys = {flight_key(base)} | {flight_key(replaced(base, name, value)) for name, value in fields.items()}
    assert len(keys) == len(fields) + 1


def replaced(request: Request, name: str, value: object) -> Request:
    """``request`` with one field changed."""
    return dataclasses.replace(request, **{name: value})  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.one_of(st.none(), st.integers(0, 15))), min_size=1, max_size=8))
def test_cancelling_one_who_waits_does_not_disturb_the_others(guests: list[tuple[int, int | None]]):
    """Whoever stays is answered; a call is cancelled when nobody is left, and only then."""
    talker = Talker(takes=1.0)

    async def main() -> None:
        async with SingleFlight(talker) as flight:

            async def one(arrives: int, leaves_after: int | None) -> None:
                await asyncio.sleep(arrives / 10)
                try:
                    async with asyncio.timeout(None if leaves_after is None else leaves_after / 10 + 0.05):
                        assert (await flight(same())).text == "re: same"
                except TimeoutError:
                    assert leaves_after is not None
                    assert leaves_after < 10

            await all_of(*(lambda a=a, after=after: one(a, after) for a, after in guests))
            assert not flight._calls

    virtual_time.run(main())
    stays = any(after is None for _, after in guests)
    if stays:
        assert talker.cancelled < len(talker.texts)


def test_the_first_who_asked_may_leave():
    """The call goes on for the one who joined, who then has it in its books."""
    talker = Talker(takes=1.0)

    async def main() -> Completion:
        async with SingleFlight(talker) as flight, asyncio.TaskGroup() as group:
            first = group.create_task(flight(same()))
            await asyncio.sleep(0.2)
            second = group.create_task(flight(same()))
            await asyncio.sleep(0.2)
            first.cancel()
        return second.result()

    completion = virtual_time.run(main())
    assert (completion.text, completion.source, completion.attempts) == ("re: same", "live", 1)
    assert (len(talker.texts), talker.cancelled) == (1, 0)


def test_when_nobody_is_left_the_call_is_cancelled():
    """It costs a slot and perhaps money, and a later request begins a call of its own."""
    talker = Talker(takes=1.0)

    async def main() -> Completion:
        async with SingleFlight(talker) as flight:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(flight(same())) for _ in range(3)]
                await asyncio.sleep(0.5)
                for task in tasks:
                    task.cancel()
            return await flight(same())

    assert virtual_time.run(main()).source == "live"
    assert (len(talker.texts), talker.cancelled) == (2, 1)


def test_a_failed_attempt_stands_in_one_book():
    """Who waits is told to all; an attempt that may be on the bill only to the one whose call it is."""
    talker = Talker(raises=raising(Unavailable("blip")))
    told: list[list[Notice]] = [[], []]

    async def main() -> None:
        async with SingleFlight(Retry(talker)) as flight:
            await all_of(*(lambda notices=notices: flight(same(notices=notices)) for notices in told))

    virtual_time.run(main())
    assert [len(notices) for notices in told] == [1, 0]


def test_a_failure_is_shared():
    """All who wait for the call hear of it."""
    talker = Talker(raises=lambda _: Unavailable("down"))
    failures = []

    async def main() -> None:
        async with SingleFlight(talker) as flight:

            async def one() -> None:
                try:
                    await flight(same())
                except Unavailable as error:
                    failures.append(error)

            await all_of(one, one, one)

    virtual_time.run(main())
    assert len(failures) == 3
    assert len(talker.texts) == 1


def test_a_budget_of_the_first_who_asked_is_its_own_affair():
    """Who can pay asks for itself when the one it waited for could not."""
    talker = Talker()
    texts = []

    async def main() -> None:
        async with request_path(talker, concurrency=1) as path:

            async def poor() -> None:
                with pytest.raises(BudgetExceeded):
                    await path(same(account=shared))

            async def spender() -> None:
                await path(ask("other", account=shared))

            async def rich() -> None:
                texts.append((await path(same())).source)

            shared = Budget(requests=1)
            await all_of(spender, poor, rich)

    virtual_time.run(main())
    assert texts == ["live"]


def test_who_joins_a_stream_hears_all_of_it():
    """Late listeners are given what was said so far, also when they join a call that does not stream."""

    async def model(request: Request) -> Completion:
        for text in ("one ", "two"):
            await asyncio.sleep(1)
            if request.on_delta is not None:
                request.on_delta(Delta(text))
        await asyncio.sleep(1)
        return Completion(text="one two")

    async def main() -> list[list[Delta]]:
        heard: list[list[Delta]] = [[], [], []]
        async with SingleFlight(model) as flight:

            async def one(listener: int, at: float, *, streams: bool = True) -> None:
                await asyncio.sleep(at)
                request = same()
                await flight(replaced(request, "on_delta", heard[listener].append) if streams else request)

            await all_of(lambda: one(0, 0), lambda: one(1, 1.5))
            await all_of(lambda: one(2, 0, streams=False), lambda: one(2, 1.5))
        return heard

    assert virtual_time.run(main()) == [
        [Delta("one "), Delta("two")],
        [Delta("one "), Delta("two")],
        [Delta("one two")],
    ]


def test_a_callback_that_raises_fails_its_own_request_only():
    """The one who shares the call with it is answered."""

    def explode(_delta: Delta) -> None:
        raise ZeroDivisionError

    async def model(request: Request) -> Completion:
        await asyncio.sleep(1)
        assert request.on_delta is not None
        request.on_delta(Delta("x"))
        return Completion(text="x")

    async def main() -> str:
        async with SingleFlight(model) as flight, asyncio.TaskGroup() as group:
            fine = group.create_task(flight(replaced(same(), "on_delta", [].append)))
            with pytest.raises(ZeroDivisionError):
                await flight(replaced(same(), "on_delta", explode))
        return fine.result().text

    assert virtual_time.run(main()) == "x"


def test_leaving_the_context_cancels_what_is_in_flight():
    """Nothing outlives the engine; who still waits is cancelled with it."""
    talker = Talker(takes=100.0)

    async def main() -> bool:
        async with asyncio.TaskGroup() as group, SingleFlight(talker) as flight:
            waiting = group.create_task(flight(same()))
            await asyncio.sleep(1)
        return waiting.cancelled()

    assert virtual_time.run(main())
    assert talker.cancelled == 1


def test_it_says_when_it_is_used_outside_its_context():
    """There is nothing that could own the call."""

    async def main() -> None:
        with pytest.raises(RuntimeError, match="async with"):
            await SingleFlight(Talker())(same())

    virtual_time.run(main())
