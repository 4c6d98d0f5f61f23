"""The decoder of server-sent events, by itself."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.models.sse import Decoder, Event

line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=30)


def decoded(pieces: list[bytes], *, limit: int = 10_000) -> list[Event]:
    """Every event of a stream that comes in ``pieces``."""
    decoder = Decoder(limit=limit)
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return [*events, *decoder.finish()]


@settings(deadline=None)
@given(
    st.lists(st.lists(texts, min_size=1, max_size=3), max_size=5),
    st.lists(line_ends, min_size=1, max_size=7),
    st.lists(st.integers(0, 400), max_size=30),
    st.booleans(),
)
def test_no_cutting_and_no_line_end_changes_the_events(
    events: list[list[str]],
    ends: list[bytes],
    cuts: list[int],
    unterminated: bool,  # noqa: FBT001 - drawn
) -> None:
    """What was written is read back, whatever the line ends, the packets, and a missing end of the last event."""
    lines = [line for data in events for line in (b": comment", *(b"data: " + text.encode() for text in data), b"")]
    if unterminated and lines:
        lines.pop()
    # A CR followed by an LF of the next line end would be one line end, so one kind is used for each stream.
    raw = b"".join(line + ends[0] for line in lines)
    edges = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    pieces = [raw[start:end] for start, end in itertools.pairwise(edges)]
    assert [event.data.decode() for event in decoded(pieces)] == ["\n".join(data) for data in events]


@settings(deadline=None)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=20))
def test_any_bytes_are_read_the_same_however_they_are_cut(raw: bytes, cuts: list[int]) -> None:
    """Packets have no meaning: all at once, byte by byte and cut anywhere give the same events."""
    edges = [0, *sorted(cut for cut in cuts if cut < len(raw)), len(raw)]
    pieces = [raw[start:end] for start, end in itertools.pairwise(edges)]
    whole = decoded([raw])
    assert decoded(pieces) == whole
    assert decoded([bytes([byte]) for byte in raw]) == whole


def test_events_have_names_and_other_fields_are_passed_over() -> None:
    """`event:` names an event; ids, retries, unknown fields and fields without a colon do no harm."""
    raw = b"event: error\nid: 1\nretry: 5\nodd\ndata: a\n\ndata\n\nevent: lost\n\ndata:  two blanks\n\n"
    assert decoded([raw]) == [Event(b"error", b"a"), Event(b"", b""), Event(b"", b" two blanks")]


def test_the_memory_of_an_event_is_bounded() -> None:
    """One endless line, and endless lines of one event, are refused; many short events in one packet are not."""
    for pieces in ([b"data: " + b"x" * 200], [b"data: x\n"] * 200, [b"data: " + b"x" * 90, b"y" * 90]):
        with pytest.raises(ValueError, match="longer than 100 bytes"):
            decoded(pieces, limit=100)
    assert len(decoded([b"data: x\n\n" * 1000], limit=100)) == 1000
