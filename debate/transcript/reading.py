"""Reading a transcript back: line by line, each checked against the one before."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BufferedReader
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from debate.errors import TranscriptDamaged, TranscriptError, TranscriptNotFound
from debate.transcript.events import ENTRY, FORMAT, Entry, RunStarted
from debate.transcript.result import Result, result_of
from debate.transcript.state import State, evolve
from debate.transcript.upcasting import can_read, format_of, upcast

LINE_LIMIT: Final = 64 * 1024 * 1024
"""Bytes one line may have; a longer one is not a transcript's."""


@dataclass(frozen=True, slots=True)
class Tail:
    """Where the sound part of a transcript ends."""

    seq: int
    """The next line's number."""
    prev: str
    """The last line's hash."""
    size: int
    """Bytes up to there."""
    torn: int
    """Bytes of a last line that was never finished; 0 when there is none."""
    unterminated: bool
    """Whether the last sound line lacks its line end."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A transcript that was read."""

    path: Path
    entries: tuple[Entry, ...]
    state: State
    tail: Tail
    format: int = FORMAT
    """The version it was written in."""

    @property
    def header(self) -> RunStarted:
        """The first event."""
        assert self.state.header is not None, "load() refuses a transcript without one"
        return self.state.header

    @property
    def result(self) -> Result:
        """The outcome.

        Raises:
            ValueError: If the run had not ended when it was read.
        """
        seconds = (self.entries[-1].at - self.entries[0].at).total_seconds()
        return result_of(self.state, path=self.path, wall_seconds=seconds).with_state(self.state)


