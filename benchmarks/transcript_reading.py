"""How fast transcripts are read: ``python benchmarks/transcript_reading.py [TURNS] [TRANSCRIPTS]``.

Validate and fold, in events a second of one core; beside it, in the same run, what json.loads and SHA-256 alone take
for the same lines. Then a folder of many transcripts, listed without and with its index; then one of as many megabytes
as FOLDER_MB says, listed and rescored with the peak memory that takes.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from debate.decision.rule import parse_rule
from debate.engine.engine import Engine
from debate.engine.rescoring import Question, rescore
from debate.scenario.schema import Scenario
from debate.transcript.index import listing
from debate.transcript.reading import Reader, collector_paused, fold_into, load
from debate.transcript.state import State


def debate(turns: int) -> Scenario:
    """Twenty in a ring, for as many iterations as give the turns."""
    return Scenario.model_validate({
        "debate": 1,
        "name": "large",
        "motion": "Cities should close their centres to private cars.",
        "models": {"cheap": "simulated:debater"},
        "participants": {"panel": {"count": 20}},
        "graph": {"ring": {"k": 3}},
        "rounds": [
            {"name": "opening", "who": "debater", "hears": "nobody"},
            {"name": "rebuttal", "who": "debater", "repeat": {"up_to": max(1, min(100, turns // 20 - 1))}},
        ],
        "consensus": {"similarity": "off"},
    })  # fmt: skip


async def held(path: Path, turns: int) -> None:
    """Hold it."""
    async with Engine() as engine:
        await engine.run(debate(turns), transcript=path)


def best(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of processor time, the least of a few."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def folded(path: Path) -> State:
    """Validate the chain and fold, as a listing does."""
    with collector_paused():
        return fold_into(State(), Reader(path), None)


def peak() -> float:
    """MB of memory this process had at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Measure, and print a line for each figure."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = folder / "large.jsonl"
        asyncio.run(held(path, turns))
        lines = path.read_bytes().splitlines()
        count = len(lines)
        fold = best(lambda: folded(path))
        parsed = best(lambda: [json.loads(line) for line in lines])
        hashed = best(lambda: [sha256(line).hexdigest() for line in lines])
        print(f"{count} events of {path.stat().st_size / count:.0f} bytes")
        print(f"validate and fold   {count / fold:>10,.0f} events/s")
        print(f"json.loads alone    {count / parsed:>10,.0f} events/s")
        print(f"SHA-256 alone       {count / hashed:>10,.0f} events/s")

        small = folder / "small.jsonl"
        asyncio.run(held(small, 40))
        crowd = folder / "many"
        crowd.mkdir()
        for number in range(many):
            os.link(small, crowd / f"{number:06}.jsonl")
        for name in ("without", "with"):
            began = time.perf_counter()
            listed = listing(crowd, index=folder / "index.sqlite")
            print(f"{len(listed)} transcripts listed {name} an index: {time.perf_counter() - began:.2f} s")

        size = int(os.environ.get("FOLDER_MB", "100")) * 1_000_000
        heavy = folder / "heavy"
        heavy.mkdir()
        for number in range(max(1, size // path.stat().st_size)):
            os.link(path, heavy / f"{number:06}.jsonl")
        before = peak()
        began = time.perf_counter()
        listing(heavy, index=folder / "heavy.sqlite")
        took = time.perf_counter() - began
        total = sum(file.stat().st_size for file in heavy.iterdir()) / 1e6
        print(f"{total:.0f} MB listed for the first time: {took:.1f} s, {peak() - before:.0f} MB more memory")
        question = Question(rules=(parse_rule("majority"),), iterations=("each",))
        began = time.perf_counter()
        for file in sorted(heavy.iterdir())[:5]:
            asyncio.run(rescore(load(file), question))
        print(f"5 of them rescored: {time.perf_counter() - began:.1f} s, {peak() - before:.0f} MB more memory")


if __name__ == "__main__":
    main()
