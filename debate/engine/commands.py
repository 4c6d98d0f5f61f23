"""What the loop may be told to do. Deciding gives commands; executing them gives events."""

from __future__ import annotations

from dataclasses import dataclass

from debate.graph.turngraph import Iteration
from debate.transcript.events import Event, StopReason, TryKind


@dataclass(frozen=True, slots=True)
class Emit:
    """Append an event that follows from what is known."""

    event: Event


@dataclass(frozen=True, slots=True)
class Ask:
    """Make a try for a turn: write that it is asked, then ask."""

    turn: str
    try_number: int = 1
    kind: TryKind = "speak"
    tier: str | None = None
    """Another tier than the round's."""


@dataclass(frozen=True, slots=True)
class Score:
    """Measure how far the voters of an iteration agree."""

    iteration: Iteration


@dataclass(frozen=True, slots=True)
class CompareWording:
    """Measure the embedding similarity of an iteration's positions; nothing waits for it but the end."""

    iteration: Iteration


@dataclass(frozen=True, slots=True)
class Conclude:
    """Everything was said: reach the verdict and end the run."""


@dataclass(frozen=True, slots=True)
class Fail:
    """Start nothing more; when what is under way is over, the run has failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Suspend:
    """Start nothing more; when what is under way is over, the run is stopped and can be resumed."""

    reason: StopReason
    detail: str


Command = Emit | Ask | Score | CompareWording | Conclude | Fail | Suspend
