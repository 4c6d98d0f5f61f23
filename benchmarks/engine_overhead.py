"""What the engine adds to the calls it makes: processor time a turn, makespan over the ideal, and memory.

Usage: engine_overhead.py [--debates 1,50,200] [--rounds 3] [--memory 1000]

Debates of three speakers and three rounds on the complete graph, over a model in this process that answers after
50 ms; the ideal is three answers one after another. The same turns are held in the same run by

* ``hand``: a gather for each round, with nothing else: no prompts, log, reading, limits or scores;
* ``path``: the same by hand through the request path (cache, single flight, retries, admission);
* ``memory``: the engine, its events kept in memory;
* ``disk``: the engine, a transcript on disk for each debate.

Shown are medians over the rounds. ``--memory N`` holds N debates at once with 64 calls at a time, and shows by how much
that raises the peak of this process's memory, and the time over N * 9 / 64 answers one after another.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

from debate.engine.engine import Engine
from debate.models.port import ChatModel, Completion, Message, ModelRef, Request
from debate.pool.limits import Limits
from debate.pool.path import request_path
from debate.scenario.schema import Scenario
from debate.transcript.usage import Usage

SECONDS: Final = 0.05
"""An answer takes so long."""
SPEAKERS: Final = 3
ROUNDS: Final = 3
CAP: Final = 64
"""Calls at a time where memory is measured."""
UNBOUNDED: Final = 100_000

SAID: Final = (
    f"{'There is much to be said for it, and as much against. ' * 40}\n"
    "POSITION: It is worth what it costs.\nSTANCE: support\nCONFIDENCE: 70"
)
"""About 2 kB, with a footer."""

Hold = Callable[[int, Path], Awaitable[None]]


def debate(number: int) -> Scenario:
    """A debate of its own, so that no two share an answer."""
    return Scenario.model_validate(
        {
            "debate": 1,
            "name": "overhead",
            "motion": f"Motion {number} should be carried.",
            "models": {"only": "mine:model"},
            "participants": {name: {} for name in ("ana", "ben", "cleo")},
            "rounds": [
                {"name": "opening", "who": "debater", "hears": "nobody"},
                {"name": "rebuttal", "who": "debater", "repeat": 2},
            ],
            "consensus": {"similarity": "off"},
        }
    )


async def model(_: Request, /) -> Completion:
    """Fifty milliseconds, then always the same."""
    await asyncio.sleep(SECONDS)
    return Completion(text=SAID, finish="stop", usage=Usage(prompt_tokens=900, completion_tokens=500))


async def _by_hand(debates: int, ask: ChatModel) -> None:
    async def one(number: int) -> None:
        for round_ in range(ROUNDS):
            async with asyncio.TaskGroup() as group:
                for speaker in range(SPEAKERS):
                    text = f"{number}/{round_}/{speaker} {SAID}"
                    request = Request(
                        model=ModelRef("mine", "model"), messages=(Message("user", text),), max_tokens=800
                    )
                    group.create_task(_asked(ask, request))

    async with asyncio.TaskGroup() as group:
        for number in range(debates):
            group.create_task(one(number))


async def _asked(ask: ChatModel, request: Request) -> None:
    await ask(request)


async def hand(debates: int, _: Path) -> None:
    """By hand, the model itself."""
    await _by_hand(debates, model)


async def path(debates: int, _: Path) -> None:
    """By hand, through the request path."""
    async with request_path(model, concurrency=UNBOUNDED, limits_of=lambda _: Limits()) as asked:
        await _by_hand(debates, asked)


async def _by_engine(debates: int, folder: Path | None, concurrency: int = UNBOUNDED) -> None:
    async with Engine(models={"mine": model}, concurrency=concurrency) as engine, asyncio.TaskGroup() as group:
        for number in range(debates):
            transcript = folder / f"{number}.jsonl" if folder is not None else None
            group.create_task(_held(engine, debate(number), transcript))


async def _held(engine: Engine, scenario: Scenario, transcript: Path | None) -> None:
    result = await engine.run(scenario, transcript=transcript)
    if result.status != "completed" or result.turns.valid != SPEAKERS * ROUNDS:
        raise RuntimeError(f"{result.status}, {result.turns.valid} valid turns: {result.stop_reason}")


async def memory(debates: int, _: Path) -> None:
    """The engine, its events in memory."""
    await _by_engine(debates, None)


async def disk(debates: int, folder: Path) -> None:
    """The engine, with transcripts."""
    await _by_engine(debates, folder)


HOLDS: Final[dict[str, Hold]] = {"hand": hand, "path": path, "memory": memory, "disk": disk}


class Cost(NamedTuple):
    """What one holding cost."""

    cpu: float
    """Seconds of processor time a turn."""
    makespan: float
    """Over the ideal."""


async def measured(hold: Hold, debates: int) -> Cost:
    """Hold so many debates at once."""
    with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
        began, cpu = time.perf_counter(), time.process_time()
        await hold(debates, Path(folder))
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Cost(cpu / (debates * SPEAKERS * ROUNDS), wall / (ROUNDS * SECONDS))


def peak() -> float:
    """MB of memory this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--debates", default="1,50,200", help="debates at once, separated by commas")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each, taken in turns")
    parser.add_argument("--memory", type=int, default=0, help="debates at once for the measurement of memory")
    arguments = parser.parse_args()
    await measured(disk, 1)
    if arguments.memory:
        before, began = peak(), time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="overhead-") as folder:
            await _by_engine(arguments.memory, Path(folder), CAP)
        ideal = arguments.memory * SPEAKERS * ROUNDS / CAP * SECONDS
        wall = time.perf_counter() - began
        print(
            f"{arguments.memory} debates, {CAP} calls at a time: +{peak() - before:.0f} MB, {wall / ideal:.2f} x ideal"
        )
    print(f"{'debates':>8} {'held by':>8} {'us of CPU a turn':>18} {'over hand':>10} {'makespan / ideal':>18}")
    for debates in map(int, arguments.debates.split(",")):
        taken: dict[str, list[Cost]] = {name: [] for name in HOLDS}
        for _ in range(arguments.rounds):
            for name, hold in HOLDS.items():
                taken[name].append(await measured(hold, debates))
        by_hand = statistics.median(cost.cpu for cost in taken["hand"])
        for name, costs in taken.items():
            cpu = statistics.median(cost.cpu for cost in costs)
            makespan = statistics.median(cost.makespan for cost in costs)
            print(f"{debates:>8} {name:>8} {cpu * 1e6:>18.0f} {(cpu - by_hand) * 1e6:>10.0f} {makespan:>18.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
