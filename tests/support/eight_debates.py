"""What the crash test kills: a process that holds eight debates, or goes on with them where their transcripts end."""

from __future__ import annotations

import asyncio
from pathlib import Path

from debate.engine.casting import casting
from debate.engine.engine import Engine
from debate.engine.recorded import recorded_casting
from debate.engine.starting import asking
from debate.errors import TranscriptDamaged
from debate.models.client import OpenAICompatible
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings
from debate.transcript.reading import load

DEBATES = 8


def settings(url: str) -> Settings:
    """A provider without a key at ``url``."""
    return Settings.model_validate({"providers": {"vllm": {"base_url": url}}})


def debate(number: int, batch: int) -> Scenario:
    """One of the eight: four debaters in a ring, up to five iterations, and a judge."""
    return Scenario.model_validate({
        "debate": 1,
        "name": f"crash-{number}",
        "motion": f"Number {batch}.{number} should be preferred.",
        "models": {"cheap": "vllm:counted"},
        "participants": {"ana": {}, "ben": {}, "cleo": {}, "dan": {}, "referee": {"role": "judge"}},
        "graph": "ring",
        "rounds": [
            {"name": "opening", "who": "debater", "hears": "nobody"},
            {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 5, "until": {"share": 0.9}}},
            {"name": "closing", "who": "debater", "order": "sequential"},
            {"name": "verdict", "who": "referee", "hears": {"from": "debater", "rounds": "all"}},
        ],
        "decision": {"by": "referee", "else": "plurality"},
        "consensus": {"similarity": "off"},
    })  # fmt: skip


def warm_up() -> None:
    """Load what a first debate loads, so that processes forked from here are killed at work and not at imports."""
    casting(asking(debate(0, 0)))
    OpenAICompatible(settings("http://127.0.0.1:9/v1").endpoint("vllm"))


async def hold(folder: Path, url: str, batch: int, begun: frozenset[int]) -> None:
    """Hold all eight, each in its own transcript; those in ``begun`` go on where they are."""
    async with Engine(settings(url), concurrency=4) as engine, asyncio.TaskGroup() as tasks:
        for number in range(DEBATES):
            path, scenario = folder / f"{number}.jsonl", debate(number, batch)
            if number in begun:
                tasks.create_task(engine.resume(path, scenario=scenario))
            else:
                tasks.create_task(engine.run(scenario, transcript=path))


def has_begun(path: Path) -> bool:
    """Whether there is a run to resume. One killed while its header was written has asked nobody, and begins anew."""
    if not path.exists():
        return False
    try:
        recorded_casting(load(path))
    except TranscriptDamaged:
        if b'"turn_asked"' in path.read_bytes():
            raise
        path.unlink()
        return False
    return True


def work(folder: str, url: str, batch: int) -> None:
    """The process's whole life."""
    place = Path(folder)
    begun = frozenset(number for number in range(DEBATES) if has_begun(place / f"{number}.jsonl"))
    asyncio.run(hold(place, url, batch, begun))


warm_up()
