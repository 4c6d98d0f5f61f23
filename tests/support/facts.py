"""Random events, as hypothesis draws them, and a small run's events in order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from debate.settings.prices import Price
from debate.transcript.events import (
    AttemptFailed,
    BatchPlanned,
    BatchSubmitted,
    Camp,
    Dissent,
    Event,
    Fact,
    GateResolved,
    HeardTurn,
    Parent,
    Recipe,
    RunEnded,
    RunResumed,
    RunStarted,
    RunSuspended,
    Sampled,
    Scored,
    TextStored,
    TurnAnswered,
    TurnAsked,
    TurnEnded,
    VerdictReached,
    Warned,
)

KINDS: tuple[type[Fact], ...] = (
    RunStarted,
    RunResumed,
    RunSuspended,
    TextStored,
    TurnAsked,
    BatchPlanned,
    BatchSubmitted,
    AttemptFailed,
    TurnAnswered,
    TurnEnded,
    GateResolved,
    Scored,
    VerdictReached,
    Warned,
    RunEnded,
)
"""Every kind of event there is."""

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
"""Anything UTF-8 can hold, line ends and quotes among it."""

money = st.decimals(min_value=0, max_value=1000, places=6)
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


_DRAWN: dict[str, st.SearchStrategy[Any]] = {
    "scenario": st.dictionaries(texts, json_values, max_size=3),
    "prices": st.dictionaries(texts, st.none() | st.builds(Price, input=money, output=money, cached_input=money)),
    "cost_usd": st.none() | money,
    "text": texts,
    "at": st.just(NOW),
}


# No fact holds what JSON has no number for; hypothesis builds models from their annotations, which cannot say so.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


def events_of(kind: type[Fact]) -> st.SearchStrategy[Any]:
    """Events of one kind, its optional fields there or not; what its annotations leave open is drawn here."""
    given = {name: drawn for name, drawn in _DRAWN.items() if name in kind.model_fields}
    return st.builds(kind, **given)


def events() -> st.SearchStrategy[Event]:
    """Any event."""
    return st.one_of([events_of(kind) for kind in KINDS])


def header(**changes: object) -> RunStarted:
    """A header."""
    fields: dict[str, Any] = {
        "run": "r1",
        "engine": "0.1.0",
        "seed": 0,
        "scenario": {"name": "small", "rounds": [{"name": "opening"}]},
        "scenario_hash": "h",
        "templates": {},
        "prices": {"mine:model": None},
        "endpoints": {},
        "method": "stance",
        **changes,
    }
    return RunStarted(**fields)


def asked(turn: str, try_number: int = 1) -> TurnAsked:
    """A turn is asked."""
    return TurnAsked(
        turn=turn,
        try_number=try_number,
        model="mine:model",
        recipe=Recipe(template="opening", heard=(HeardTurn(turn="opening/ben", label="ben"),)),
        prompt_hash="p",
        sampling=Sampled(max_tokens=100),
    )


def small_run() -> list[Event]:
    """A few events of a run, of most kinds, with text of every sort."""
    return [
        header(parent=Parent(run="r0", at="opening", last="x")),
        TextStored(hash="t", what="template", text="{{ motion }}\n"),
        asked("opening/ana"),
        TurnAnswered(turn="opening/ana", try_number=1, text='Grüße\u2028 "quoted" \\ 🦊\nPOSITION: p'),
        TurnEnded(turn="opening/ana", outcome="completed"),
        AttemptFailed(turn="opening/ben", try_number=1, attempt=1, error="rate_limited", message="slow down"),
        Scored(
            round="opening",
            iteration=1,
            measure="agreement",
            method="stance",
            reason="fewer than two",
            n_valid=1,
            camps=(Camp(label="for", members=("ana",), share=1.0),),
        ),
        VerdictReached(by="plurality", votes={"for": 1.0}, dissent=(Dissent(participant="ben", choice="against"),)),
        RunEnded(status="completed"),
    ]
