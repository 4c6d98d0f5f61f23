"""Leave to send one attempt, and what has to be given back after it."""

from __future__ import annotations

from debate.models.options import Reservation, Spend
from debate.pool.gates import Passage


class Permit:
    """Everything one attempt holds: a slot, its place in every window, a wave, money set aside."""

    __slots__ = ("admitted_at", "passages", "reservations", "sent_at", "wave")

    def __init__(self, *, passages: tuple[Passage, ...], wave: int, admitted_at: float) -> None:
        self.passages = passages
        self.wave = wave
        """Which pause it was admitted after."""
        self.reservations: tuple[Reservation, ...] = ()
        self.admitted_at = admitted_at
        self.sent_at: float | None = None
        """When it was written; None until that was told."""

    def sent(self, now: float) -> None:
        """The request was written: from now on its windows count."""
        if self.sent_at is None:
            self.sent_at = now
            for passage in self.passages:
                passage.written(now, now - self.admitted_at)

    def give_back(self, now: float, *, tokens: int | None, spent: Spend) -> None:
        """The attempt is over: free what it held, keep what it used.

        Args:
            now: The time.
            tokens: Tokens it took; None keeps what was expected.
            spent: What to book where something was set aside.
        """
        for passage in self.passages:
            passage.ended(now, tokens)
        for reservation in self.reservations:
            reservation.settle(spent)
