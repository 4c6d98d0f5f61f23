"""CPU time from a cold interpreter to the first request of a run, and what is imported on the way.

A child process imports the library, opens an engine and holds a debate whose model stops the clock when it is first
asked. Measured is user and system time of that process alone, the interpreter's own start included; the process that
encodes, where there is one, is not counted. Each variant is run several times, alternating, and the least is shown
beside the median, as what differs between runs is noise of the machine.

Usage: ``python benchmarks/engine_cold_start.py [repeats]``
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HEAVY = (
    "httpx",
    "aiohttp",
    "networkx",
    "numpy",
    "torch",
    "sentence_transformers",
    "ruamel",
    "jinja2",
    "pydantic",
    "rich",
)

CHILD = """
import json, os, sys, time

variant = sys.argv[1]
import asyncio
from pathlib import Path

from debate.engine.engine import Engine
from debate.scenario.reading import parse_scenario
from debate.settings.schema import Settings

TEXT = '''
debate: 1
name: cold
motion: Cities should close their centres to private cars.
models: {{cheap: "{model}"}}
participants: {{ana: {{}}, ben: {{}}, cleo: {{}}}}
rounds:
  - {{name: opening, who: debater, hears: nobody}}
  - {{name: rebuttal, who: debater, hears: ring}}
consensus: {{similarity: {similarity}}}
'''

def stop(*_):
    took = sum(os.times()[:2])
    modules = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps({"seconds": took, "modules": modules}), flush=True)
    os._exit(0)

async def asked(request):
    stop()

async def serve(reader, writer):
    await reader.readline()
    stop()

async def main():
    similarity = "on" if variant == "similarity" else "off"
    models, settings, model = {"mine": asked}, Settings(), "mine:model"
    if variant == "http":
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = Settings.model_validate({"providers": {"vllm": {"base_url": f"http://127.0.0.1:{port}/v1"}}})
        model = "vllm:model"
    scenario = parse_scenario(TEXT.format(model=model, similarity=similarity))
    async with Engine(settings, models=models) as engine:
        await engine.run(scenario, transcript=Path(sys.argv[2]) / f"{os.getpid()}.jsonl")

asyncio.run(main())
"""

VARIANTS = ("in-process", "http", "similarity")


def once(variant: str, folder: str) -> dict[str, object]:
    """One cold start."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, variant, folder],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return dict(json.loads(done.stdout))


def main() -> None:
    """Measure and print."""
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds: dict[str, list[float]] = {variant: [] for variant in VARIANTS}
    modules: dict[str, set[str]] = {}
    with TemporaryDirectory() as folder:
        for _ in range(repeats):
            for variant in VARIANTS:
                found = once(variant, folder)
                seconds[variant].append(float(str(found["seconds"])))
                modules[variant] = set(found["modules"])  # type: ignore[call-overload]
    print(f"CPU milliseconds to the first request, {repeats} cold starts each; goal 800")
    for variant, took in seconds.items():
        heavy = ", ".join(name for name in HEAVY if name in modules[variant])
        least, middle = min(took) * 1000, statistics.median(took) * 1000
        print(f"  {variant:<12} least {least:4.0f}  median {middle:4.0f}  loaded: {heavy}")


if __name__ == "__main__":
    main()
