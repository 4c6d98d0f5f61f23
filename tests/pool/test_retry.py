"""Asking again: how often, how patiently, and what is raised in the end."""

from __future__ import annotations

import asyncio
import random

import pytest
import virtual_time
from hypothesis import given
from hypothesis import strategies as st
from pool_asking import Talker, all_of, ask, raising

from debate.errors import (
    Ambiguous,
    AuthenticationFailed,
    CircuitOpen,
    DeadlineExceeded,
    ModelError,
    Overloaded,
    PaymentRequired,
    RateLimited,
    Refused,
    StreamCut,
    Unavailable,
)
from debate.models.port import AttemptFailure, ChatModel, Completion, Delta, Notice, Request
from debate.pool.backoff import full_jitter, next_wait, with_jitter
from debate.pool.deadline import Deadline
from debate.pool.path import request_path
from debate.pool.retry import Retry, RetryPolicy


def through(talker: ChatModel, request: Request, **policy: float) -> Completion:
    """Ask once through Retry alone, in virtual time."""

    async def main() -> Completion:
        return await Retry(talker, policy_of=lambda _: RetryPolicy(**policy))(request)  # type: ignore[arg-type]

    return virtual_time.run(main())


def test_five_attempts_by_default_and_the_last_real_error_is_raised():
    """The error is the server's own, with a note that says why there was no further attempt."""
    talker = Talker(raises=lambda number: Unavailable(f"broken {number}", status=500))
    with pytest.raises(Unavailable, match="broken 4") as caught:
        through(talker, ask())
    assert len(talker.texts) == 5
    assert caught.value.__notes__ == ["given up after attempt 5: 4 retries are allowed"]


def test_no_retries_are_obeyed():
    """With ``retries=0`` a failure is final at once."""
    talker = Talker(raises=lambda _: RateLimited("slow down", status=429))
    with pytest.raises(RateLimited):
        through(talker, ask(), retries=0)
    assert len(talker.texts) == 1


def test_attempts_and_queued_time_are_filled_in():
    """A completion says how many sends it took and how long all waits before the last one were."""
    talker = Talker(takes=1.0, raises=raising(Overloaded("full", retry_after=10.0)))

    async def main() -> Completion:
        async with request_path(talker) as path:
            return await path(ask())

    completion = virtual_time.run(main())
    assert completion.attempts == 2
    assert 11.0 <= completion.timing.queued <= 13.0
    assert completion.timing.total == pytest.approx(1.0)


@pytest.mark.parametrize(
    "error",
    [Refused("no", status=400), Refused("no", status=422), AuthenticationFailed("no"), PaymentRequired("no")],
    ids=lambda error: f"{error.kind}-{error.status}",
)
def test_what_cannot_help_is_not_repeated(error: ModelError):
    """A permanent error is raised at once."""
    talker = Talker(raises=lambda _: error)
    with pytest.raises(type(error)):
        through(talker, ask())
    assert len(talker.texts) == 1


@pytest.mark.parametrize("error", [Ambiguous, StreamCut], ids=lambda error: error.kind)
def test_what_may_have_been_billed_is_repeated_once(error: type[ModelError]):
    """A second attempt that may have been billed is the last."""
    notices: list[Notice] = []
    talker = Talker(raises=lambda _: error("lost"))
    with pytest.raises(error):
        through(talker, ask(notices=notices))
    assert len(talker.texts) == 2
    assert [notice.billed for notice in notices if isinstance(notice, AttemptFailure)] == ["possibly", "possibly"]


def test_a_server_that_says_whether_to_retry_is_obeyed():
    """``x-should-retry`` overrides the class both ways."""
    never = Talker(raises=raising(Unavailable("no", should_retry=False)))
    with pytest.raises(Unavailable):
        through(never, ask())
    again = Talker(raises=raising(Refused("locked", status=409, should_retry=True)))
    assert through(again, ask()).attempts == 2


