"""Draws docs/live.svg: the live view of the scenario `demo` in the middle of its second rebuttal.

Usage: live_picture.py [FILE]

The run is real and simulated; the picture is of the view's own state after a fixed number of updates, at a fixed time.
"""

from __future__ import annotations

import asyncio
import re
import sys
from io import StringIO
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from debate import assets
from debate.cli.picture import picture
from debate.cli.view import PlainLines
from debate.cli.watching import Watch
from debate.engine.engine import Engine
from debate.engine.loop import Update
from debate.models.port import Delta
from debate.scenario.reading import read_scenario
from debate.transcript.events import Entry

DRAWN: Final = Path(__file__).resolve().parents[1] / "docs" / "live.svg"
WIDTH: Final = 100
SPEAKS_IN: Final = "rebuttal.2"
ELAPSED: Final = 3.9


async def drawing() -> str:
    """The picture as SVG."""
    updates: list[tuple[str | None, Update]] = []
    scenario = read_scenario(assets.scenario("demo"), overrides=[("consensus.similarity", "off")])
    async with Engine() as engine:
        run = await engine.prepare(
            scenario, transcript=None, listener=lambda turn, update: updates.append((turn, update)), streams=True
        )
        await run.hold()
    lines: list[str] = []
    plain, watch = PlainLines(lines.append), Watch(run.casting)
    plain.begin(run)
    for turn, update in _until(updates):
        watch.told(turn, update, now=0.0)
        plain.told(turn, update)
    console = Console(record=True, width=WIDTH, file=StringIO(), highlight=False, color_system="truecolor")
    console.print(Text("\n".join(lines)))
    console.print(picture(watch, now=0.0, elapsed=ELAPSED, width=WIDTH, height=40))
    drawn = console.export_svg(title="debate run demo", unique_id="debate")
    # The fonts it would load from elsewhere; a picture should need nothing but itself.
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


def _until(updates: list[tuple[str | None, Update]]) -> list[tuple[str | None, Update]]:
    """Up to where some of the iteration's speakers are in the middle of a sentence."""
    taken: list[tuple[str | None, Update]] = []
    for turn, update in updates:
        if (
            isinstance(update, Entry)
            and update.event.kind == "turn_answered"
            and update.event.turn.startswith(SPEAKS_IN)
        ):
            break
        spoken = [t for t, u in taken if t == turn and isinstance(u, Delta)]
        if isinstance(update, Delta) and len(spoken) >= 4:
            continue
        taken.append((turn, update))
    return taken


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else DRAWN
    target.write_text(asyncio.run(drawing()), encoding="utf-8")
    print(target)
