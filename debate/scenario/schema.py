"""The scenario: what is asked, by whom, in which rounds, with which models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, PrivateAttr, Tag, model_validator

from debate.reply.reply import QuestionKind, ReplyField
from debate.reply.spec import Extractor
from debate.scenario.base import Part
from debate.scenario.conditions import Condition
from debate.scenario.hearing import HearsField, Query, tuple_from_word
from debate.scenario.ruling import Decision, DecisionField, RuleField, ScoreRule, Supermajority, Veto, Weighted
from debate.scenario.sampling import ModelField, Sampling
from debate.scenario.topology import Topology, TopologyField

Id = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$", max_length=64)]
"""A name for a participant, a role, a round or a tier."""

CLONE_LIMIT = 1000
"""Participants one entry may stand for."""


class FileText(Part):
    """A text kept in a file of the scenario's folder."""

    file: str
    """Its name, inside the folder of the scenario."""


TextField = str | FileText
"""A text, or ``{file: name}`` for one beside the scenario."""


def _question_from_text(value: object) -> object:
    return {"text": value} if isinstance(value, str) else value


class Question(Part):
    """A question, and what an answer to it is."""

    text: Annotated[str, Field(min_length=1)]
    """The question itself."""
    kind: QuestionKind = "open"
    """What an answer is: ``open`` (a phrase), ``number``, ``choice`` (a letter), ``set`` (letters) or ``expression`` (a
    formula, LaTeX too)."""
    choices: Mapping[str, str] = {}
    """Letter to text, for ``kind: choice`` and ``kind: set``."""
    gold: str | None = None
    """The right answer. Never shown to anyone; the verdict is compared with it afterwards."""


QuestionField = Annotated[Question, BeforeValidator(_question_from_text, json_schema_input_type=str | Question)]
"""A question as text (then open), or with its kind."""


class Participant(Part):
    """Anyone who speaks."""

    role: Id = "debater"
    """A label that rounds and queries can name."""
    side: str | None = None
    """``for`` or ``against`` a motion, or a choice: told to argue it; neither votes nor counts in consensus."""
    persona: str | None = None
    """Who it is, told to it alone."""
    private: TextField | None = None
    """A text only this participant is given."""
    models: Mapping[str, ModelField] = {}
    """Tiers for which this participant has a model of its own."""
    sampling: Sampling = Sampling()
    """How it is sampled, whichever model speaks."""
    count: Annotated[int, Field(ge=1, le=CLONE_LIMIT)] = 1
    """``count: 3`` on ``panel`` makes ``panel.1``, ``panel.2``, ``panel.3``."""
    weight: Annotated[float, Field(gt=0)] = 1.0
    """In votes weighted by weight."""


class Repeat(Part):
    """How often a round is held."""

    up_to: Annotated[int, Field(ge=1, le=100)]
    """How often at most."""
    until: Condition | None = None
    """When it holds, what is left of the repeat is not held."""
    after: Literal["iteration", "reply"] = "iteration"
    """When ``until`` is checked: after each iteration, or after each reply, on the replies finished in speaking order.
    Replies beyond those, answered already or under way, are then not used."""
    hears: Annotated[tuple[HearsField, ...], Field(min_length=1)] | None = None
    """What each iteration hears, the last for all that follow; by default what the round says."""


def _repeat_from_number(value: object) -> object:
    return {"up_to": value} if isinstance(value, int) and not isinstance(value, bool) else value


class PrivateTo(Part):
    """A round whose replies only some may hear."""

    private_to: Annotated[
        tuple[str, ...], BeforeValidator(tuple_from_word, json_schema_input_type=str | tuple[str, ...])
    ]
    """Roles or ids; a speaker always remembers its own."""


