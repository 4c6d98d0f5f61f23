"""What ten thousand waiters cost: the pool beside an idle loop and beside asyncio-throttle on its own.

Usage: pool_waiters.py [--waiters 10000] [--seconds 5]

Every case has the same waiters with the same requests, 50 more arriving each second, ten a second let go, and a
heartbeat every 10 ms that measures how late it is. In the idle case nobody is let go and nothing is decided. CPU is
this process's, in percent of a core; an overtake is how many who came earlier were still waiting when somebody went.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from asyncio_throttle.throttler import Throttler

from debate.models.options import TurnOptions
from debate.models.port import Completion, Message, ModelRef, Request
from debate.pool.limits import Limits
from debate.pool.pool import Pool

RATE: Final = 10
ARRIVALS: Final = 50
BEAT: Final = 0.01

Wait = Callable[[Request], Awaitable[None]]


def _request(number: int) -> Request:
    turn = TurnOptions(run="run", turn=str(number))
    return Request(model=ModelRef("a", "b"), messages=(Message("user", str(number)),), max_tokens=1, turn=turn)


class Outcome(NamedTuple):
    """What one case cost."""

    cpu: float
    went: int
    overtakes: int
    lag_p50: float
    lag_p99: float


def _idle(_went: list[int]) -> Wait:
    event = asyncio.Event()

    async def wait(_request: Request) -> None:
        await event.wait()

    return wait


def _pool(went: list[int]) -> Wait:
    async def model(request: Request) -> Completion:
        assert request.on_sent is not None
        request.on_sent()
        went.append(int(request.messages[0].content))
        return Completion(text="")

    pool = Pool(model, concurrency=100, limits_of=lambda _: Limits(start=None, requests_per_second=RATE))

    async def wait(request: Request) -> None:
        await pool(request)

    return wait


def _throttle(went: list[int]) -> Wait:
    throttler = Throttler(rate_limit=RATE, period=1.0)

    async def wait(request: Request) -> None:
        await throttler.acquire()
        went.append(int(request.messages[0].content))

    return wait


CASES: Final = {"idle": _idle, "pool": _pool, "asyncio-throttle alone": _throttle}


def _most_overtaken(went: list[int]) -> int:
    """How many who came earlier were still waiting when somebody went, at worst."""
    worst, gone = 0, set[int]()
    for number in went:
        worst = max(worst, number - sum(1 for other in gone if other < number))
        gone.add(number)
    return worst


async def measure(case: str, waiters: int, seconds: float) -> Outcome:
    """Let everybody wait, then count for ``seconds``."""
    went: list[int] = []
    lags: list[float] = []
    wait = CASES[case](went)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait(_request(number))) for number in range(waiters)]
        await asyncio.sleep(1.5)
        gc.collect()
        began, cpu = time.perf_counter(), time.process_time()
        beat, number = began, waiters
        while (now := time.perf_counter()) < began + seconds:
            lags.append(now - beat)
            while number < waiters + ARRIVALS * (now - began):
                tasks.append(group.create_task(wait(_request(number))))
                number += 1
            beat = now + BEAT
            await asyncio.sleep(BEAT)
        cpu = (time.process_time() - cpu) / (time.perf_counter() - began)
        for task in tasks:
            task.cancel()
    cuts = statistics.quantiles(lags[1:], n=100)
    return Outcome(100 * cpu, len(went), _most_overtaken(went), 1000 * cuts[49], 1000 * cuts[98])


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiters", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    print("| case | CPU % of a core | over idle | went | worst overtake | lag p50 ms | lag p99 ms |")
    print("|---|---|---|---|---|---|---|")
    for _ in range(options.rounds):
        idle = 0.0
        for case in CASES:
            made = asyncio.run(measure(case, options.waiters, options.seconds))
            idle = made.cpu if case == "idle" else idle
            print(
                f"| {case} | {made.cpu:.2f} | {made.cpu - idle:+.2f} | {made.went} | {made.overtakes} "
                f"| {made.lag_p50:.2f} | {made.lag_p99:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
