"""What scoring costs a debate: the event loop's lag while it goes on, a debate's scores, and the way without weights.

    python benchmarks/consensus_speed.py

Needs the extra `weights`. The loop's lag is compared with that of an idle loop in the same run, and with encoding in a
thread of the loop's own process, which is how it is usually done.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from debate.consensus.encoder import WorkerEmbedder
from debate.consensus.method import Method
from debate.consensus.resolve import open_embedder, resolve_embedder
from debate.consensus.score import Scorer
from debate.consensus.voices import Voice

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TOPIC = "Cities should close their centres to private cars."
SPEAKERS, ITERATIONS, DEBATES = 5, 3, 24
TICK = 0.002
SIDES = ("Closing the centre", "Keeping it open", "A toll on the centre", "A trial in one quarter", "Trams first")
REASONS = ("makes the air cleaner", "ruins the shops", "helps those who walk", "shifts traffic", "costs too much")


def debate(number: int) -> list[list[Voice]]:
    """The voices of each iteration of a debate of five, every position another text."""
    return [
        [
            Voice(
                participant=f"p{who}",
                position=f"{SIDES[(who + number) % 5]} {REASONS[(who + turn) % 5]}: case {number}-{turn}-{who}.",
            )
            for who in range(SPEAKERS)
        ]
        for turn in range(ITERATIONS)
    ]


@asynccontextmanager
async def lag() -> AsyncIterator[list[float]]:
    """How late a tick of the loop comes, in milliseconds, for as long as the block lasts."""
    late: list[float] = []
    over = asyncio.Event()

    async def tick() -> None:
        while not over.is_set():
            due = time.perf_counter() + TICK
            await asyncio.sleep(TICK)
            late.append((time.perf_counter() - due) * 1000)

    async with asyncio.TaskGroup() as group:
        group.create_task(tick())
        try:
            yield late
        finally:
            over.set()


async def measured(what: str, work: Callable[[], Awaitable[object]]) -> None:
    """Print the seconds that ``work`` takes, with p99 and maximum of the loop's lag meanwhile."""
    async with lag() as late:
        began = time.perf_counter()
        await work()
        seconds = time.perf_counter() - began
    late.sort()
    p99 = late[min(len(late) - 1, int(0.99 * len(late)))]
    print(f"{what:<34} {seconds:6.2f} s   lag p99 {p99:6.2f} ms, max {late[-1]:7.2f} ms, {len(late)} ticks")


async def scored(scorer: Scorer, number: int) -> None:
    """Score one debate as a run does: agreement by position and similarity of each iteration."""
    for voices in debate(number):
        await scorer.score(voices, Method.POSITION, topic=TOPIC)
        await scorer.similarity(voices, topic=TOPIC)


async def with_weights() -> None:
    """The worker process, beside an idle loop and beside a thread."""
    found = resolve_embedder(None, allow_download=False)
    if found.path is None:
        print(f"no weights: {found.note}")
        return
    await measured("idle loop", lambda: asyncio.sleep(2.0))
    embedder = open_embedder(found)
    assert isinstance(embedder, WorkerEmbedder)
    scorer = Scorer(embedder=embedder)
    try:
        await measured("loading in the worker", lambda: embedder.embed(["warm"]))
        await measured(f"one debate, {SPEAKERS} x {ITERATIONS}", lambda: scored(scorer, 1000))

        async def many() -> None:
            async with asyncio.TaskGroup() as group:
                for number in range(DEBATES):
                    group.create_task(scored(scorer, number))

        await measured(f"{DEBATES} debates at once", many)
        await measured("the same once more, remembered", many)
    finally:
        await embedder.aclose()
    await in_a_thread(found.path)


async def in_a_thread(path: Path) -> None:
    """The same texts in a thread of this process."""
    texts = [voice.position or "" for number in range(DEBATES) for voices in debate(number) for voice in voices]
    loaded: list[SentenceTransformer] = []

    def load() -> None:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - its import is part of what is measured

        loaded.append(SentenceTransformer(str(path), device="cpu", local_files_only=True))

    def encode() -> None:
        loaded[0].encode(texts, batch_size=16, show_progress_bar=False)

    await measured("loading in a thread", lambda: asyncio.to_thread(load))
    await measured(f"encoding {len(texts)} texts in a thread", lambda: asyncio.to_thread(encode))


async def without_weights() -> None:
    """A hub that takes connections and never answers: it is given up once, and not asked again."""
    with socket.create_server(("127.0.0.1", 0)) as silent, tempfile.TemporaryDirectory() as folder:
        nowhere = {"HF_HOME": folder, "HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        # The default's weights count as absent, as an installed package of them would be found without any hub.
        with patch("debate.consensus.resolve.in_package", lambda: None):
            for which in ("first", "second"):
                began = time.perf_counter()
                found = await asyncio.to_thread(resolve_embedder, None, allow_download=True, environment=nowhere)
                print(f"no weights, silent hub, {which:6} time {time.perf_counter() - began:6.2f} s   {found.kind}")


if __name__ == "__main__":
    asyncio.run(with_weights())
    asyncio.run(without_weights())