class Select(Part):
    """Who goes on after a round. Exactly one of ``top``, ``drop`` and ``most_dissimilar``.

    It chooses among those whose replies are there to be compared. The others speak in no later round, and what they
    said is heard in none, but by whoever decides.
    """

    top: Annotated[int, Field(ge=1)] | None = None
    """So many, by the ranking or the scores that ``by`` gave them."""
    by: str | None = None
    """A participant, for ``top``."""
    drop: Literal["duplicates"] | None = None
    """Of those who hold the same answer, only the first in the order of the file goes on."""
    most_dissimilar: Annotated[int, Field(ge=2)] | None = None
    """So many, as far apart as can be: greedily, by the run's measure of agreement."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Select:
        given = [name for name in ("top", "drop", "most_dissimilar") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("select takes one of {top: 2, by: ranker}, {drop: duplicates}, {most_dissimilar: 2}")
        if (self.top is None) != (self.by is None):
            raise ValueError("top and by go together, as in {top: 2, by: ranker}")
        return self


class Escalate(Part):
    """Another tier for a round when the one before did not settle it."""

    when: Condition
    """The condition, looked at before each iteration."""
    to: Id
    """The tier."""


class Round(Part):
    """A declared step: who speaks, with which tier, after hearing what."""

    name: Id
    """What hearings, transcripts and reports call it."""
    who: Annotated[
        tuple[str, ...],
        BeforeValidator(tuple_from_word, json_schema_input_type=str | tuple[str, ...]),
        Field(min_length=1),
    ]
    """Roles or ids."""
    order: Literal["simultaneous", "sequential", "rotate", "random"] = "simultaneous"
    """All at once; or one by one: as listed, beginning one further in each iteration, or as the run's seed draws it."""
    tier: Id | None = None
    """Which rung of ``models`` speaks; may be left out when there is only one."""
    prompt: str | None = None
    """A template of ``prompts/`` by name, or ``./own.md.j2`` beside the scenario."""
    given: Mapping[Id, str | int | float | bool] = {}
    """Parameters for the prompt's template, under ``given``: ``agree: 0.3``, say."""
    reply: tuple[ReplyField, ...] | None = None
    """What is asked for; by default position, stance or answer, and confidence."""
    reply_mode: Literal["auto", "text", "schema", "tool"] = "auto"
    """Footer in the text, or JSON held to a schema, by the provider or as a tool's arguments; ``auto`` is ``text``."""
    extractors: Annotated[tuple[Extractor, ...], Field(min_length=1)] | None = None
    """How the fields are found in a completion, tried in order; by default as JSON, as a footer, as stated in prose.
    For recorded debates that were read otherwise: by the last option letter, ``[last_mention]``, say."""
    about: Literal["options", "speakers"] | None = None
    """What ballots, rankings and scores are about: the options of what is asked, by default where it has some, or the
    speakers that were heard."""
    hears: HearsField | None = None
    """By default the scenario's graph."""
    scope: Literal["public"] | PrivateTo = "public"
    """Who may ever hear what is said here."""
    swap_sides: bool = False
    """Participants of two sides argue the other one's here."""
    repeat: Annotated[Repeat, BeforeValidator(_repeat_from_number, json_schema_input_type=int | Repeat)] | None = None
    """How often it is held: a number, or a bound with a condition."""
    select: Select | None = None
    """Who goes on after it."""
    escalate: Escalate | None = None
    """Another tier, decided before each iteration."""
    when: Condition | None = None
    """The round is held only if this holds before it."""
    else_: Literal["skip", "end"] = Field(default="skip", alias="else")
    """When it does not: this round is left out, or every round that is left but those of whoever decides."""
    sampling: Sampling = Sampling()
    """How turns of this round are sampled, over everything else."""


class Group(Part):
    """A sub-debate. Its rounds hear only its own participants, unless they name others."""

    name: Id
    """The name of the group."""
    group: Annotated[tuple[Round, ...], Field(min_length=1)]
    """Its rounds."""


def _is_group(value: object) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return "group" if "group" in keys else "round"


RoundField = Annotated[Annotated[Round, Tag("round")] | Annotated[Group, Tag("group")], Discriminator(_is_group)]
"""A round, or a group of them."""


class ConsensusSpec(Part):
    """How agreement is measured."""

    method: Literal["auto", "answer", "stance", "position", "lexical", "nli"] = "auto"
    """``auto`` takes what the reply allows: answer, then stance, then position; or one of them, by wording alone
    (``lexical``), or by a model of inference (``nli``)."""
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
    """``abstain``: the turn has no voice; ``retry`` once more; ``substitute`` another tier; ``abort`` the run."""
    substitute: Id | None = None
    """The tier that speaks instead, for ``turn: substitute``."""
    quorum: Quorum = Quorum()
    """What a round needs to go on."""


