"""The live view of a run on a terminal: what happened scrolls away above, who is speaking stands below."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from debate.cli.picture import picture
from debate.cli.view import PlainLines
from debate.cli.watching import Watch
from debate.engine.engine import Run
from debate.engine.loop import Update

INTERVAL: Final = 0.1
"""Seconds between two pictures."""


class LiveView:
    """Draws in a thread of its own, so that a terminal that is held up never holds up the debate.

    Args:
        console: The terminal.
        clock: Seconds of a steady clock.
    """

    streams = True

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._began = clock()
        self._lines: list[str] = []
        self._plain = PlainLines(self._lines.append)
        self._watch: Watch | None = None
        self._over = asyncio.Event()

    @classmethod
    def on(cls, stream: TextIO) -> LiveView:
        """A view on the terminal behind ``stream``."""
        return cls(Console(file=stream, highlight=False))

    def begin(self, run: Run) -> None:
        """The run is about to be held."""
        self._began = self._clock()
        self._watch = Watch(run.casting)
        self._plain.begin(run)

    def told(self, turn: str | None, update: Update) -> None:
        """Take in what happened; it is drawn at the next picture."""
        if self._watch is not None:
            self._watch.told(turn, update, now=self._clock())
        self._plain.told(turn, update)

    def note(self, text: str) -> None:
        """Say it among the lines above."""
        self._lines.append(text)

    def end(self) -> None:
        """Draw what is left, and stop."""
        self._over.set()

    async def show(self) -> None:
        """Draw until the end; the picture then goes away, and the lines stay."""
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while not self._over.is_set():
                await asyncio.to_thread(self._draw, live, self._taken(), self._picture())
                try:
                    await asyncio.wait_for(self._over.wait(), INTERVAL)
                except TimeoutError:
                    continue
            await asyncio.to_thread(self._draw, live, self._taken(), Text())

    def _taken(self) -> list[str]:
        """The lines that are new since the last picture."""
        taken = list(self._lines)
        self._lines.clear()
        return taken

    def _picture(self) -> Text:
        if self._watch is None:
            return Text()
        size = self._console.size
        now = self._clock()
        return picture(self._watch, now=now, elapsed=now - self._began, width=size.width, height=size.height)

    def _draw(self, live: Live, lines: list[str], drawn: Text) -> None:
        for line in lines:
            self._console.print(Text(line), soft_wrap=True)
        live.update(drawn, refresh=True)
