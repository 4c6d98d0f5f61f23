"""Finding runs of a scenario that could go on, without reading more than their ends."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from debate.transcript.events import ENTRY, RunEnded, RunStarted
from debate.transcript.reading import LINE_LIMIT

LATEST: Final = 50
"""Runs that are looked at."""

_TAIL: Final = 65_536
"""Bytes in which a last line is looked for; the one that ends a run is far shorter."""


def unfinished(folder: Path, name: str, scenario_hash: str, seed: int) -> tuple[str, ...]:
    """The ids of runs of the same scenario and seed in ``folder`` that have not ended, the latest first.

    Only files named after the scenario are looked at, of those the latest, and of each its first line and its end.
    """
    paths = sorted(folder.glob(f"*-{name}-*.jsonl"), reverse=True)[:LATEST]
    found = []
    for path in paths:
        header = _header(path)
        if header is not None and (header.scenario_hash, header.seed) == (scenario_hash, seed) and not _has_ended(path):
            found.append(header.run)
    return tuple(found)


def _header(path: Path) -> RunStarted | None:
    try:
        with path.open("rb") as file:
            event = ENTRY.validate_json(file.readline(LINE_LIMIT)).event
    except (OSError, ValidationError):
        return None
    return event if isinstance(event, RunStarted) else None


def _has_ended(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        return isinstance(ENTRY.validate_json(last).event, RunEnded)
    except ValidationError:
        return False
