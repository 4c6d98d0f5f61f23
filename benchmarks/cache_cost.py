"""What the response cache adds to a call: a miss that is then kept, and a hit, beside the bare call in the same run.

python benchmarks/cache_cost.py [CALLS]
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from debate.models.options import TurnOptions
from debate.models.port import Completion, Message, ModelRef, Request
from debate.pool.cache import Cache
from debate.pool.cache_store import CacheStore
from debate.transcript.usage import Usage

ANSWER = Completion(text="x" * 2000, finish="stop", usage=Usage(prompt_tokens=1000, completion_tokens=400))


def request(number: int) -> Request:
    """One of many requests of 4 kB."""
    text = f"{number} " + "q" * 4000
    return Request(
        model=ModelRef("house", "talker"),
        messages=(Message("user", text),),
        max_tokens=100,
        turn=TurnOptions(run="r", turn=f"opening/p{number}"),
    )


async def bare(_request: Request) -> Completion:
    """Answer at once."""
    return ANSWER


async def timed(call: Callable[[Request], Awaitable[Completion]], requests: list[Request]) -> float:
    """Microseconds a call, one after the other."""
    began = time.perf_counter()
    for one in requests:
        await call(one)
    return (time.perf_counter() - began) / len(requests) * 1e6


async def main(calls: int) -> None:
    """Measure and print."""
    requests = [request(number) for number in range(calls)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.sqlite"

        def store() -> CacheStore:
            return CacheStore(path, ttl_seconds=3600, max_entries=calls + 1, max_bytes=1 << 30)

        async with Cache(bare, open_store=store, endpoint_of=lambda _: "https://api.example/v1") as cache:
            await cache(request(-1))
            for name, call in (("bare", bare), ("miss", cache), ("hit", cache)):
                print(f"{name:5} {await timed(call, requests):8.1f} microseconds a call")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000))
