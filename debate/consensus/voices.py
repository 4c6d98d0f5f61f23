"""A voice: one participant's latest reply, as far as consensus is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from debate.reply.reply import Reply, Stance


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """What one unsided participant stands for in one iteration. A field that was not read is None, never guessed."""

    participant: str
    answer: str | None = None
    """The answer in canonical form, so that equal answers are equal strings."""
    stance: Stance | None = None
    position: str | None = None
    """One self-contained sentence."""
    text: str = ""
    """The argument as written, without the footer."""
    confidence: float | None = None
    """What the speaker claims, from 0 to 1."""
    weight: float = 1.0
    """How much the voice counts in the measures of the set; positive."""

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise ValueError(f"a voice's weight must be positive, found {self.weight!r} for {self.participant!r}")

    @classmethod
    def of(cls, participant: str, reply: Reply, *, weight: float = 1.0) -> Self:
        """The voice of ``participant`` after ``reply``."""
        return cls(
            participant=participant,
            answer=reply.answer,
            stance=reply.stance,
            position=reply.position,
            text=reply.text,
            confidence=reply.confidence,
            weight=weight,
        )
