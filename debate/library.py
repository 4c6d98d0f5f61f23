"""The library's front door: one call to hold a debate, one to read one back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from debate.engine.embedding import EmbedderChoice
from debate.engine.engine import NO_MODELS, Engine
from debate.models.port import ChatModel
from debate.scenario.reading import read_scenario
from debate.scenario.schema import Question, Scenario
from debate.settings.load import user_settings
from debate.settings.schema import Settings
from debate.transcript.events import Entry, RunStarted
from debate.transcript.reading import Saved, find, load
from debate.transcript.result import Result
from debate.transcript.state import State


class Transcript:
    """A saved run: its entries, the state they fold to, and its result."""

    def __init__(self, saved: Saved) -> None:
        self._saved = saved

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self._saved.path

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every event in its envelope, in order."""
        return self._saved.entries

    @property
    def header(self) -> RunStarted:
        """The run's header: scenario, seed, prices, versions."""
        return self._saved.header

    @property
    def state(self) -> State:
        """What the events fold to; it cannot be changed."""
        return self._saved.state

    @property
    def torn(self) -> int:
        """Bytes of a last line that was never finished and is left out; 0 when there is none."""
        return self._saved.tail.torn

    @property
    def result(self) -> Result:
        """The outcome.

        Raises:
            ValueError: If the run had not ended when it was read.
        """
        return self._saved.result


def run(
    scenario: Scenario | Path | str,
    *,
    motion: str | None = None,
    question: str | Question | None = None,
    context: str | None = None,
    seed: int = 0,
    deadline: float | None = None,
    transcript: Path | Literal["auto"] | None = "auto",
    settings: Settings | None = None,
    models: Mapping[str, ChatModel] = NO_MODELS,
    embedder: EmbedderChoice = None,
    concurrency: int | None = None,
) -> Result:
    """Hold a debate and wait for it. Inside an event loop use :class:`debate.Engine` instead.

    Args:
        scenario: A scenario, or the path of a scenario file.
        motion: In place of the scenario's motion or question.
        question: Likewise; text keeps the scenario's kind and choices.
        context: In place of the scenario's context.
        seed: What orders, lots and sample identities derive from.
        deadline: Seconds after which the run stops, resumable.
        transcript: A file, ``auto`` for one in the settings' folder, None to keep the run in memory.
        settings: Providers, keys, limits, prices; by default the user's own.
        models: Models of your own by provider name.
        embedder: What compares positions.
        concurrency: Requests in flight at once.

    Raises:
        debate.errors.ScenarioError: If the scenario cannot be run.
        debate.errors.SettingsError: If a provider, key or price is missing.
        debate.errors.TranscriptError: If the transcript cannot be written.
    """
    asked = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)

    async def hold() -> Result:
        chosen = settings if settings is not None else user_settings()
        async with Engine(chosen, models=models, embedder=embedder, concurrency=concurrency) as engine:
            return await engine.run(
                asked,
                motion=motion,
                question=question,
                context=context,
                seed=seed,
                deadline=deadline,
                transcript=transcript,
            )

    return asyncio.run(hold())


def read(name: str | Path, *, folder: Path | None = None) -> Transcript:
    """Read a transcript.

    Args:
        name: A path, the beginning of a run id, or ``last``.
        folder: Where ids are looked up; by default the settings' transcripts folder.

    Raises:
        debate.errors.TranscriptError: If there is none, or it is damaged.
    """
    where = folder if folder is not None else user_settings().transcripts
    return Transcript(load(find(str(name), where)))
