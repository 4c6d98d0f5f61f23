"""The log of one run: appended line by line, each line naming the hash of the one before.

A line is handed to the operating system before :meth:`Log.append` returns, so a killed process loses nothing. Only a
power loss can cost what was written in the last :data:`SYNC_INTERVAL` seconds; :meth:`Log.sync` waits until that too
is on disk.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from debate.errors import TranscriptError, TranscriptLocked, TranscriptNotFound, TranscriptUnwritten
from debate.transcript.events import ENTRY, Entry, Event
from debate.transcript.syncing import Syncer

MODE: Final = 0o600
"""Transcripts can hold private texts: only their owner reads them."""


class Log(Protocol):
    """Where a run's events go."""

    path: Path | None

    def append(self, event: Event) -> Entry:
        """Write ``event`` as the next line.

        Raises:
            debate.errors.TranscriptError: If it could not be written; nothing may follow from the event then.
        """
        ...

    async def sync(self) -> None:
        """Return when everything appended so far would survive a power loss."""
        ...

    def close(self) -> None:
        """Release the transcript. May be called twice."""
        ...


def utc_now() -> datetime:
    """The time of day, for the envelope."""
    return datetime.now(UTC)


def line_of(entry: Entry) -> bytes:
    """The entry as it stands in a file, without its line end."""
    return ENTRY.dump_json(entry, exclude_none=True)


def hash_of(line: bytes) -> str:
    """What the next line names as ``prev``."""
    return hashlib.sha256(line).hexdigest()


class MemoryLog:
    """Keeps a run's entries in memory; for runs that want no file, and for tests."""

    def __init__(self, *, now: Callable[[], datetime] = utc_now) -> None:
        self.path: Path | None = None
        self.entries: list[Entry] = []
        self._now = now
        self._prev = ""

    def append(self, event: Event) -> Entry:
        """Keep ``event`` as the next entry."""
        entry = Entry(seq=len(self.entries), at=self._now(), prev=self._prev, event=event)
        self._prev = hash_of(line_of(entry))
        self.entries.append(entry)
        return entry

    async def sync(self) -> None:
        """Nothing to wait for."""

    def close(self) -> None:
        """Nothing to release."""


def lock(path: Path, *, fresh: bool) -> int:
    """A file descriptor of ``path``, opened for appending and locked; ``fresh`` if it must not exist yet.

    Raises:
        debate.errors.TranscriptNotFound: If it is to exist and does not.
        debate.errors.TranscriptLocked: If another process writes it.
        debate.errors.TranscriptError: If it cannot be opened.
    """
    try:
        if fresh:
            path.parent.mkdir(parents=True, exist_ok=True)
        made = os.O_CREAT | os.O_EXCL if fresh else 0
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | made, MODE)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not fresh:
            raise TranscriptNotFound(f"{path}: no such transcript") from error
        raise TranscriptError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise TranscriptLocked(f"{path}: another process is writing this run; wait for it to end") from error
    return fd


class FileLog:
    """A transcript on disk, locked against a second writer."""

    def __init__(
        self,
        path: Path,
        *,
        syncer: Syncer,
        seq: int = 0,
        prev: str = "",
        now: Callable[[], datetime] = utc_now,
        fd: int | None = None,
    ) -> None:
        """Append to ``path`` after line ``seq - 1``, whose hash is ``prev``. A new file must not exist yet.

        ``fd`` is what :func:`lock` gave for the file, where it was locked before; it is closed with the log.

        Raises:
            debate.errors.TranscriptLocked: If another process writes it.
            debate.errors.TranscriptError: If it cannot be opened.
        """
        self.path: Path | None = path
        self._syncer = syncer
        self._now = now
        self._seq = seq
        self._prev = prev
        self._fd = fd if fd is not None else lock(path, fresh=seq == 0)
        self._size = os.fstat(self._fd).st_size
        """Nobody else writes to a locked file, so its size is known without asking for it at every line."""
        self._closed = False

    def append(self, event: Event) -> Entry:
        """Write ``event`` as the next line, all of it or an error."""
        entry = Entry(seq=self._seq, at=self._now(), prev=self._prev, event=event)
        line = line_of(entry)
        start = self._size
        try:
            _write_all(self._fd, line + b"\n")
        except OSError as error:
            # Where even this fails, the line is torn, and cut off by whoever opens the transcript next.
            with suppress(OSError):
                os.ftruncate(self._fd, start)
            raise TranscriptUnwritten(
                f"{self.path}: {_named(event)} could not be written: {error.strerror}", line=line.decode()
            ) from error
        self._seq += 1
        self._size += len(line) + 1
        self._prev = hash_of(line)
        self._syncer.dirty(self._fd)
        return entry

    async def sync(self) -> None:
        """Return when everything appended so far is on disk."""
        try:
            await self._syncer.synced(self._fd)
        except OSError as error:
            raise self._unwritten(error) from error

    def close(self) -> None:
        """Sync, release the lock and close the file."""
        if self._closed:
            return
        self._closed = True
        try:
            self._syncer.forget(self._fd)
        except OSError as error:
            raise self._unwritten(error) from error
        finally:
            os.close(self._fd)

    def _unwritten(self, error: OSError) -> TranscriptError:
        return TranscriptError(f"{self.path}: the transcript could not be written: {error.strerror}")


def _named(event: Event) -> str:
    """What a person calls the event: ``turn_answered of rebuttal.2/ana``."""
    turn = getattr(event, "turn", None)
    return f"{event.kind} of {turn}" if turn is not None else event.kind


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
