"""The library's front door: one call to hold a debate, one to read one back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

from debate.decision.rule import parse_rule
from debate.engine.changing import Change
from debate.engine.embedding import EmbedderChoice
from debate.engine.engine import NO_MODELS, Engine
from debate.engine.explaining import Explanation
from debate.engine.explaining import explain as explained
from debate.engine.rescoring import Question as Asked
from debate.engine.rescoring import Reader, Row
from debate.engine.rescoring import rescore as rescored
from debate.models.port import ChatModel
from debate.scenario.conditions import Condition
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
    nli: str | Path | None = None,
    concurrency: int | None = None,
    cache: bool | None = None,
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
        nli: Name or folder of the cross-encoder for the method ``nli``.
        concurrency: Requests in flight at once.
        cache: Whether answers are kept on disk and given again to whoever asks the same, as the settings say where and
            how long. When left out the settings' word counts; without one, no.

    Raises:
        debate.errors.ScenarioError: If the scenario cannot be run.
        debate.errors.SettingsError: If a provider, key or price is missing.
        debate.errors.TranscriptError: If the transcript cannot be written.
    """
    asked = scenario if isinstance(scenario, Scenario) else read_scenario(scenario)

    async def hold() -> Result:
        chosen = settings if settings is not None else user_settings()
        async with Engine(
            chosen, models=models, embedder=embedder, nli=nli, concurrency=concurrency, cache=cache
        ) as engine:
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


def resume(
    transcript: Transcript | Path | str,
    *,
    scenario: Scenario | Path | str | None = None,
    max_usd: Decimal | None = None,
    max_requests: int | None = None,
    deadline: float | None = None,
    settings: Settings | None = None,
    models: Mapping[str, ChatModel] = NO_MODELS,
    embedder: EmbedderChoice = None,
    concurrency: int | None = None,
) -> Result:
    """Go on with a run that stopped, and wait for it. One that has ended is left as it is.

    Args:
        transcript: A transcript, its path, the beginning of a run id, or ``last``.
        scenario: What it is believed to be of; refused if it differs.
        max_usd: In place of the scenario's budget; what was spent before counts against it.
        max_requests: Likewise.
        deadline: Seconds after which the run stops again.
        settings: Providers, keys, limits, prices; by default the user's own.
        models: Models of your own by provider name.
        embedder: What compares positions.
        concurrency: Requests in flight at once.

    Raises:
        debate.errors.ScenarioChanged: If ``scenario`` is not the one the run began with.
        debate.errors.SettingsError: If a provider, key or price is missing.
        debate.errors.TranscriptError: If the transcript cannot be read or written, or another process writes it.
    """
    chosen = settings if settings is not None else user_settings()
    path = _path(transcript, chosen)
    believed = read_scenario(scenario) if isinstance(scenario, str | Path) else scenario

    async def hold() -> Result:
        async with Engine(chosen, models=models, embedder=embedder, concurrency=concurrency) as engine:
            return await engine.resume(
                path, scenario=believed, max_usd=max_usd, max_requests=max_requests, deadline=deadline
            )

    return asyncio.run(hold())


def fork(
    transcript: Transcript | Path | str,
    at: str | None = None,
    *,
    scenario: Scenario | Path | str | None = None,
    overrides: Mapping[str, str] | None = None,
    prompts: Mapping[str, str] | None = None,
    planted: Mapping[str, str] | None = None,
    seed: int | None = None,
    deadline: float | None = None,
    to: Path | Literal["auto"] | None = "auto",
    settings: Settings | None = None,
    models: Mapping[str, ChatModel] = NO_MODELS,
    embedder: EmbedderChoice = None,
    concurrency: int | None = None,
) -> Result:
    """Hold a new run from the prefix of a saved one, and wait for it. What descends from the change is asked again.

    Args:
        transcript: A transcript, its path, the beginning of a run id, or ``last``.
        at: The round, iteration or turn from which on the change counts; without a change, what is asked once more.
        scenario: In place of the recorded one.
        overrides: Path to value, as of ``--set``, laid over the recorded scenario.
        prompts: Template name to another text.
        planted: Turn to a reply in place of what was answered.
        seed: In place of the run's.
        deadline: Seconds after which the fork stops, resumable.
        to: Where it is written; ``auto`` for the settings' folder, None to keep it in memory.
        settings: Providers, keys, limits, prices; by default the user's own.
        models: Models of your own by provider name.
        embedder: What compares positions.
        concurrency: Requests in flight at once.

    Raises:
        ValueError: If there is nothing to change.
        debate.errors.ScenarioError: If the changed scenario cannot be run.
        debate.errors.TranscriptError: If ``at`` or a planted reply does not fit, or a transcript cannot be read or
            written.
    """
    chosen = settings if settings is not None else user_settings()
    change = Change(
        scenario=read_scenario(scenario) if isinstance(scenario, str | Path) else scenario,
        overrides=tuple((overrides or {}).items()),
        prompts=prompts or {},
        planted=planted or {},
    )
    parent = load(_path(transcript, chosen))

    async def hold() -> Result:
        async with Engine(chosen, models=models, embedder=embedder, concurrency=concurrency) as engine:
            return await engine.fork(parent, at, change, seed=seed, deadline=deadline, transcript=to)

    return asyncio.run(hold())


def rescore(
    transcript: Transcript | Path | str,
    *,
    decisions: Sequence[str | Mapping[str, object]] = (),
    stops: Sequence[str] = (),
    until: Sequence[Condition] = (),
    readers: Sequence[Reader] = ("recorded",),
) -> tuple[Row, ...]:
    """What a saved run would have decided by other rules, had it stopped earlier, or read otherwise. Asks nobody.

    Args:
        transcript: A transcript, its path, the beginning of a run id, or ``last``.
        decisions: Rules as a scenario writes them; the run's own comes first.
        stops: Iterations to stop after, or ``each``.
        until: Conditions, each stopping where it holds first.
        readers: ``recorded``, ``current`` or ``loose``.

    Raises:
        debate.errors.TranscriptError: If the transcript cannot be read, or holds no such iteration.
        ValueError: If a rule is none.
    """
    asked = Asked(
        rules=tuple(parse_rule(written) for written in decisions),
        iterations=tuple(stops),
        until=tuple(until),
        readers=tuple(readers),
    )
    return asyncio.run(rescored(load(_path(transcript, None)), asked))


def explain(transcript: Transcript | Path | str) -> Explanation:
    """Who moved after hearing whom, whether the verdict holds otherwise, and what was lost. Asks nobody.

    Raises:
        debate.errors.TranscriptError: If the transcript cannot be read.
    """
    return explained(load(_path(transcript, None)))


def _path(transcript: Transcript | Path | str, settings: Settings | None) -> Path:
    if isinstance(transcript, Transcript):
        return transcript.path
    return find(str(transcript), (settings if settings is not None else user_settings()).transcripts)


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
