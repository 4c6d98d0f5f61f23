"""Folding: the state is a function of the events, whatever order independent ones came in, and lines lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from facts import KINDS, NOW, events, events_of, header, small_run
from hypothesis import given
from hypothesis import strategies as st
from strategies import few

from debate.transcript.events import ENTRY, Entry, Event, Fact, RunResumed, RunStarted, TurnAsked
from debate.transcript.ledger import ledger
from debate.transcript.log import MemoryLog, line_of
from debate.transcript.state import State, fold

PER_TURN = ("turn_asked", "attempt_failed", "turn_answered", "turn_ended")
TABLES = (*PER_TURN, "gate_resolved", "scored", "text_stored", "warned")
PLACE = {"turn_asked": "turn", "attempt_failed": "turn", "turn_answered": "turn", "turn_ended": "turn"}


def independent(one: Event, other: Event) -> bool:
    """Whether neither says anything about what the other is about."""
    if one.kind not in TABLES or other.kind not in TABLES:
        return False
    return key(one) != key(other)


def key(event: Event) -> tuple[object, ...]:
    """What an event is about."""
    if event.kind in PER_TURN:
        return ("turn", event.turn)  # type: ignore[union-attr]
    names = {"gate_resolved": ("gate",), "scored": ("round", "iteration", "measure"), "text_stored": ("hash",)}
    fields = names.get(event.kind)
    return (event.kind, *(getattr(event, name) for name in fields)) if fields else (event.kind, event)


@few
@given(st.lists(events(), max_size=12), st.data())
def test_independent_events_commute(happened: list[Event], data: st.DataObject) -> None:
    """Swapping neighbours that are about different things, as often as one likes, leaves the state as it is."""
    shuffled = list(happened)
    for _ in range(len(shuffled)):
        if len(shuffled) < 2:
            break
        at = data.draw(st.integers(0, len(shuffled) - 2))
        if independent(shuffled[at], shuffled[at + 1]):
            shuffled[at], shuffled[at + 1] = shuffled[at + 1], shuffled[at]
    assert fold(shuffled) == fold(happened)


@few
@given(st.lists(events(), max_size=12), st.integers(0, 12))
def test_folding_in_two_steps_is_folding_once(happened: list[Event], at: int) -> None:
    """fold(prefix + suffix) is folding the suffix onto what the prefix gave."""
    assert fold(happened[at:], fold(happened[:at])) == fold(happened)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_of_event_survives_its_line(kind: type[Fact]) -> None:
    """Written and read back an event is equal: no number, None in a table or odd character is lost."""

    @few
    @given(events_of(kind))
    def survives(event: Event) -> None:
        entry = Entry(seq=7, at=NOW, prev="p", event=event)
        line = line_of(entry)
        assert b"\n" not in line
        assert ENTRY.validate_json(line) == entry

    survives()


def test_there_are_fifteen_kinds() -> None:
    """The list of kinds that is tested is the closed union."""
    named = {kind.model_fields["kind"].default for kind in KINDS}
    schema = ENTRY.json_schema()
    assert named == set(schema["properties"]["event"]["discriminator"]["mapping"])
    assert len(named) == 15


def test_a_price_that_is_not_known_stays_in_the_header() -> None:
    """``prices: {model: null}`` means a model was to be asked at an unknown price; dropping it would hide the model."""
    entry = Entry(seq=0, at=NOW, prev="", event=header())
    read = ENTRY.validate_json(line_of(entry)).event
    assert isinstance(read, RunStarted)
    assert read.prices == {"mine:model": None}


def test_the_ledger_of_an_unknown_price_is_null() -> None:
    """What nobody priced is not free."""
    book = ledger(fold(small_run()))
    assert book.total.cost_usd is None
    assert book.total.requests == 1
    assert book.total.unpriced_requests == 1


def test_a_turn_nobody_knows_can_be_reopened() -> None:
    """A transcript of somebody else's may name any turn; folding it never fails."""
    assert fold([header(), RunResumed(engine="0", reopened=("nothing/nobody",))]).status == "running"


def test_a_frozen_state_does_not_follow() -> None:
    """What users see stays as it was, and cannot be evolved by mistake."""
    state = fold(small_run()[:3])
    seen = state.frozen()
    fold(small_run()[3:5], state)
    assert not seen.turns["opening/ana"].answered
    with pytest.raises((AssertionError, TypeError)):
        fold([TurnAsked.model_validate(small_run()[2].model_dump())], seen)


async def test_a_log_in_memory_chains_like_one_on_disk(tmp_path: Path) -> None:
    """Entries kept in memory name the hash of the line before, so they can be written out and read."""
    log = MemoryLog(now=lambda: NOW)
    for event in small_run():
        log.append(event)
    await log.sync()
    log.close()
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"".join(line_of(entry) + b"\n" for entry in log.entries))
    from debate.transcript.reading import load  # noqa: PLC0415 - reading is another file's subject

    assert load(path).state == fold(small_run()).frozen()
    assert isinstance(load(path).state, State)
