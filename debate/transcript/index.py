"""An index of a folder of transcripts: what each came to, in a throw-away SQLite file.

It holds nothing that the transcripts do not: whoever deletes it loses a little time. A transcript is read again when
its size or time of change differs; the others are not opened at all.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

import platformdirs

from debate.errors import TranscriptError
from debate.transcript.ledger import ledger
from debate.transcript.reading import Reader, collector_paused, fold_into
from debate.transcript.result import consensus_of
from debate.transcript.state import State

VERSION: Final = 1
"""Of the table; an index of another version is made anew."""

_COLUMNS: Final = (
    "path", "size", "changed", "run", "name", "status", "reason", "began", "seed", "scenario_hash", "simulated",
    "turns", "answer", "agreement", "cost_usd", "error",
)  # fmt: skip


Cell = str | int | float | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One transcript of a folder."""

    path: Path
    run: str
    name: str
    """The scenario's."""
    status: str
    """``running``, ``stopped``, ``completed`` or ``failed``; ``damaged`` where it cannot be read."""
    reason: str | None
    """Why it stopped or failed."""
    began: str
    """UTC, ISO 8601."""
    seed: int
    scenario_hash: str
    simulated: bool
    turns: int
    """Turns that were asked."""
    answer: str | None
    agreement: float | None
    cost_usd: Decimal | None
    error: str | None
    """Why it cannot be read."""


def listing(folder: Path, *, index: Path | None = None) -> tuple[Listed, ...]:
    """What lies in ``folder``, the latest change last. Each transcript is read once, and again when it has changed.

    Args:
        folder: Where transcripts are; subfolders are not looked into.
        index: The index file; by default one in the user's cache.

    Raises:
        OSError: If the folder cannot be listed.
    """
    found = [
        (entry.name, status.st_size, status.st_mtime_ns)
        for entry in os.scandir(folder)
        if entry.name.endswith(".jsonl") and entry.is_file()
        for status in [entry.stat()]
    ]
    with closing(_opened(index if index is not None else _place(folder))) as table:
        known = {row[0]: row for row in table.execute(f"SELECT {', '.join(_COLUMNS)} FROM transcripts")}  # noqa: S608
        rows = []
        for name, size, changed in sorted(found, key=lambda one: (one[2], one[0])):
            row = known.get(name)
            if row is None or row[1:3] != (size, changed):
                row = (name, size, changed, *_read(folder / name))
                marks = ", ".join("?" * len(_COLUMNS))
                table.execute(f"INSERT OR REPLACE INTO transcripts VALUES ({marks})", row)  # noqa: S608 - no data in it
            rows.append(row)
        gone = set(known) - {name for name, _, _ in found}
        table.executemany("DELETE FROM transcripts WHERE path = ?", [(name,) for name in gone])
        table.commit()
    return tuple(_listed(folder, row) for row in rows)


def _place(folder: Path) -> Path:
    """Where the index of ``folder`` is kept: outside it, so that a shared or read-only folder stays as it is."""
    key = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return platformdirs.user_cache_path("debate") / "index" / f"{key}.sqlite"


def _opened(path: Path) -> sqlite3.Connection:
    """The index; where it cannot be used, one in memory, as it only saves time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        table = sqlite3.connect(path, timeout=1.0)
        _prepared(table)
    except (OSError, sqlite3.Error):
        table = sqlite3.connect(":memory:")
        _prepared(table)
    return table


def _prepared(table: sqlite3.Connection) -> None:
    (version,) = table.execute("PRAGMA user_version").fetchone()
    if version != VERSION:
        table.execute("DROP TABLE IF EXISTS transcripts")
        table.execute(f"PRAGMA user_version = {VERSION}")
    columns = ", ".join(_COLUMNS[1:])
    table.execute(f"CREATE TABLE IF NOT EXISTS transcripts (path TEXT PRIMARY KEY, {columns})")


def _read(path: Path) -> Row:
    """What the index holds of one transcript, folded line by line."""
    reader = Reader(path)
    try:
        with collector_paused():
            state = fold_into(State(), reader, None)
    except TranscriptError as error:
        return _damaged(str(error))
    header = state.header
    assert header is not None, "whatever folds has a header"
    consensus = consensus_of(state)
    cost = ledger(state).total.cost_usd
    return (
        header.run,
        str(header.scenario.get("name")),
        state.status,
        _reason(state),
        reader.began.isoformat() if reader.began is not None else "",
        header.seed,
        header.scenario_hash,
        int(header.simulated),
        sum(1 for turn in state.turns.values() if turn.asked),
        state.verdict.answer if state.verdict is not None else None,
        consensus.agreement if consensus is not None else None,
        None if cost is None else str(cost),
        None,
    )


def _reason(state: State) -> str | None:
    if state.suspended is not None:
        return state.suspended.reason
    return state.ended.reason if state.ended is not None else None


def _damaged(error: str) -> Row:
    return ("", "", "damaged", None, "", 0, "", 0, 0, None, None, None, error)


def _listed(folder: Path, row: Row) -> Listed:
    values = dict(zip(_COLUMNS, row, strict=True))
    agreement, cost = values["agreement"], values["cost_usd"]
    return Listed(
        path=folder / str(row[0]),
        run=str(values["run"]),
        name=str(values["name"]),
        status=str(values["status"]),
        reason=_text(values["reason"]),
        began=str(values["began"]),
        seed=int(values["seed"] or 0),
        scenario_hash=str(values["scenario_hash"]),
        simulated=bool(values["simulated"]),
        turns=int(values["turns"] or 0),
        answer=_text(values["answer"]),
        agreement=None if agreement is None else float(agreement),
        cost_usd=None if cost is None else Decimal(str(cost)),
        error=_text(values["error"]),
    )


def _text(value: Cell) -> str | None:
    return None if value is None else str(value)
