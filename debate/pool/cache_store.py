"""Answers on disk: one SQLite file that several processes may use at once."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple, Self

from debate.settings.cache import CacheSettings

_VERSION: Final = 1
"""Of the tables. A file with others is emptied: what it holds can be asked for again."""

_PATIENCE: Final = 5.0
"""Seconds to wait for another process that writes."""

_TABLES: Final = """
CREATE TABLE answer (
    key TEXT PRIMARY KEY, model TEXT NOT NULL, stored REAL NOT NULL, used INTEGER NOT NULL, hits INTEGER NOT NULL,
    usd TEXT, size INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX answer_used ON answer (used);
CREATE INDEX answer_stored ON answer (stored);
CREATE TABLE total (entries INTEGER NOT NULL, bytes INTEGER NOT NULL);
INSERT INTO total VALUES (0, 0);
CREATE TRIGGER came AFTER INSERT ON answer BEGIN
    UPDATE total SET entries = entries + 1, bytes = bytes + new.size;
END;
CREATE TRIGGER went AFTER DELETE ON answer BEGIN
    UPDATE total SET entries = entries - 1, bytes = bytes - old.size;
END;
CREATE TRIGGER changed AFTER UPDATE OF size ON answer BEGIN
    UPDATE total SET bytes = bytes - old.size + new.size;
END;
CREATE TABLE served (
    model TEXT PRIMARY KEY, hits INTEGER NOT NULL, misses INTEGER NOT NULL, unpriced INTEGER NOT NULL, usd TEXT NOT NULL
) WITHOUT ROWID;
"""
"""``used`` counts up with every use, so that the order of use does not hang on a clock."""


class Kept(NamedTuple):
    """One answer that is kept."""

    key: str
    model: str
    """As ``provider:id``."""
    stored: float
    """Seconds since 1970."""
    hits: int
    usd: Decimal | None
    """What it cost; None when that is unknown."""
    size: int
    """Bytes of JSON."""


class Served(NamedTuple):
    """How a model's requests fared since the file began."""

    model: str
    hits: int
    misses: int
    unpriced: int
    """Hits whose answer cost nobody knows how much; they are missing from ``usd``."""
    usd: Decimal
    """What the other hits saved."""


class Totals(NamedTuple):
    """How much is kept."""

    entries: int
    bytes: int


class CacheStore:
    """The open file. For one thread at a time.

    Args:
        path: The file; made, with its folder, if it is not there, and readable by its owner alone.
        ttl_seconds: How old an answer may be.
        max_entries: How many are kept at most.
        max_bytes: How many bytes of JSON at most.

    Raises:
        sqlite3.Error: If the file cannot be used, as when it is no database.
        OSError: If it cannot be made.
    """

    def __init__(self, path: Path, *, ttl_seconds: float, max_entries: int, max_bytes: int) -> None:
        self._ttl = ttl_seconds
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives the files beside it the rights of this one.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
        self._connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def of(cls, settings: CacheSettings) -> Self:
        """The file that the settings name, with their bounds."""
        return cls(
            settings.file,
            ttl_seconds=settings.ttl_seconds,
            max_entries=settings.max_entries,
            max_bytes=settings.max_bytes,
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def get(self, key: str, model: str, *, now: float) -> str | None:
        """The answer kept under ``key``, used last from now on; None, and counted as missed, if there is none.

        An answer that is too old is none, and goes.
        """
        with self._writing() as run:
            row = run.execute("SELECT stored, usd, body FROM answer WHERE key = ?", (key,)).fetchone()
            if row is not None and abs(now - row[0]) >= self._ttl:
                run.execute("DELETE FROM answer WHERE key = ?", (key,))
                row = None
            if row is None:
                self._serve(run, model, misses=1)
                return None
            _, usd, body = row
            run.execute(f"UPDATE answer SET used = {_NEXT}, hits = hits + 1 WHERE key = ?", (key,))  # noqa: S608 - no input in it
            self._serve(run, model, hits=1, usd=None if usd is None else Decimal(usd))
            return str(body)

    def put(self, key: str, model: str, body: str, *, usd: Decimal | None, now: float) -> None:
        """Keep an answer, in place of an older one under ``key``; what there is no room for then goes."""
        size = len(body.encode())
        if size > self._max_bytes:
            return
        with self._writing() as run:
            run.execute(
                f"INSERT INTO answer VALUES (?, ?, ?, {_NEXT}, 0, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET "  # noqa: S608 - no input in it
                "model = excluded.model, stored = excluded.stored, used = excluded.used, usd = excluded.usd, "
                "size = excluded.size, body = excluded.body",
                (key, model, now, None if usd is None else str(usd), size, body),
            )
            self._make_room(run, now)

    def prune(self, *, now: float) -> Totals:
        """Let go of what is too old or too much; gives how much that was."""
        with self._writing() as run:
            before = _totals(run)
            self._make_room(run, now)
            after = _totals(run)
        self._connection.execute("PRAGMA incremental_vacuum").fetchall()
        return Totals(before.entries - after.entries, before.bytes - after.bytes)

    def clear(self) -> Totals:
        """Let go of everything, the counts too, and give the room back; gives how much was kept."""
        with self._writing() as run:
            before = _totals(run)
            run.execute("DELETE FROM answer")
            run.execute("DELETE FROM served")
        self._connection.execute("VACUUM")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return before

    def totals(self) -> Totals:
        """How much is kept."""
        return _totals(self._connection.cursor())

    def kept(self) -> list[Kept]:
        """What is kept, the last used first; the answers themselves stay where they are."""
        rows = self._connection.execute(
            "SELECT key, model, stored, hits, usd, size FROM answer ORDER BY used DESC"
        ).fetchall()
        return [
            Kept(key, model, stored, hits, None if usd is None else Decimal(usd), size)
            for key, model, stored, hits, usd, size in rows
        ]

    def served(self) -> list[Served]:
        """How each model's requests fared, since the file began."""
        rows = self._connection.execute("SELECT model, hits, misses, unpriced, usd FROM served ORDER BY model")
        return [Served(model, hits, misses, unpriced, Decimal(usd)) for model, hits, misses, unpriced, usd in rows]

    def _prepare(self) -> None:
        run = self._connection
        # Only a file without tables takes this; it lets a prune give room back.
        run.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _patiently(run, "PRAGMA journal_mode = WAL")
        # The last answers before a power cut may be lost, never the file.
        run.execute("PRAGMA synchronous = NORMAL")
        if self._version() == _VERSION:
            return
        with self._writing() as writing:
            if self._version() == _VERSION:  # another process was quicker
                return
            names = writing.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
            for (name,) in names:
                writing.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))
            for statement in _statements(_TABLES):
                writing.execute(statement)
            writing.execute(f"PRAGMA user_version = {_VERSION}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        """A transaction that waits for its turn at once, so that what it read is still so when it writes."""
        with closing(self._connection.cursor()) as run:
            run.execute("BEGIN IMMEDIATE")
            try:
                yield run
                run.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    run.execute("ROLLBACK")
                raise

    def _make_room(self, run: sqlite3.Cursor, now: float) -> None:
        run.execute("DELETE FROM answer WHERE stored <= ? OR stored >= ?", (now - self._ttl, now + self._ttl))
        while (left := _totals(run)).entries > self._max_entries or left.bytes > self._max_bytes:
            run.execute("DELETE FROM answer WHERE key = (SELECT key FROM answer ORDER BY used LIMIT 1)")

    @staticmethod
    def _serve(run: sqlite3.Cursor, model: str, *, hits: int = 0, misses: int = 0, usd: Decimal | None = None) -> None:
        row = run.execute("SELECT usd FROM served WHERE model = ?", (model,)).fetchone()
        saved = Decimal(0 if row is None else row[0]) + (usd or Decimal(0))
        unpriced = int(hits > 0 and usd is None)
        run.execute(
            "INSERT INTO served VALUES (?, ?, ?, ?, ?) ON CONFLICT (model) DO UPDATE SET hits = hits + excluded.hits, "
            "misses = misses + excluded.misses, unpriced = unpriced + excluded.unpriced, usd = excluded.usd",
            (model, hits, misses, unpriced, str(saved)),
        )


_NEXT: Final = "(SELECT ifnull(max(used), 0) + 1 FROM answer)"


def discard(path: Path) -> None:
    """Delete a file that is no database, and those beside it. Not for one that another process may have open."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _totals(run: sqlite3.Cursor) -> Totals:
    return Totals(*run.execute("SELECT entries, bytes FROM total").fetchone())


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: sqlite3 would end the transaction to run it whole."""
    statement = ""
    for line in script.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _patiently(run: sqlite3.Connection, statement: str) -> None:
    """Run a statement for which SQLite itself does not wait until another process is done."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            run.execute(statement)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.005)
        else:
            return
