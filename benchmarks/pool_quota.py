"""How much of a quota is used, and how many calls are refused on the way: the request path beside the openai SDK.

Usage: pool_quota.py [--case per-second,per-minute] [--rounds 1] [--concurrency 100]

Both make the same calls, a hundred at a time, to a server process on loopback that enforces a limit over a sliding
window and answers in 50 ms. The request path knows the limit, as its settings say; the SDK has its defaults (two
retries, after the server's own hint), as it has nothing to say a limit with. Quota used is the ideal span from the
first to the last accepted call over the real one: what a limiter without any margin would need. CPU is this process's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

import openai

from debate.models.client import OpenAICompatible
from debate.models.port import Message, ModelRef, Request
from debate.pool.limits import Limits
from debate.pool.path import request_path
from debate.settings import Settings

PROMPT: Final = "What speaks for it, and what against? " * 130
DELAY: Final = 0.05


class Case(NamedTuple):
    """So many calls against a limit."""

    calls: int
    limit: int
    period: float
    limits: Limits


CASES: Final = {
    "per-second": Case(600, 20, 1.0, Limits(start=None, requests_per_second=20)),
    "per-minute": Case(1200, 600, 60.0, Limits(start=None, requests_per_minute=600)),
}


class Outcome(NamedTuple):
    """What one client made of a case."""

    finished: int
    refused: int
    seconds: float
    quota: float
    cpu: float


async def _ours(url: str, case: Case, concurrency: int) -> int:
    settings = Settings.model_validate({"providers": {"openai": {"base_url": url}}})
    settings = settings.with_environment({"OPENAI_API_KEY": "benchmark"})
    client = OpenAICompatible(settings.endpoint("openai"))
    request = Request(model=ModelRef("openai", "bench"), messages=(Message("user", PROMPT),), max_tokens=500)
    async with request_path(client, concurrency=concurrency, limits_of=lambda _: case.limits) as path:
        finished = await _finished([lambda: path(request)] * case.calls)
    await client.aclose()
    return finished


async def _openai(url: str, case: Case, concurrency: int) -> int:
    gate = asyncio.Semaphore(concurrency)
    async with openai.AsyncOpenAI(base_url=url, api_key="benchmark") as client:

        async def call() -> object:
            async with gate:
                return await client.chat.completions.create(
                    model="bench", max_tokens=500, messages=[{"role": "user", "content": PROMPT}]
                )

        return await _finished([call] * case.calls)


async def _finished(calls: list[Callable[[], Awaitable[object]]]) -> int:
    """Make all calls at once and count those that were answered."""
    finished = 0

    async def one(call: Callable[[], Awaitable[object]]) -> None:
        nonlocal finished
        try:
            await call()
        except Exception as error:  # noqa: BLE001 - whatever it is, this call was not answered
            failures.add(type(error).__name__)
        else:
            finished += 1

    failures: set[str] = set()
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(one(call))
    if failures:
        print(f"  not answered for: {', '.join(sorted(failures))}", file=sys.stderr)
    return finished


CLIENTS: Final = {"request path": _ours, "openai SDK defaults": _openai}


def measure(client: str, case: Case, concurrency: int) -> Outcome:
    """Run one client against a server of its own."""
    command = [sys.executable, str(Path(__file__).with_name("pool_server.py"))]
    arguments = [str(case.limit), str(case.period), str(DELAY)]
    with subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            origin = f"http://127.0.0.1:{int(server.stdout.readline())}"
            began, cpu = time.perf_counter(), time.process_time()
            finished = asyncio.run(CLIENTS[client](f"{origin}/v1", case, concurrency))
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            with urllib.request.urlopen(f"{origin}/stats") as answer:
                stats = json.load(answer)
        finally:
            server.terminate()
    ideal = (stats["accepted"] / case.limit - 1) * case.period
    return Outcome(finished, stats["refused"], seconds, ideal / stats["span"], cpu)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default=",".join(CASES), help="cases, by comma")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--concurrency", type=int, default=100)
    options = parser.parse_args()
    print("| case | client | finished | 429s | seconds | quota used | CPU s |\n|---|---|---|---|---|---|---|")
    for name in options.case.split(","):
        case = CASES[name]
        for _ in range(options.rounds):
            for client in CLIENTS:
                made = measure(client, case, options.concurrency)
                share, limit = made.finished / case.calls, f"{case.limit} in {case.period:g} s"
                print(
                    f"| {case.calls} calls, {limit} | {client} | {share:.0%} | {made.refused} "
                    f"| {made.seconds:.1f} | {made.quota:.1%} | {made.cpu:.1f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
