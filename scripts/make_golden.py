"""Make the golden transcripts of the present format: ``python scripts/make_golden.py [FOLDER]``.

They are held by the engine with simulated participants; then what no two runs share (times, run ids, the engine's
version) is set, and the lines are chained anew. The same code gives the same bytes. They are made once for each version
of the format and stay as they are: the tests read every one of them.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from debate.engine.changing import Change
from debate.engine.engine import Engine
from debate.errors import Refused, Unavailable
from debate.models.port import Completion, Request
from debate.models.simulated import SimulatedModel
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings
from debate.transcript.events import FORMAT, AttemptFailed, Entry, Event, RunResumed, RunStarted, TurnAnswered
from debate.transcript.log import hash_of, line_of
from debate.transcript.reading import Reader, load
from debate.transcript.usage import Timing

BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
PRICES: Final = {"sim:debater": {"input": "0.15", "output": "0.60", "cached_input": "0.05"}}
DEBATERS: Final = {"ana": {"persona": "Runs a tram."}, "ben": {}, "cleo": {"models": {"cheap": "sim:stubborn"}}}

MOTION: Final = {
    "debate": 1,
    "name": "motion",
    "motion": "Cities should close their centres to private cars.",
    "models": {"cheap": "sim:debater", "premium": "sim:contrarian"},
    "participants": {**DEBATERS, "referee": {"role": "judge"}},
    "graph": "ring",
    "rounds": [
        {"name": "opening", "who": "debater", "tier": "cheap", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "tier": "cheap", "repeat": {"up_to": 3, "until": "unanimous"}},
        {"name": "verdict", "who": "referee", "tier": "premium", "hears": {"from": "debater", "rounds": "all"}},
    ],
    "decision": {"by": "referee", "else": "plurality"},
    "budget": {"usd": "1"},
}
QUESTION: Final = {
    "debate": 1,
    "name": "question",
    "question": {
        "text": "Which planet has the most moons?",
        "kind": "choice",
        "choices": {"A": "Jupiter", "B": "Saturn"},
    },
    "models": {"cheap": "sim:debater", "premium": "sim:debater"},
    "participants": {"panel": {"count": 4}},
    "rounds": [
        {"name": "first", "who": "debater", "tier": "cheap", "hears": "nobody"},
        {"name": "second", "who": "debater", "tier": "cheap", "reply_mode": "schema"},
    ],
    "decision": {"by": "majority", "tie": "lot"},
    "failure": {"turn": "substitute", "substitute": "premium"},
    "consensus": {"similarity": "off"},
}


class Staged:
    """Simulated participants, of whom some fail or mumble where a golden transcript needs it."""

    def __init__(
        self, *, failing: tuple[str, ...] = (), down: tuple[str, ...] = (), mumbling: tuple[str, ...] = ()
    ) -> None:
        self._failing, self._down, self._mumbling = failing, down, mumbling
        self._model = SimulatedModel()

    async def __call__(self, request: Request, /) -> Completion:
        """Answer, or not."""
        assert request.turn is not None
        name = f"{request.turn.turn}#{request.turn.try_number}"
        if name in self._failing:
            raise Refused("the model would not", status=400, request_id="req_refused")
        if name in self._down:
            raise Unavailable("the provider is down", status=500, should_retry=False)
        if name in self._mumbling:
            return Completion(text="I would rather speak about the weather.", finish="stop", model="debater")
        completion = await self._model(request)
        return replace(completion, request_id=f"req_{name}")


async def make(folder: Path) -> None:
    """Hold every golden run into ``folder``."""
    settings = Settings.model_validate(
        {"prices": {**PRICES, "sim:stubborn": PRICES["sim:debater"], "sim:contrarian": PRICES["sim:debater"]}}
    )
    motion, question = Scenario.model_validate(MOTION), Scenario.model_validate(QUESTION)

    def engine(model: Staged) -> Engine:
        return Engine(settings, models={"sim": model}, embedder="lexical", concurrency=1)

    path = folder / "motion.jsonl"
    async with engine(Staged()) as opened:
        await opened.run(motion, transcript=path)
    settle(path, "golden-motion")

    async with engine(Staged()) as opened:
        planted = (
            "Nobody walks in the rain.\nPOSITION: Closing centres is wrong.\nSTANCE: strongly_oppose\nCONFIDENCE: 95"
        )
        plan = await opened.plan_fork(load(path), "opening", Change(planted={"opening/ana": planted}))
        await opened.prepare_fork(plan, transcript=folder / "fork.jsonl").hold()
    settle(folder / "fork.jsonl", "golden-fork")

    staged = Staged(
        failing=("first/panel.2#1",),
        mumbling=("first/panel.3#1", "second/panel.4#1", "second/panel.4#2"),
    )
    async with engine(staged) as opened:
        await opened.run(question, transcript=folder / "question.jsonl")
    settle(folder / "question.jsonl", "golden-question")

    path = folder / "resumed.jsonl"
    async with engine(Staged(down=tuple(f"first/panel.{n}#{t}" for n in (2, 3, 4) for t in (1, 2)))) as opened:
        await opened.run(question, transcript=path)
    with path.open("ab") as file:
        file.write(b'{"seq":')
    async with engine(Staged()) as opened:
        await opened.resume(path)
    settle(path, "golden-resumed")

    path = folder / "stopped.jsonl"
    async with engine(Staged()) as opened:
        await opened.run(motion.model_copy(update={"budget": type(motion.budget)(requests=5)}), transcript=path)
    settle(path, "golden-stopped")

    path = folder / "failed.jsonl"
    async with engine(Staged(failing=tuple(f"first/panel.{n}#{t}" for n in (1, 2, 3) for t in (1, 2)))) as opened:
        await opened.run(question, transcript=path)
    settle(path, "golden-failed")


def settle(path: Path, run: str) -> None:
    """Set what differs from run to run, and chain the lines anew."""
    prev, lines = "", []
    for entry in Reader(path):
        at = BEGAN + timedelta(seconds=entry.seq)
        changed = Entry(seq=entry.seq, at=at, prev=prev, event=_settled(entry.event, run))
        lines.append(line_of(changed))
        prev = hash_of(lines[-1])
    path.write_bytes(b"\n".join(lines) + b"\n")


def _settled(event: Event, run: str) -> Event:
    match event:
        case RunStarted():
            return event.model_copy(update={"run": run, "engine": "0.1.0"})
        case RunResumed():
            return event.model_copy(update={"engine": "0.1.0"})
        case TurnAnswered():
            return event.model_copy(update={"timing": Timing(total=0.5)})
        case AttemptFailed():
            return event.model_copy(update={"seconds": 0.5})
        case _:
            return event


def main() -> None:
    """Make them where the tests look for them, or in the folder that is named."""
    default = Path(__file__).resolve().parent.parent / "transcripts" / "examples" / f"format-{FORMAT}"
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    with tempfile.TemporaryDirectory() as made:
        asyncio.run(make(Path(made)))
        target.mkdir(parents=True, exist_ok=True)
        for path in sorted(Path(made).glob("*.jsonl")):
            shutil.copy(path, target / path.name)
            print(f"{target / path.name}: {sum(1 for _ in path.open())} lines")


if __name__ == "__main__":
    main()
