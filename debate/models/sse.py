"""Server-sent events out of bytes, as https://html.spec.whatwg.org/multipage/server-sent-events.html has them.

Lines end at LF, CR or CRLF and nowhere else: decoding to text first and splitting that would also split at U+2028,
which JSON may contain.
"""

from __future__ import annotations

from typing import Final, NamedTuple

MAX_EVENT_BYTES: Final = 4 * 1024 * 1024
"""A longer event is refused; a chunk of a completion has some hundred bytes."""

_BOM: Final = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its type, empty when none was given, and its data lines joined with LF."""

    name: bytes
    data: bytes


class Decoder:
    """Feed it bytes as they come; it gives whole events."""

    __slots__ = ("_after_cr", "_data", "_limit", "_name", "_size", "_started", "_tail")

    def __init__(self, *, limit: int = MAX_EVENT_BYTES) -> None:
        self._limit = limit
        self._tail: list[bytes] = []
        """The parts of a line that has not ended."""
        self._size = 0
        """Bytes kept for the event that has not ended."""
        self._after_cr = False
        self._started = False
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` finishes.

        Raises:
            ValueError: If an event is longer than the limit.
        """
        if b"\r" in chunk or self._after_cr:
            chunk = self._with_lf(chunk)
        self._size += len(chunk)
        if b"\n" not in chunk:
            if chunk:
                self._tail.append(chunk)
            self._check()
            return []
        lines = (b"".join(self._tail) + chunk).split(b"\n")
        rest = lines.pop()
        self._tail = [rest] if rest else []
        events = [event for line in lines if (event := self._line(line)) is not None]
        self._size = sum(map(len, self._tail)) + sum(map(len, self._data))
        self._check()
        return events

    def finish(self) -> list[Event]:
        """The last event of a stream that ended without the blank line which should have ended the event."""
        rest = b"".join(self._tail)
        self._tail = []
        events = [self._line(rest)] if rest else []
        events.append(self._line(b""))
        return [event for event in events if event is not None]

    def _with_lf(self, chunk: bytes) -> bytes:
        """``chunk`` with every line end as LF; a CR at its end counts at once, and an LF after it is dropped."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
            self._after_cr = False
        if chunk:
            self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _check(self) -> None:
        if self._size > self._limit:
            raise ValueError(f"an event is longer than {self._limit} bytes")

    def _line(self, line: bytes) -> Event | None:
        if not self._started:
            self._started = True
            line = line.removeprefix(_BOM)
        if not line:
            name, data = self._name, self._data
            self._name, self._data = b"", []
            return Event(name, b"\n".join(data)) if data else None
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
        elif field == b"event":
            self._name = value
        return None
