"""The event loop in which sleeping costs no real time."""

from __future__ import annotations

import asyncio
import time

import pytest
import virtual_time
from asyncio_throttle.throttler import Throttler


def test_a_day_takes_no_time_and_durations_are_exact():
    """Timers fire in order at their very times."""

    async def main() -> list[float]:
        seen = []

        async def nap(seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append(virtual_time.now())

        async with asyncio.TaskGroup() as group:
            for seconds in (86_400.0, 0.25, 60.0):
                group.create_task(nap(seconds))
        return seen

    assert virtual_time.run(main()) == [0.25, 60.0, 86_400.0]


def test_the_monotonic_clock_and_the_throttle_live_in_virtual_time():
    """Five grants at two a second take two seconds and a poll."""
    real = time.monotonic

    async def main() -> float:
        throttler = Throttler(rate_limit=2, period=1.0)
        for _ in range(5):
            await throttler.acquire()
        assert time.monotonic() == virtual_time.now()
        return virtual_time.now()

    assert 2.0 < virtual_time.run(main()) < 2.1
    assert time.monotonic is real


def test_a_lost_waiter_is_an_error_and_not_a_hang(monkeypatch: pytest.MonkeyPatch):
    """When nothing can ever happen again, it says so."""
    monkeypatch.setattr(virtual_time, "_PATIENCE", 0.05)

    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(virtual_time.Stalled):
        virtual_time.run(main())


def test_virtual_time_stands_while_a_thread_works():
    """What a thread takes is not virtual time, even where a timer is set."""

    async def main() -> float:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(100))
            await asyncio.to_thread(time.sleep, 0.02)
            return virtual_time.now()

    assert virtual_time.run(main()) == 0.0
