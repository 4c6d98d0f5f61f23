"""The scenario: what is asked, by whom, in which rounds, with which models."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from debate.reply.reply import QuestionKind, ReplyField
from debate.scenario.base import Part
from debate.scenario.conditions import Condition
from debate.scenario.hearing import HearsField, Query, Topology, TopologyField
from debate.scenario.sampling import ModelField, Sampling

Id = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=64)]
"""A name for a participant, a role, a round or a tier."""

CLONE_LIMIT = 1000
"""Participants one entry may stand for."""


class FileText(Part):
    """A text kept in a file of the scenario's folder."""

    file: str


TextField = str | FileText
"""A text, or ``{file: name}`` for one beside the scenario."""


def _question_from_text(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class Question(Part):
    """A question, and what an answer to it is."""

    text: Annotated[str, Field(min_length=1)]
    kind: QuestionKind = "open"
    choices: Mapping[str, str] = {}
    """Letter to text, for ``kind: choice``."""


QuestionField = Annotated[Question, BeforeValidator(_question_from_text, json_schema_input_type=str | Question)]
"""A question as text (then open), or with its kind."""


class Participant(Part):
    """Anyone who speaks."""

    role: Id = "debater"
    """A label that rounds and queries can name."""
    side: str | None = None
    """``for`` or ``against`` a motion, or a choice: told to argue it; neither votes nor counts in consensus."""
    persona: str | None = None
    models: Mapping[str, ModelField] = {}
    """Tiers for which this participant has a model of its own."""
    sampling: Sampling = Sampling()
    count: Annotated[int, Field(ge=1, le=CLONE_LIMIT)] = 1
    """``count: 3`` on ``panel`` makes ``panel.1``, ``panel.2``, ``panel.3``."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """In votes weighted by weight."""


class Repeat(Part):
    """How often a round is held."""

    up_to: Annotated[int, Field(ge=1, le=100)]
    until: Condition | None = None
    """Checked after each iteration; when it holds, the iterations left are not run."""


def _repeat_from_number(value: object) -> object:
    return {"up_to": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _tuple_from_word(value: object) -> object:
    return (value,) if isinstance(value, str) else value


class Round(Part):
    """A declared step: who speaks, with which tier, after hearing what."""

    name: Id
    who: Annotated[
        tuple[str, ...],
        BeforeValidator(_tuple_from_word, json_schema_input_type=str | tuple[str, ...]),
        Field(min_length=1),
    ]
    """Roles or ids."""
    order: Literal["simultaneous", "sequential"] = "simultaneous"
    tier: Id | None = None
    """Which rung of ``models`` speaks; may be left out when there is only one."""
    prompt: str | None = None
    """A template of ``prompts/`` by name, or ``./own.md.j2`` beside the scenario."""
    reply: tuple[ReplyField, ...] | None = None
    """What is asked for; by default position, stance or answer, and confidence."""
    reply_mode: Literal["auto", "text", "schema"] = "auto"
    """Footer in the text, or JSON held to a schema; ``auto`` is ``text``."""
    hears: HearsField | None = None
    """By default the scenario's graph."""
    repeat: Annotated[Repeat, BeforeValidator(_repeat_from_number, json_schema_input_type=int | Repeat)] | None = None
    sampling: Sampling = Sampling()


class Decision(Part):
    """How the verdict comes about."""

    by: str = "plurality"
    """``plurality``, ``majority``, or a participant whose reply decides."""
    tie: Literal["none", "lot"] = "none"
    """What a tie gives: no answer, or a lot drawn from the run's seed."""
    abstain: Literal["counts", "ignored"] = "counts"
    """Whether those without a readable vote stay in the denominator."""
    else_: str | None = Field(default=None, alias="else")
    """The rule that decides when ``by`` gives no answer."""


def _decision_from_word(value: object) -> object:
    return {"by": value} if isinstance(value, str) else value


class ConsensusSpec(Part):
    """How agreement is measured."""

    method: Literal["auto", "answer", "stance", "position", "lexical", "nli"] = "auto"
    similarity: Literal["on", "off"] = "on"
    """Whether the embedding similarity of the positions is reported beside it."""


class Quorum(Part):
    """What a round needs to go on."""

    voices: Annotated[int, Field(ge=0)] = 2
    """Replies at least; never more than there are speakers."""
    every_side: bool = True
    """Every side that speaks in the round must be heard."""


class Failure(Part):
    """What follows when a turn gives no reply."""

    turn: Literal["abstain", "retry", "substitute", "abort"] = "abstain"
    substitute: Id | None = None
    """The tier that speaks instead, for ``turn: substitute``."""
    quorum: Quorum = Quorum()


class BudgetSpec(Part):
    """What a run may spend. Never overrun; what does not fit is not sent."""

    usd: Annotated[Decimal, Field(gt=0)] | None = None
    requests: Annotated[int, Field(ge=1)] | None = None
    """HTTP sends, retries included."""


class Scenario(Part):
    """A debate as it is asked for. Without a motion or question it is a template."""

    debate: Literal[1]
    """The schema's version."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)]
    description: str = ""
    cite: str | None = None
    """Where the protocol was published."""
    motion: Annotated[str, Field(min_length=1)] | None = None
    question: QuestionField | None = None
    context: TextField | None = None
    """A text everyone is given."""
    models: Annotated[Mapping[Id, ModelField], Field(min_length=1)]
    """Tier to model."""
    sampling: Sampling = Sampling()
    participants: Annotated[Mapping[Id, Participant], Field(min_length=1)]
    graph: TopologyField = Topology.model_validate({"complete": {}})
    rounds: Annotated[tuple[Round, ...], Field(min_length=1)]
    decision: Annotated[Decision, BeforeValidator(_decision_from_word, json_schema_input_type=str | Decision)] = (
        Decision()
    )
    consensus: ConsensusSpec = ConsensusSpec()
    failure: Failure = Failure()
    budget: BudgetSpec = BudgetSpec()

    _folder: Path | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path | None:
        """Where the scenario's own files lie; None for one built in Python."""
        return self._folder

    def in_folder(self, folder: Path) -> Scenario:
        """The same scenario, with its own files in ``folder``."""
        copy = self.model_copy()
        copy._folder = folder  # noqa: SLF001 - the same class
        return copy

    @model_validator(mode="after")
    def _one_thing_asked(self) -> Scenario:
        if self.motion is not None and self.question is not None:
            raise ValueError("motion and question are both given; keep one of them")
        return self

    @property
    def is_template(self) -> bool:
        """Whether a motion or question is still to be given."""
        return self.motion is None and self.question is None


__all__ = [
    "BudgetSpec",
    "ConsensusSpec",
    "Decision",
    "Failure",
    "FileText",
    "Id",
    "Participant",
    "Query",
    "Question",
    "Quorum",
    "Repeat",
    "Round",
    "Sampling",
    "Scenario",
]
