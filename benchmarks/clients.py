"""CPU per call of HTTP clients, compared within one run: ours, other transports under ours, and the openai SDK.

Usage: clients.py [--concurrency 10,100,1000] [--rounds 3] [--calls 1000] [--only NAME,…] [--json FILE]

Each client makes the same calls to the same server process on loopback (50 ms a reply of 2.9 kB, requests of 5 kB), in
waves of its concurrency, connections warmed up before. What is shown is the median over the rounds of this process's
CPU time per call, so the machine's speed and load cancel in the ratios more than in the figures. A client that is not
done within the bound is shown as such, with how many calls it had made.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import httpx_aiohttp
import openai

from debate.models.client import OpenAICompatible
from debate.models.port import Message, ModelRef, Request
from debate.settings import Settings

BOUND: Final = 30.0
"""Seconds a client may take for one measurement."""

PROMPT: Final = "What speaks for it, and what against? " * 130
REQUEST: Final = Request(
    model=ModelRef("openai", "bench"), messages=(Message("user", PROMPT),), max_tokens=500, temperature=0.7
)

Call = Callable[[], Awaitable[object]]


class Slots(httpx.AsyncBaseTransport):
    """The other candidate: a last-in-first-out store of httpx transports with one connection each."""

    def __init__(self) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.free: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send over a free connection, or a new one; it is free again when the answer has been read."""
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
        slot = self.free.pop() if self.free else httpx.AsyncHTTPTransport(verify=self.context, limits=limits)
        response = await slot.handle_async_request(request)
        response.stream = SlotStream(response.stream, lambda: self.free.append(slot))
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        for slot in self.free:
            await slot.aclose()


class SlotStream(httpx.AsyncByteStream):
    """A body that says when it was closed."""

    def __init__(self, inner: object, release: Callable[[], None]) -> None:
        assert isinstance(inner, httpx.AsyncByteStream)
        self.inner = inner
        self.release = release

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self.inner:
            yield chunk

    async def aclose(self) -> None:
        """Close, and let the next request have the connection."""
        await self.inner.aclose()
        self.release()


@asynccontextmanager
async def _ours(url: str, transport: httpx.AsyncBaseTransport | None = None) -> AsyncIterator[Call]:
    settings = Settings.model_validate({"providers": {"openai": {"base_url": url}}})
    settings = settings.with_environment({"OPENAI_API_KEY": "benchmark"})
    client = OpenAICompatible(settings.endpoint("openai"), transport=transport)
    try:
        yield lambda: client(REQUEST)
    finally:
        await client.aclose()


@asynccontextmanager
async def _async_client(url: str, transport: httpx.AsyncBaseTransport | None) -> AsyncIterator[Call]:
    """The stock client as httpx's documentation shows it, JSON both ways and nothing else."""
    body = {"model": "bench", "max_tokens": 500, "messages": [{"role": "user", "content": PROMPT}]}
    async with httpx.AsyncClient(transport=transport, timeout=600) as client:

        async def call() -> object:
            response = await client.post(f"{url}/chat/completions", json=body)
            return response.json()

        yield call


@asynccontextmanager
async def _openai(url: str) -> AsyncIterator[Call]:
    async with openai.AsyncOpenAI(base_url=url, api_key="benchmark", max_retries=0, timeout=600) as client:
        yield lambda: client.chat.completions.create(
            model="bench", max_tokens=500, temperature=0.7, messages=[{"role": "user", "content": PROMPT}]
        )


def _unlimited() -> httpx.Limits:
    return httpx.Limits(max_connections=None, max_keepalive_connections=None)


CLIENTS: Final = {
    "openai": _openai,
    "debate": _ours,
    "debate+slots": lambda url: _ours(url, Slots()),
    "debate+stock": lambda url: _ours(url, httpx.AsyncHTTPTransport(limits=_unlimited())),
    "httpx+aiohttp": lambda url: _async_client(
        url, httpx_aiohttp.AiohttpTransport(limits=httpx.Limits(max_connections=10_000))
    ),
    "httpx": lambda url: _async_client(url, None),
}


async def _measure(name: str, url: str, concurrency: int, calls: int) -> tuple[float, int]:
    """CPU seconds per call and how many calls were made before the bound."""
    done = 0
    async with CLIENTS[name](url) as call:

        async def worker(times: int) -> None:
            nonlocal done
            for _ in range(times):
                await call()
                done += 1

        async def wave(times: int) -> None:
            async with asyncio.timeout(BOUND), asyncio.TaskGroup() as group:
                for _ in range(concurrency):
                    group.create_task(worker(times))

        try:
            await wave(1)
            done, started = 0, time.process_time()
            await wave(max(1, calls // concurrency))
        except TimeoutError:
            return float("nan"), done
        return (time.process_time() - started) / done, done


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", default="10,100,1000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--only", default=",".join(CLIENTS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    names = options.only.split(",")
    levels = [int(level) for level in options.concurrency.split(",")]
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("clients_server.py")), "0.05"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{int(server.stdout.readline())}/v1"
        found: dict[str, dict[int, list[float]]] = {name: {level: [] for level in levels} for name in names}
        for _ in range(options.rounds):
            for level in levels:
                for name in names:
                    tried = found[name][level]
                    if any(seconds != seconds for seconds in tried):  # noqa: PLR0124 - not a number: gave up before
                        continue
                    tried.append(asyncio.run(_measure(name, url, level, max(options.calls, level)))[0])
    finally:
        server.terminate()
        server.wait()
    medians = {name: {level: statistics.median(found[name][level]) for level in levels} for name in names}
    print("CPU us per call".ljust(20) + "".join(f"{f'at {level}':>14}" for level in levels))
    for name in names:
        cells = [f"{medians[name][level] * 1e6:.0f}" for level in levels]
        print(name.ljust(20) + "".join(f"{'gave up' if cell == 'nan' else cell:>14}" for cell in cells))
    if {"openai", "debate"} <= set(names):
        ratio = [f"{level}: {medians['debate'][level] / medians['openai'][level]:.2f}" for level in levels]
        print("debate / openai, same run:", ", ".join(ratio))
        flat = medians["debate"][levels[-1]] / medians["debate"][levels[0]]
        print(f"debate, at {levels[-1]} / at {levels[0]}: {flat:.2f}")
    if options.json is not None:
        options.json.write_text(json.dumps(medians, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