def test_a_wait_the_server_asks_for_is_honoured_and_one_too_long_is_given_up():
    """Up to 120 s it is waited for, never less than said; longer carries the wait in the error."""
    patient = Talker(takes=0, raises=raising(RateLimited("wait", retry_after=119.0)))
    through(patient, ask())
    assert 119.0 <= patient.times[1] <= 121.0
    hopeless = Talker(raises=lambda _: RateLimited("wait", retry_after=86_400.0))
    with pytest.raises(RateLimited) as caught:
        through(hopeless, ask())
    assert caught.value.retry_after == 86_400.0
    assert "86400 s" in caught.value.__notes__[0]
    assert len(hopeless.texts) == 1


def test_every_failed_attempt_is_told_with_what_follows():
    """The engine hears of each send that failed and when the next one comes; of the last that there is none."""
    notices: list[Notice] = []
    talker = Talker(takes=2.0, raises=lambda _: Unavailable("gone", status=502, code="bad", request_id="r1"))
    with pytest.raises(Unavailable):
        through(talker, ask(notices=notices), retries=1)
    first, last = notices
    assert isinstance(first, AttemptFailure)
    assert isinstance(last, AttemptFailure)
    assert (first.attempt, first.kind, first.status, first.code, first.request_id) == (
        1,
        "unavailable",
        502,
        "bad",
        "r1",
    )
    assert first.seconds == pytest.approx(2.0)
    assert first.retry_in is not None
    assert last.retry_in is None


def test_a_retry_after_streamed_text_announces_itself():
    """What was shown is void before anything new is shown; an attempt that showed nothing resets nothing."""
    heard: list[Delta] = []
    outcomes: list[tuple[str, Exception | None]] = [
        ("half", StreamCut("cut")),
        ("", Unavailable("down")),
        ("whole", None),
    ]

    async def model(request: Request) -> Completion:
        text, error = outcomes.pop(0)
        if text and request.on_delta is not None:
            request.on_delta(Delta(text))
        if error is not None:
            raise error
        return Completion(text=text)

    through(model, Request(model=ask().model, messages=ask().messages, max_tokens=9, on_delta=heard.append))
    assert heard == [Delta("half"), Delta("", reset=True), Delta("whole")]


def test_the_wait_between_attempts_holds_no_slot():
    """While ten throttled calls back off, an eleventh is answered."""
    throttled = {f"t{i}" for i in range(10)}
    seen: set[str] = set()

    async def model(request: Request) -> Completion:
        text = request.messages[0].content
        if text in throttled - seen:
            seen.add(text)
            raise Overloaded("later", retry_after=60.0)
        return Completion(text=text)

    async def main() -> float:
        answered_at = 0.0

        async def other() -> None:
            nonlocal answered_at
            await path(ask("other"))
            answered_at = virtual_time.now()

        async with request_path(model) as path:
            await all_of(*(lambda text=text: path(ask(text)) for text in sorted(throttled)), other)
        return answered_at

    assert virtual_time.run(main()) < 1.0


def test_a_deadline_ends_a_request_wherever_it_is():
    """In line, between attempts and on the wire; one that has passed already is not asked at all."""
    slow = Talker(takes=100.0)

    async def main() -> None:
        async with request_path(slow, concurrency=1) as path:

            async def expect_deadline(text: str, deadline: float) -> None:
                with pytest.raises(DeadlineExceeded):
                    await path(ask(text, deadline=deadline))
                assert virtual_time.now() == pytest.approx(max(deadline, 0.0))

            await all_of(lambda: expect_deadline("wire", 5.0), lambda: expect_deadline("line", 4.0))
            with pytest.raises(DeadlineExceeded, match=r"passed 1\.0 s before"):
                await path(ask("late", deadline=4.0))

    virtual_time.run(main())
    assert slow.texts == ["wire"]


def test_no_wait_is_begun_that_ends_after_the_deadline():
    """The real error is raised while it is news, not a timeout later."""
    talker = Talker(takes=0, raises=lambda _: RateLimited("wait", retry_after=30.0))

    async def main() -> float:
        with pytest.raises(RateLimited) as caught:
            await Deadline(Retry(talker))(ask(deadline=20.0))
        assert "deadline" in caught.value.__notes__[0]
        return virtual_time.now()

    assert virtual_time.run(main()) == 0.0


