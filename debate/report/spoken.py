"""What happened, event by event, as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from debate.reply.reply import Reply
from debate.report.words import one_line, percent, seconds, share
from debate.transcript.events import (
    AttemptFailed,
    Event,
    GateResolved,
    RunEnded,
    RunSuspended,
    Scored,
    TurnEnded,
    VerdictReached,
    Warned,
)

Labels = Mapping[tuple[str, int], str]
"""Round and iteration number to how the iteration is written, as ``rebuttal.2``."""

_POSITION: Final = 60
"""Columns of a position that stands for a reply without stance or answer."""


def stand_of(reply: Reply) -> str:
    """Where a reply stands: its stance, its answer or its position, and how sure it claims to be."""
    if reply.answer is not None:
        held = f"answers {one_line(reply.answer_written or reply.answer, _POSITION)}"
    elif reply.stance is not None:
        held = reply.stance.value.replace("_", " ")
    elif reply.position is not None:
        held = one_line(reply.position, _POSITION)
    else:
        held = one_line(reply.text, _POSITION)
    return held if reply.confidence is None else f"{held}, {percent(reply.confidence)}"


def _decided(event: GateResolved) -> str:
    """What a gate does, in a few words."""
    match event.gate.partition("?")[2]:
        case "when":
            return "is held" if event.holds else "is left out"
        case "select":
            return f"{', '.join(event.dropped)} left out" if event.dropped else "all go on"
        case "escalate":
            return "takes another tier" if event.holds else "keeps its tier"
        case _:
            return "ends the round" if event.holds else "goes on"


def line_of(event: Event, labels: Labels) -> str | None:
    """One line on an event: where, and what; None for those that a person need not see."""
    found: tuple[str, str] | None = None
    match event:
        case TurnEnded():
            found = _turn(event)
        case Scored():
            found = labels.get((event.round, event.iteration), event.round), _score(event)
        case GateResolved():
            found = event.gate.partition("?")[0], f"{_decided(event)}: {event.reason}"
        case AttemptFailed():
            again = "" if event.retry_in is None else f"; tried again in {seconds(event.retry_in)}"
            found = event.turn, f"{event.message}{again}"
        case VerdictReached():
            found = "verdict", verdict_of(event.answer, event.by, event.reason)
        case Warned():
            found = event.turn or "note", event.message
        case RunSuspended():
            found = "stopped", event.detail
        case RunEnded(status="failed"):
            found = "failed", event.reason or "no reason was given"
    return None if found is None else at(*found)


def at(place: str, what: str) -> str:
    """A line on something that happened at ``place``."""
    return f"{place:<{_PLACE}} {one_line(what)}"


_PLACE: Final = 21
"""Columns for where something happened."""


def _turn(event: TurnEnded) -> tuple[str, str] | None:
    if event.outcome == "skipped":
        return None
    if event.outcome == "completed" and event.reply is not None:
        return event.turn, stand_of(event.reply) + (" (by the substitute)" if event.substituted else "")
    return event.turn, f"{event.outcome}: {event.reason}" if event.reason else event.outcome


def _score(event: Scored) -> str:
    measured = "similarity of positions" if event.measure == "similarity" else f"agreement by {event.method}"
    found = share(event.value) if event.value is not None else f"none ({event.reason})"
    return f"{measured} {found}, {event.n_valid} of {event.n_valid + len(event.unreadable)} replies"


def verdict_of(answer: str | None, by: str, reason: str | None) -> str:
    """A verdict in a few words."""
    why = f" ({one_line(reason)})" if reason else ""
    return f"{one_line(answer)}, by {by}{why}" if answer is not None else f"none by {by}{why}"
