"""What is shown while a run is held: nothing, plain lines, or a live picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from debate.cli.output import complain, say
from debate.engine.casting import Casting
from debate.engine.engine import Run
from debate.engine.loop import Update
from debate.models.port import Waiting
from debate.report.spoken import Labels, at, line_of
from debate.report.words import SIMULATED, plural, seconds
from debate.transcript.events import Entry

LONG_WAIT = 2.0
"""Seconds from which on a wait is worth a line."""


class View(Protocol):
    """Something that shows a run."""

    streams: bool
    """Whether it wants text as it streams in."""

    def begin(self, run: Run) -> None:
        """The run is about to be held."""
        ...

    def told(self, turn: str | None, update: Update) -> None:
        """Something happened; see :data:`debate.engine.loop.Listener`. Must not block, and must not raise."""
        ...

    def note(self, text: str) -> None:
        """Say something about the run itself, as that it was interrupted."""
        ...

    async def show(self) -> None:
        """Keep showing until :meth:`end`."""
        ...

    def end(self) -> None:
        """Nothing more will be told."""
        ...


class NoView:
    """Shows nothing but notes, on standard error."""

    streams = False

    def begin(self, run: Run) -> None:
        """Nothing to show."""

    def told(self, turn: str | None, update: Update) -> None:
        """Nothing to show."""

    def note(self, text: str) -> None:
        """On standard error, where it disturbs no data."""
        complain(text)

    async def show(self) -> None:
        """Nothing to keep up."""

    def end(self) -> None:
        """Nothing to end."""


class PlainLines(NoView):
    """One short line for each thing that happened."""

    def __init__(self, write: Callable[[str], object] = say) -> None:
        self._write = write
        self._labels: Labels = {}
        self._waited: set[tuple[str | None, str]] = set()

    def begin(self, run: Run) -> None:
        """Say what is about to be held."""
        self._labels = labels_of(run.casting)
        for line in opening_lines(run.casting):
            self._write(line)

    def told(self, turn: str | None, update: Update) -> None:
        """Say what happened, and long waits once."""
        if isinstance(update, Entry):
            line = line_of(update.event, self._labels)
            if line is not None:
                self._write(line)
        elif isinstance(update, Waiting) and update.seconds >= LONG_WAIT and (turn, update.reason) not in self._waited:
            self._waited.add((turn, update.reason))
            self._write(at(turn or "", f"waits {seconds(update.seconds)}: {update.reason}"))


def labels_of(casting: Casting) -> Labels:
    """How each iteration is written."""
    return {(i.round, i.number): i.id for i in casting.graph.iterations.values()}


def opening_lines(casting: Casting) -> list[str]:
    """What is debated, and by how many."""
    graph, scenario = casting.graph, casting.scenario
    size = f"{plural(len(casting.members), 'participant')}, at most {plural(len(graph.turns), 'turn')}"
    lines = [f"{scenario.name} · {casting.topic}", size]
    if any(model.provider == "simulated" for model in casting.models):
        lines.append(SIMULATED)
    return [*lines, ""]