def test_a_timeout_of_the_model_is_not_taken_for_the_deadline():
    """Only the deadline's own timer is the deadline."""

    async def model(_request: Request) -> Completion:
        raise TimeoutError("the model's own")

    async def main() -> None:
        with pytest.raises(TimeoutError, match="own"):
            await Deadline(model)(ask(deadline=9.0))

    virtual_time.run(main())


def test_a_refused_key_opens_the_circuit_with_one_clear_error():
    """One request meets the 401; those in line and those between attempts fail at once and say why."""
    outcomes = [Overloaded("busy", retry_after=60.0), AuthenticationFailed("bad key", status=401)]
    talker = Talker(takes=1.0, raises=raising(*outcomes))

    async def main() -> list[str]:
        kinds = []

        async def one(text: str) -> None:
            try:
                await path(ask(text))
            except ModelError as error:
                kinds.append((error.kind, error.status))

        async with request_path(talker, concurrency=1) as path:
            await all_of(*(lambda text=text: one(text) for text in "abcdef"))
            assert virtual_time.now() == pytest.approx(2.0)
            with pytest.raises(CircuitOpen, match="bad key") as caught:
                await path(ask("later"))
            assert isinstance(caught.value.__cause__, AuthenticationFailed)
        return sorted(kinds)

    assert virtual_time.run(main()) == [("authentication", 401)] + [("circuit_open", 401)] * 5
    assert talker.texts == ["a", "b"]


def test_an_open_circuit_lets_one_request_look_after_a_minute():
    """When the account was mended the scope works again; meanwhile one request a minute finds out."""
    talker = Talker(takes=0, raises=raising(PaymentRequired("no credit", status=402)))

    async def main() -> None:
        async with request_path(talker) as path:
            with pytest.raises(PaymentRequired):
                await path(ask("a"))
            virtual_now = virtual_time.now()
            assert path.counters().scopes[0].circuit_open
            await asyncio.sleep(61 - virtual_now)
            assert (await path(ask("b"))).text == "re: b"
            assert not path.counters().scopes[0].circuit_open

    virtual_time.run(main())


def test_the_retry_budget_fails_fast_and_never_blocks_a_scope_for_ever():
    """A long outage stops being retried; first tries still go, and answers fill the budget again."""
    talker = Talker(takes=0.1, raises=lambda number: Unavailable("down") if number < 60 else None)

    async def main() -> list[int]:
        retry = Retry(talker)
        sends = []
        for number in range(60):
            before = len(talker.texts)
            try:
                await retry(ask(str(number)))
            except Unavailable as error:
                sends.append(len(talker.texts) - before)
                last = error
            else:
                break
        assert "retry budget" in last.__notes__[0]
        for number in range(100):
            await retry(ask(f"well{number}"))
        talker.raises = raising(*[None] * len(talker.texts), Unavailable("blip"))
        assert (await retry(ask("again"))).attempts == 2
        return sends

    sends = virtual_time.run(main())
    assert sum(sends) - len(sends) == 100 // 14
    assert sends[-1] == 1


def test_failures_of_one_episode_are_charged_once():
    """Forty requests cut off by one restart are all asked again."""
    talker = Talker(takes=5.0, raises=lambda number: Unavailable("reset") if number < 40 else None)

    async def main() -> None:
        retry = Retry(talker)
        await all_of(*(lambda n=n: retry(ask(str(n))) for n in range(40)))

    virtual_time.run(main())
    assert len(talker.texts) == 80


@given(st.integers(1, 10_000), st.floats(0, 120), st.randoms(use_true_random=False))
def test_backoff_stays_in_its_bounds(attempt: int, said: float, rng: random.Random):
    """Our own backoff is between 50 ms and 60 s however often it failed; a server's wait is never undercut."""
    assert 0.05 <= full_jitter(attempt, base=1.0, cap=60.0, rng=rng) <= 60.0
    assert said <= with_jitter(said, rng) <= said + min(2.0, said / 4)
    assert next_wait(attempt, said, base=1.0, cap=60.0, rng=rng) >= max(said, 0.05)


@pytest.mark.parametrize("name", ["retries", "base", "cap", "max_server_wait"])
def test_a_policy_refuses_what_makes_no_sense(name: str):
    """A negative number is a mistake of the caller."""
    with pytest.raises(ValueError, match=name):
        RetryPolicy(**{name: -1})
