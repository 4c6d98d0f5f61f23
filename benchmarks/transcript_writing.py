"""What writing a turn adds to its latency: ``python benchmarks/transcript_writing.py [TURNS]``.

The same debates by models that answer at once, kept in memory and written to a file, one after the other and both ways
round, in one run. A turn writes three lines: asked, answered, ended.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from transcript_reading import debate

from debate.engine.engine import Engine
from debate.transcript.log import FileLog, MemoryLog
from debate.transcript.reading import load
from debate.transcript.syncing import Syncer


async def run_of(path: Path | None, turns: int) -> float:
    """Seconds a debate takes from its first event to its last."""
    async with Engine() as engine:
        run = await engine.prepare(debate(turns), transcript=path)
        began = time.perf_counter()
        await run.hold()
        return time.perf_counter() - began


def main() -> None:
    """Measure, and print a line for each figure."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        memory, file = [], []
        for number in range(6):
            ways = ((memory, None), (file, folder / f"{number}.jsonl"))
            for kept, path in ways if number % 2 else reversed(ways):
                kept.append(asyncio.run(run_of(path, turns)))
        kept_in, written_to = statistics.median(memory), statistics.median(file)
        added = (written_to - kept_in) / turns
        print(f"a debate of {turns} turns: {kept_in:.3f} s in memory, {written_to:.3f} s on disk")
        print(f"writing adds {added * 1000:+.3f} ms a turn to the whole debate")

        events = [entry.event for entry in load(folder / "0.jsonl").entries]
        syncer = Syncer()
        for name, log in (("memory", MemoryLog()), ("file", FileLog(folder / "again.jsonl", syncer=syncer))):
            waits = []
            for event in events:
                began = time.perf_counter()
                log.append(event)
                waits.append(time.perf_counter() - began)
            log.close()
            waits.sort()
            half, nearly, most = (waits[int(share * (len(waits) - 1))] * 1e6 for share in (0.5, 0.99, 1.0))
            print(f"append to {name}: median {half:.0f} µs, 99th percentile {nearly:.0f} µs, most {most:.0f} µs")
        syncer.close()


if __name__ == "__main__":
    main()
