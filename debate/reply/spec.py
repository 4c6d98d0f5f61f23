"""What a turn is asked to state, fixed before the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from debate.reply.reply import QuestionKind, ReplyField

BallotStyle = Literal["one", "approval", "cumulative"]
"""One option, any number of options, or points shared out over them."""

Extractor = Literal["json", "tagged", "patterns", "boxed", "last_mention", "last_number"]
"""A way to find fields in a completion: a JSON object, the footer, an answer stated in the text, or in a
LaTeX box; or the last option letter, formula or number in it, which the speaker need not have meant."""

LIVE: Final[tuple[Extractor, ...]] = ("json", "tagged", "patterns")
"""The extractors of a live run, in order. The others are for recorded debates that were scored by them."""

COMPARABLE: Final[tuple[ReplyField, ...]] = ("answer", "stance", "position")
"""Fields that replies can be compared by, the first one asked for being the one that is."""

_VOTING: Final[tuple[ReplyField, ...]] = ("agreement", "ballot", "ranking", "scores", "stop")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplySpec:
    """The fields a turn is asked for, and what an answer may be.

    The same spec builds the footer's instructions and the JSON schema, reads the completion, and tells whether two
    answers are the same, so what was asked is what is read.
    """

    fields: tuple[ReplyField, ...]
    """In the order they are asked for. ``text`` alone means free text without a footer."""
    kind: QuestionKind | None = None
    """What an answer is; None on a motion."""
    choices: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Letter to text, for ``kind="choice"`` and ``kind="set"``."""
    candidates: tuple[str, ...] = ()
    """What a ballot, a ranking or scores are about, where that is not the choices: labels of replies, say."""
    ballot_style: BallotStyle = "one"
    points: int = 10
    """What a cumulative ballot shares out."""
    scale: tuple[int, int] = (0, 10)
    """Lowest and highest score."""
    extractors: tuple[Extractor, ...] = LIVE
    """Tried in order; each field is taken from the first that finds it."""

    @property
    def options(self) -> tuple[str, ...]:
        """What can be voted for; empty where any answer can be."""
        if self.candidates:
            return self.candidates
        return tuple(self.choices) or (("for", "against", "neutral") if self.kind is None else ())

    @property
    def compared(self) -> ReplyField | None:
        """The field that replies are compared by: the answer, else the stance, else the position."""
        return next((name for name in COMPARABLE if name in self.fields), None)

    @property
    def required(self) -> tuple[ReplyField, ...]:
        """The fields without which a completion is unreadable, in the order they are asked for.

        The compared field, and whatever is voted with. A missing confidence, or a missing position beside a stance,
        leaves the reply readable. Where none of these is asked for it is the critique, and else the text.
        """
        needed = {self.compared, *_VOTING}
        found = tuple(name for name in self.fields if name in needed)
        return found or (("critique",) if "critique" in self.fields else ("text",))
