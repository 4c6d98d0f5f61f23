"""What a call costs through the whole request path, beside the client alone and the openai SDK.

Usage: pool_cost.py [--concurrency 10,100,1000] [--calls 1500] [--rounds 3]

The same calls to the same server process on loopback (clients_server.py: 50 ms, 2.9 kB replies, 5 kB requests), so many
in flight, connections warmed up before. Shown is the median over the rounds of this process's CPU time per call.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import openai

from debate.models.client import OpenAICompatible
from debate.models.options import TurnOptions
from debate.models.port import Message, ModelRef, Request
from debate.pool.limits import Limits
from debate.pool.path import request_path
from debate.settings import Settings

BOUND: Final = 60.0
"""Seconds a client may take for one measurement."""

PROMPT: Final = "What speaks for it, and what against? " * 130
REQUEST: Final = Request(
    model=ModelRef("openai", "bench"), messages=(Message("user", PROMPT),), max_tokens=500, temperature=0.7
)

Call = Callable[[int], Awaitable[object]]


def _client(url: str) -> OpenAICompatible:
    settings = Settings.model_validate({"providers": {"openai": {"base_url": url}}})
    settings = settings.with_environment({"OPENAI_API_KEY": "benchmark"})
    return OpenAICompatible(settings.endpoint("openai"))


@asynccontextmanager
async def _alone(url: str, _concurrency: int) -> AsyncIterator[Call]:
    client = _client(url)
    yield lambda _number: client(REQUEST)
    await client.aclose()


@asynccontextmanager
async def _path(url: str, concurrency: int) -> AsyncIterator[Call]:
    client = _client(url)
    limits = Limits(start=None, requests_per_minute=10_000_000)
    async with request_path(client, concurrency=concurrency, limits_of=lambda _: limits) as path:
        # Every call is a turn of its own, so none is shared with another.
        yield lambda number: path(dataclasses.replace(REQUEST, turn=TurnOptions(run="run", turn=str(number))))
    await client.aclose()


@asynccontextmanager
async def _openai(url: str, _concurrency: int) -> AsyncIterator[Call]:
    async with openai.AsyncOpenAI(base_url=url, api_key="benchmark", timeout=600) as client:
        yield lambda _number: client.chat.completions.create(
            model="bench", max_tokens=500, temperature=0.7, messages=[{"role": "user", "content": PROMPT}]
        )


CLIENTS: Final = {"client alone": _alone, "request path": _path, "openai SDK": _openai}


async def _calls(call: Call, calls: int, concurrency: int) -> None:
    """Make so many calls, so many at a time, each worker one after the other."""
    numbers = iter(range(calls))

    async def worker() -> None:
        for number in numbers:
            await call(number)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(worker())


async def measure(client: str, url: str, calls: int, concurrency: int) -> float | None:
    """CPU microseconds a call; None if it is not done within the bound."""
    async with CLIENTS[client](url, concurrency) as call:
        try:
            async with asyncio.timeout(BOUND):
                await _calls(call, concurrency, concurrency)
                cpu = time.process_time()
                await _calls(call, calls, concurrency)
                return (time.process_time() - cpu) / calls * 1e6
        except TimeoutError:
            return None


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", default="10,100,1000")
    parser.add_argument("--calls", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    widths = [int(width) for width in options.concurrency.split(",")]
    found: dict[tuple[str, int], list[float | None]] = {(client, width): [] for client in CLIENTS for width in widths}
    command = [sys.executable, str(Path(__file__).with_name("clients_server.py")), "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
            for _ in range(options.rounds):
                for (client, width), values in found.items():
                    values.append(asyncio.run(measure(client, url, options.calls, width)))
        finally:
            server.terminate()
    print("| client | " + " | ".join(f"us at {width}" for width in widths) + " |\n|---" + "|---" * len(widths) + "|")
    for client in CLIENTS:
        cells = []
        for width in widths:
            known = [value for value in found[client, width] if value is not None]
            reference = [value for value in found["openai SDK", width] if value is not None]
            ratio = f" ({statistics.median(known) / statistics.median(reference):.2f}x)" if known and reference else ""
            cells.append(f"{statistics.median(known):.0f}{ratio}" if known else f"not done in {BOUND:.0f} s")
        print(f"| {client} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
