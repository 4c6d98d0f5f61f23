"""Holding one debate in a test and looking at what was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from debate.engine.embedding import EmbedderChoice
from debate.engine.engine import Engine
from debate.engine.loop import Listener
from debate.models.port import ChatModel
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings
from debate.transcript.events import Event, TurnEnded
from debate.transcript.log import MemoryLog
from debate.transcript.reading import Saved, Tail, load
from debate.transcript.result import Result
from debate.transcript.state import State


@dataclass(frozen=True)
class Held:
    """A debate that was held, its transcript read back from disk."""

    result: Result
    saved: Saved

    @property
    def events(self) -> list[Event]:
        """What happened, in order."""
        return [entry.event for entry in self.saved.entries]

    def of(self, kind: str) -> list[Any]:
        """The events of one kind, in order."""
        return [event for event in self.events if event.kind == kind]

    def ended(self, turn: str) -> TurnEnded:
        """How a turn ended."""
        found = self.saved.state.turns[turn].ended
        assert found is not None
        return found


async def hold(
    scenario: Scenario,
    model: ChatModel,
    folder: Path,
    *,
    models: Mapping[str, ChatModel] | None = None,
    name: str = "run",
    seed: int = 0,
    deadline: float | None = None,
    settings: Settings | None = None,
    **engine: Any,
) -> Held:
    """Hold ``scenario`` with ``model`` as the provider ``mine``, and read the transcript back."""
    path = folder / f"{name}.jsonl"
    async with Engine(settings, models={"mine": model, **(models or {})}, **engine) as opened:
        result = await opened.run(scenario, seed=seed, deadline=deadline, transcript=path)
    return Held(result, load(path))


def comparable(state: State) -> dict[str, object]:
    """What must not depend on the order answers arrive in: everything but times."""
    turns = {
        id_: (
            {n: (a.model, a.prompt_hash, a.recipe) for n, a in turn.asked.items()},
            {n: (a.text, a.usage, a.cost_usd) for n, a in turn.answered.items()},
            [(f.try_number, f.error, f.message) for f in turn.failures],
            turn.ended,
        )
        for id_, turn in state.turns.items()
    }
    return {
        "turns": turns,
        "gates": dict(state.gates),
        "scores": dict(state.scores),
        "verdict": state.verdict,
        "ended": state.ended,
    }


def letters(texts: list[str]) -> object:
    """How often each letter stands in each text, as (n, 26) vectors: an embedder that costs nothing."""
    import numpy as np  # noqa: PLC0415 - only what embeds needs it

    return np.array([[1.0 + text.lower().count(letter) for letter in ascii_lowercase] for text in texts])


async def hold_in_memory(
    scenario: Scenario,
    model: ChatModel,
    *,
    seed: int = 0,
    deadline: float | None = None,
    listener: Listener | None = None,
    embedder: EmbedderChoice = letters,
    settings: Settings | None = None,
    **engine: Any,
) -> Held:
    """As :func:`hold`, without a file: for virtual time, which must not wait for a thread that syncs."""
    async with Engine(settings, models={"mine": model}, embedder=embedder, **engine) as opened:
        run = await opened.prepare(scenario, seed=seed, deadline=deadline, transcript=None, listener=listener)
        result = await run.hold()
        log = run._log
    assert isinstance(log, MemoryLog)
    entries = tuple(log.entries)
    tail = Tail(seq=len(entries), prev="", size=0, torn=0, unterminated=False)
    return Held(result, Saved(Path("memory.jsonl"), entries, run.state, tail))
