"""What all runs of one engine have used."""

from __future__ import annotations

from dataclasses import dataclass

from debate.engine.run import Run
from debate.transcript.ledger import Ledger, ledger, together
from debate.transcript.state import State
from debate.transcript.used import EngineUsage, engine_usage


@dataclass(frozen=True, slots=True)
class _Page:
    """A run, and how it stood when the engine took it up: what it had used by then is not the engine's."""

    run: Run
    before: State

    @property
    def ledger(self) -> Ledger:
        return ledger(self.run.state, since=self.before)


class Books:
    """Keeps the ledgers of an engine's runs; of those that are over, nothing but that."""

    def __init__(self) -> None:
        self._closed: list[Ledger] = []
        self._open: list[_Page] = []

    def enter(self, run: Run, before: State) -> None:
        """A run is about to be held."""
        # Only now is it worth letting go of states: a report works on either.
        self._closed += [page.ledger for page in self._open if page.run.is_over]
        self._open = [page for page in self._open if not page.run.is_over]
        self._open.append(_Page(run, before))

    def report(self) -> EngineUsage:
        """What was used so far, by runs under way too."""
        listed = [*self._closed, *(page.ledger for page in self._open)]
        return engine_usage(together(listed), runs=len(listed))
