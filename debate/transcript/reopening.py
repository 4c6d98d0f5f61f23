"""Taking up a transcript again: locked first, then read, its tail mended, then appended to."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from debate.errors import TranscriptError
from debate.transcript.events import FORMAT
from debate.transcript.log import FileLog, lock, utc_now
from debate.transcript.reading import Saved, load, repair
from debate.transcript.syncing import Syncer


class Reopened(NamedTuple):
    """A transcript that can be read and appended to."""

    log: FileLog
    saved: Saved
    """As it was read; ``saved.tail`` says what was mended."""


def reopen(path: Path, *, syncer: Syncer, now: Callable[[], datetime] = utc_now) -> Reopened:
    """Lock ``path`` against other writers, read it, and open it for appending behind its last sound line.

    Raises:
        debate.errors.TranscriptNotFound: If there is no such file.
        debate.errors.TranscriptLocked: If another process writes it.
        debate.errors.TranscriptDamaged: If a line before the last is not sound.
        debate.errors.TranscriptError: If it cannot be read or written.
    """
    fd = lock(path, fresh=False)
    try:
        saved = load(path)
        _check_format(saved)
        repair(path, saved.tail)
    except BaseException:
        os.close(fd)
        raise
    log = FileLog(path, syncer=syncer, seq=saved.tail.seq, prev=saved.tail.prev, now=now, fd=fd)
    return Reopened(log, saved)


def _check_format(saved: Saved) -> None:
    if saved.format != FORMAT:
        raise TranscriptError(
            f"{saved.path}: written in format {saved.format}, and lines of format {FORMAT} cannot follow; fork the run"
        )
