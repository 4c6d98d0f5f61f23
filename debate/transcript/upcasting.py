"""Older formats: a line of one becomes a line of the next, until it is one of the present format.

The present format is the first, so there is nothing to upcast yet. What a change of the format takes: raise
:data:`debate.transcript.events.FORMAT`, add the step from the version before to :data:`STEPS`, and add golden
transcripts of the new version; those of the old one stay, and must still fold to the same state.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from pydantic import JsonValue

from debate.transcript.events import FORMAT

Line = dict[str, JsonValue]
"""A line of a transcript, as JSON."""

STEPS: Final[dict[int, Callable[[Line], Line]]] = {}
"""Version to what makes a line of it one of the next version."""


def format_of(line: bytes) -> int | None:
    """The version that a first line says the transcript has; None if it is no header."""
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        return None
    event = read.get("event") if isinstance(read, dict) else None
    found = event.get("format") if isinstance(event, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def can_read(version: int) -> bool:
    """Whether lines of ``version`` can be made lines of the present format."""
    return all(step in STEPS for step in range(version, FORMAT)) and version <= FORMAT


def upcast(line: bytes, version: int) -> bytes:
    """A line of ``version`` as one of the present format; what is no JSON object is left as it is."""
    try:
        read: JsonValue = json.loads(line)
    except (ValueError, RecursionError):
        return line
    if not isinstance(read, dict):
        return line
    for step in range(version, FORMAT):
        read = STEPS[step](read)
    return json.dumps(read).encode()
