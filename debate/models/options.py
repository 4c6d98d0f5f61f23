"""What travels beside a request and is never sent: who asks, why, and for whose money."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from debate.reply.reply import Reply
from debate.reply.spec import ReplySpec

TryKind = Literal["speak", "repair", "substitute", "summarise"]
"""Why the engine makes a request for a turn."""


class Heard(NamedTuple):
    """A reply the turn was given to read."""

    turn: str
    participant: str
    reply: Reply


class Spend(NamedTuple):
    """What one attempt costs at most, or did cost."""

    requests: int
    tokens: int
    usd: Decimal | None
    """None when the model has no known price."""


class Reservation(Protocol):
    """A part of an account that is set aside for one attempt."""

    def settle(self, spent: Spend) -> None:
        """Give the reservation back and book what was really spent. May be called once."""
        ...


class Account(Protocol):
    """Money and requests a run may spend. Safe to share between concurrent requests of one event loop."""

    def reserve(self, worst: Spend) -> Reservation | None:
        """Set ``worst`` aside, or return None when it does not fit beside what is reserved now but may later.

        Raises:
            debate.errors.BudgetExceeded: If it would not fit with nothing else reserved.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOptions:
    """For the engine, the pool, and simulated and recorded models."""

    run: str
    turn: str
    """As ``rebuttal.2/ana``."""
    try_number: int = 1
    try_kind: TryKind = "speak"
    participant: str = ""
    role: str = ""
    side: str | None = None
    round: str = ""
    iteration: int = 1
    seed: int = 0
    """The run's seed; whatever is random derives from it and the turn's id."""
    spec: ReplySpec = field(default_factory=lambda: ReplySpec(fields=("text",)))
    heard: tuple[Heard, ...] = ()
    own: Reply | None = None
    """What the same participant said last, if it spoke before and may remember."""
    motion: str | None = None
    question: str | None = None
    priority: float = 0.0
    """Remaining critical path in turns; greater goes first within a scope."""
    deadline: float | None = None
    """``time.monotonic()`` after which the request is no longer wanted."""
    fresh: bool = False
    """Asked for once more: an answer that was kept from before is not what is wanted."""
    account: Account | None = None
