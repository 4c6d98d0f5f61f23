"""What a turn is asked to state, fixed before the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from debate.reply.reply import QuestionKind, ReplyField


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
    """Letter to text, for ``kind="choice"``."""