class BudgetSpec(Part):
    """What a run may spend. Never overrun; what does not fit is not sent."""

    usd: Annotated[Decimal, Field(gt=0)] | None = None
    """US dollars."""
    requests: Annotated[int, Field(ge=1)] | None = None
    """HTTP sends, retries included."""
    tokens: Annotated[int, Field(ge=1)] | None = None
    """Prompt and completion tokens together."""
    seconds: Annotated[float, Field(gt=0)] | None = None
    """Wall-clock time of the run."""


class CostPlan(Part):
    """Tiers by the order of the rounds, in place of tiers on rounds."""

    cheap_rounds: Annotated[int, Field(ge=0)]
    """So many rounds, from the first, speak with the tier ``cheap``; the rest with ``premium``."""

    def tier_of(self, place: int) -> Literal["cheap", "premium"]:
        """The tier of the round at ``place``, counted from 0 over all rounds, those of groups too."""
        return "cheap" if place < self.cheap_rounds else "premium"


class Scenario(Part):
    """A debate as it is asked for. Without a motion or question it is a template."""

    debate: Literal[1]
    """The schema's version."""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)]
    """What transcripts and listings call it."""
    description: str = ""
    """One line for listings."""
    cite: str | None = None
    """Where the protocol was published."""
    motion: Annotated[str, Field(min_length=1)] | None = None
    """What is argued for and against; instead of a question."""
    question: QuestionField | None = None
    """What is asked; instead of a motion."""
    context: TextField | None = None
    """A text everyone is given."""
    models: Annotated[Mapping[Id, ModelField], Field(min_length=1)]
    """Tier to model."""
    sampling: Sampling = Sampling()
    """How models are sampled where nothing else is said."""
    participants: Annotated[Mapping[Id, Participant], Field(min_length=1)]
    """Id to participant, in the order that topologies follow."""
    graph: TopologyField = Topology.model_validate({"complete": {}})
    """Who hears whom where a round does not say: ``hears`` by default."""
    rounds: Annotated[tuple[RoundField, ...], Field(min_length=1)]
    """The rounds, and groups of them, in their order."""
    decision: DecisionField = Decision()
    """How the verdict comes about: a rule, a participant, or both with an ``else``."""
    consensus: ConsensusSpec = ConsensusSpec()
    """How agreement is measured."""
    failure: Failure = Failure()
    """What follows when a turn gives no reply."""
    budget: BudgetSpec = BudgetSpec()
    """What a run may spend."""
    cost_plan: CostPlan | None = None
    """Which tier each round takes, instead of saying so on the rounds."""

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
    def steps(self) -> tuple[Round, ...]:
        """Every round in order, those of groups where the group stands, with the tiers of a cost plan."""
        return tuple(step for _, step in placed_steps(self))

    @property
    def groups(self) -> Mapping[str, str]:
        """Round to the group it belongs to, for those that belong to one."""
        return {step.name: entry.name for entry in self.rounds if isinstance(entry, Group) for step in entry.group}

    @property
    def is_template(self) -> bool:
        """Whether a motion or question is still to be given."""
        return self.motion is None and self.question is None


def placed_steps(scenario: Scenario) -> Iterator[tuple[tuple[str | int, ...], Round]]:
    """Every round with its key path: ``rounds[2]``, or ``rounds[2].group[0]`` in a group."""
    plan = scenario.cost_plan
    for place, (path, step) in enumerate(written_steps(scenario)):
        yield path, step if plan is None else step.model_copy(update={"tier": plan.tier_of(place)})


def written_steps(scenario: Scenario) -> Iterator[tuple[tuple[str | int, ...], Round]]:
    """The same as they are written, without the tiers of a cost plan."""
    for index, entry in enumerate(scenario.rounds):
        if isinstance(entry, Group):
            for inner, step in enumerate(entry.group):
                yield ("rounds", index, "group", inner), step
        else:
            yield ("rounds", index), entry


def with_steps(scenario: Scenario, change: Callable[[Round], Round]) -> Scenario:
    """The scenario with every round changed, those of groups too."""
    rounds = tuple(
        entry.model_copy(update={"group": tuple(map(change, entry.group))})
        if isinstance(entry, Group)
        else change(entry)
        for entry in scenario.rounds
    )
    return scenario.model_copy(update={"rounds": rounds})


__all__ = [
    "BudgetSpec",
    "ConsensusSpec",
    "CostPlan",
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
    "RuleField",
    "Sampling",
    "Scenario",
    "ScoreRule",
    "Supermajority",
    "Veto",
    "Weighted",
]