class Reader:
    """Iterates over the sound entries of a file, one line in memory at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.format = FORMAT
        """The version the file was written in; known after the first line."""
        self.began: datetime | None = None
        """When the first line was written; known after it."""
        self._seq = 0
        self._prev = ""
        self._size = 0
        self._torn = 0
        self._finished = True

    @property
    def tail(self) -> Tail:
        """Where the entries that were yielded end."""
        return Tail(self._seq, self._prev, self._size, self._torn, unterminated=not self._finished)

    def __iter__(self) -> Iterator[Entry]:
        """Yield entry by entry.

        Raises:
            debate.errors.TranscriptNotFound: If there is no such file.
            debate.errors.TranscriptDamaged: If a line before the last is not sound.
            debate.errors.TranscriptError: If it cannot be read, or a newer version of the engine wrote it.
        """
        try:
            file = self.path.open("rb")
        except FileNotFoundError as error:
            raise TranscriptNotFound(f"{self.path}: no such transcript") from error
        except OSError as error:
            raise TranscriptError(f"{self.path}: cannot be read: {error.strerror}") from error
        with file:
            yield from self._entries(file)

    def _entries(self, file: BufferedReader) -> Iterator[Entry]:
        # This loop takes most of the time that opening many transcripts does, so it calls as little as it can.
        validate = ENTRY.validator.validate_json
        is_current = True
        while raw := _line(file, self.path):
            finished = raw.endswith(b"\n")
            line = raw[:-1] if finished else raw
            if self._seq == 0:
                self.format = self._known_format(line)
                is_current = self.format == FORMAT
            try:
                entry: Entry = validate(line if is_current else upcast(line, self.format))
            except ValidationError as error:
                if finished or len(raw) == LINE_LIMIT:
                    raise self._damaged(_problem(error)) from None
                self._torn = len(raw)
                return
            if self._seq == 0:
                self.began = entry.at
            if entry.seq != self._seq:
                raise self._damaged(f"expected line number {self._seq}, found {entry.seq}: lines are missing")
            if entry.prev != self._prev:
                raise self._damaged("does not follow from the line before: one of the two was changed")
            self._seq += 1
            self._prev = sha256(line).hexdigest()
            self._size += len(raw)
            self._finished = finished
            yield entry

    def _known_format(self, line: bytes) -> int:
        version = format_of(line)
        if version is None or can_read(version):
            return FORMAT if version is None else version
        if version > FORMAT:
            raise TranscriptError(
                f"{self.path}: written in format {version} by a newer version of the engine; this one reads "
                f"up to {FORMAT}: upgrade it with pip install -U debate-engine"
            )
        raise self._damaged(f"there is no format {version}")

    def _damaged(self, problem: str) -> TranscriptDamaged:
        return TranscriptDamaged(problem, path=str(self.path), line=self._seq + 1)


def _line(file: BufferedReader, path: Path) -> bytes:
    try:
        return file.readline(LINE_LIMIT)
    except OSError as error:
        raise TranscriptError(f"{path}: cannot be read: {error.strerror}") from error


def _problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"not an entry of a transcript: {where + ': ' if where else ''}{first['msg']}"


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let the garbage collector rest while a file is read.

    What is read stays and holds no cycle, and looking through all of it again and again for one takes a third of the
    time (`benchmarks/transcript_reading.py`).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load(path: Path) -> Saved:
    """Read a whole transcript and fold it.

    A last line that was never finished, as a killed process or a full disk leaves it, is left out and reported in
    ``tail.torn``.

    Raises:
        debate.errors.TranscriptError: If it cannot be read, is damaged, or has no header.
    """
    reader = Reader(path)
    entries: list[Entry] = []
    with collector_paused():
        state = fold_into(State(), reader, entries)
    return Saved(path, tuple(entries), state.frozen(), reader.tail, reader.format)


def fold_into(state: State, reader: Reader, entries: list[Entry] | None) -> State:
    """Fold what ``reader`` reads, and keep the entries where a list is given.

    Raises:
        debate.errors.TranscriptDamaged: If the file does not begin with its one header.
    """
    for entry in reader:
        event = entry.event
        if (event.kind == "run_started") != (entry.seq == 0):
            problem = "a transcript has one run_started, first"
            raise TranscriptDamaged(problem, path=str(reader.path), line=entry.seq + 1)
        evolve(state, event)
        if entries is not None:
            entries.append(entry)
    if state.header is None:
        raise TranscriptDamaged("a transcript begins with run_started", path=str(reader.path), line=1)
    return state


def repair(path: Path, tail: Tail) -> None:
    """Cut off a torn last line, or end a line that lacks only its line end, so that the run can go on.

    Raises:
        debate.errors.TranscriptError: If the file cannot be changed.
    """
    try:
        if tail.torn:
            os.truncate(path, tail.size)
        if tail.unterminated:
            with path.open("ab") as file:
                file.write(b"\n")
    except OSError as error:
        raise TranscriptError(f"{path}: cannot be repaired: {error.strerror}") from error


def find(name: str, folder: Path) -> Path:
    """The transcript that ``name`` means: a path, ``last``, or the beginning of a run id in ``folder``.

    Raises:
        debate.errors.TranscriptNotFound: If it means none, or more than one.
    """
    path = Path(name)
    if path.suffix == ".jsonl" or path.is_file():
        if path.is_file():
            return path
        raise TranscriptNotFound(f"{name}: no such transcript")
    saved = sorted(folder.glob("*.jsonl"), key=lambda p: (p.stat().st_mtime_ns, p.name))
    if name == "last":
        if not saved:
            raise TranscriptNotFound(f"last: no transcript in {folder}/ yet; debate run SCENARIO makes one")
        return saved[-1]
    fitting = [p for p in saved if p.stem.startswith(name)]
    exact = [p for p in fitting if p.stem == name]
    if len(fitting) == 1 or exact:
        return (exact or fitting)[0]
    if not fitting:
        raise TranscriptNotFound(f"{name}: no file, and no run in {folder}/ begins with it")
    listed = ", ".join(p.stem for p in fitting[:5])
    raise TranscriptNotFound(f"{name}: {len(fitting)} runs in {folder}/ begin with it ({listed}); write more of the id")
