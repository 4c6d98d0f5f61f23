"""Holding a run under a person's eyes: shown as it goes, drained by one Ctrl-C and aborted by the second."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from debate.cli.given import Asking
from debate.cli.view import View
from debate.engine.engine import NO_MODELS, Engine, Run
from debate.errors import DebateError
from debate.models.port import ChatModel
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings
from debate.transcript.result import Result, result_of
from debate.transcript.unfinished import unfinished

PATIENCE = 2.0
"""Seconds an aborted run has to write what it must, before it is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """How a run is to be held."""

    settings: Settings
    asking: Asking
    seed: int = 0
    deadline: float | None = None
    embedder: str | Path | None = None
    concurrency: int | None = None
    models: Mapping[str, ChatModel] = field(default_factory=lambda: NO_MODELS)
    """Models of one's own by provider name."""


def hold(scenario: Scenario, how: Holding, view: View) -> Result:
    """Hold ``scenario`` and show it in ``view``.

    Raises:
        debate.errors.DebateError: If the run cannot begin, or its transcript cannot be written.
    """
    return asyncio.run(_hold(scenario, how, view))


async def _hold(scenario: Scenario, how: Holding, view: View) -> Result:
    async with Engine(how.settings, models=how.models, embedder=how.embedder, concurrency=how.concurrency) as engine:
        run = await engine.prepare(
            scenario,
            **how.asking,
            seed=how.seed,
            deadline=how.deadline,
            listener=view.told,
            streams=view.streams,
        )
        await _mention_unfinished(run, how, view)
        return await shown(run, view)


async def _mention_unfinished(run: Run, how: Holding, view: View) -> None:
    """Say in one line that the same debate lies unfinished, so that nobody pays for it anew unawares."""
    cast = run.casting
    found = await asyncio.to_thread(unfinished, how.settings.transcripts, cast.scenario.name, cast.hash, how.seed)
    others = [id_ for id_ in found if id_ != run.id]
    if others:
        view.note(f"{others[0]} is an unfinished run of the same; debate resume {others[0]} goes on with it")


async def shown(run: Run, view: View) -> Result:
    """Hold a run that is ready, and show it in ``view``.

    Raises:
        debate.errors.DebateError: If its transcript cannot be written.
    """
    view.begin(run)
    failure: DebateError | None = None
    result: Result | None = None
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(view.show())
        try:
            result = await _held(run, view)
        except DebateError as error:
            failure = error
        finally:
            view.end()
    if result is None:
        assert failure is not None, "a run gives a result or fails"
        raise failure
    return result


async def _held(run: Run, view: View) -> Result:
    """The run's result, also where it was aborted so hard that it could not give one itself."""
    task = asyncio.current_task()
    assert task is not None, "this runs in a task"
    with _interrupts(run, view, task):
        try:
            return await run.hold()
        except asyncio.CancelledError:
            if run.state.status != "stopped" or not task.uncancel() == 0:
                raise
    return result_of(run.state, path=run.path, wall_seconds=0.0).with_state(run.state)


@contextmanager
def _interrupts(run: Run, view: View, task: asyncio.Task[Result]) -> Iterator[None]:
    """Ctrl-C once: start nothing new. Twice: wait for nothing."""
    loop = asyncio.get_running_loop()
    pressed = 0
    cutting: asyncio.TimerHandle | None = None

    def interrupt() -> None:
        nonlocal pressed, cutting
        pressed += 1
        if pressed == 1:
            view.note("interrupted: no new turn starts; those under way are awaited. Ctrl-C again aborts them")
            run.stop("interrupted", "interrupted from the keyboard")
            return
        view.note("aborted")
        run.stop("interrupted", "interrupted from the keyboard", abort=True)
        if cutting is None:
            cutting = loop.call_later(PATIENCE, task.cancel)

    loop.add_signal_handler(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        if cutting is not None:
            cutting.cancel()
