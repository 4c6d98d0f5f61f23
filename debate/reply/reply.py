"""The reply: what a turn said, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

ReplyField = Literal[
    "position",
    "stance",
    "answer",
    "confidence",
    "agreement",
    "ballot",
    "ranking",
    "scores",
    "critique",
    "stop",
    "text",
]
"""A field a round may ask its speakers for."""

QuestionKind = Literal["open", "number", "choice", "set", "expression"]
"""What an answer is: a phrase, a number, the letter of an option, several of these, or a formula (LaTeX-aware)."""


class Stance(StrEnum):
    """Where a reply says it stands on the motion. Measured, never assigned."""

    STRONGLY_SUPPORT = "strongly_support"
    SUPPORT = "support"
    NEUTRAL = "neutral"
    OPPOSE = "oppose"
    STRONGLY_OPPOSE = "strongly_oppose"

    @property
    def score(self) -> float:
        """The stance on a line from -1 (strongly opposes) to 1 (strongly supports)."""
        return _SCORES[self]

    @property
    def ballot(self) -> Literal["for", "neutral", "against"]:
        """The side the stance counts for in a vote on the motion: its sign."""
        score = self.score
        return "neutral" if score == 0 else "for" if score > 0 else "against"


_SCORES: Final = {
    Stance.STRONGLY_SUPPORT: 1.0,
    Stance.SUPPORT: 0.5,
    Stance.NEUTRAL: 0.0,
    Stance.OPPOSE: -0.5,
    Stance.STRONGLY_OPPOSE: -1.0,
}


class Reply(BaseModel):
    """What was read out of a completion. A field that was not found is None, never guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    """The argument as written, without the footer."""
    position: str | None = None
    """One self-contained sentence."""
    stance: Stance | None = None
    answer: str | None = None
    """The answer in canonical form, so that equal answers are equal strings."""
    answer_written: str | None = None
    """The answer as it was written."""
    confidence: float | None = None
    """What the speaker claims, from 0 to 1."""
    agreement: Literal["agree", "disagree"] | None = None
    """Whether the speaker accepts what was proposed to it."""
    ballot: Mapping[str, float] | None = None
    """Option to points: one option with 1, several with 1 each (approval), or points shared out (cumulative)."""
    ranking: tuple[str, ...] | None = None
    """Options, best first. Options that are left out were not ranked."""
    scores: Mapping[str, float] | None = None
    """Option to score, on the scale that was asked for."""
    critique: str | None = None
    """What the speaker holds against what it heard."""
    stop: bool | None = None
    """Whether the speaker says that the debate should end here."""
