"""Everything that can happen in a run: fifteen kinds of event, and no others.

An event is a fact, never a wish. It is written before anything follows from it, and the state is a fold of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from debate.errors import Billed
from debate.reply.reply import Reply
from debate.settings.prices import Price
from debate.transcript.usage import Timing, Usage

FORMAT: Final = 1
"""The version of the transcript's format."""

TryKind = Literal["speak", "repair", "substitute", "summarise"]
Source = Literal["live", "batch", "cache", "shared", "recorded", "planted", "imported"]
Outcome = Literal["completed", "unreadable", "failed", "skipped", "unused"]
StopReason = Literal[
    "budget", "interrupted", "deadline", "unavailable", "authentication", "payment", "cancelled", "storage"
]
Money = Annotated[Decimal, Field(json_schema_extra={"type": "string"})]
"""USD as a decimal string."""


class Fact(BaseModel):
    """What every event is: frozen data that knows all its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)  # JSON would make a null of them


class Parent(Fact):
    """The run a fork was taken from."""

    run: str
    at: str
    """The round, iteration or turn from which on it differs."""
    last: str
    """Hash of the last line that was copied."""


class Curve(Fact):
    """The map from a similarity of positions to an agreement: ``1 / (1 + exp(-(s - centre) / width))``."""

    centre: float
    width: Annotated[float, Field(gt=0)]
    validated: bool
    """Whether it predicts well enough for scores to keep their method's reliability."""


class RunStarted(Fact):
    """The header: all that is needed to understand the run on any version of the engine."""

    kind: Literal["run_started"] = "run_started"
    format: Literal[1] = 1
    run: str
    engine: str
    """The engine's version."""
    seed: int
    """What orders, lots and sample identities derive from."""
    scenario: Mapping[str, JsonValue]
    """The scenario as resolved: overrides applied, files read in."""
    scenario_hash: str
    templates: Mapping[str, str]
    """Template name to the hash of its text; the texts are stored beside."""
    prices: Mapping[str, Price | None]
    """Every model that may be asked; None where no price is known."""
    endpoints: Mapping[str, str]
    """Provider to base URL, for those reached over a network."""
    simulated: bool = False
    """Whether any model is simulated: then the run tests the machinery, not the argument."""
    method: str
    """How agreement is measured, fixed before the run."""
    embedder: str | None = None
    """Name and version of what embeds the positions, when anything does."""
    judge: str | None = None
    """Name and version of the cross-encoder that judges them, by the method ``nli``."""
    curve: Curve | None = None
    """The map that was fitted for the embedder on the user's own data; None for the default's."""
    parent: Parent | None = None


class RunResumed(Fact):
    """A run that had not ended goes on."""

    kind: Literal["run_resumed"] = "run_resumed"
    engine: str
    possibly_billed: tuple[str, ...] = ()
    """Turns that were asked and never answered, as ``turn#try``."""
    reopened: tuple[str, ...] = ()
    """Turns that had failed for want of a provider and are asked again."""


class RunSuspended(Fact):
    """The run stops here and can go on."""

    kind: Literal["run_suspended"] = "run_suspended"
    reason: StopReason
    detail: str


class TextStored(Fact):
    """A text that events name by its hash."""

    kind: Literal["text_stored"] = "text_stored"
    hash: str
    what: Literal["template", "text"]
    text: str


class HeardTurn(Fact):
    """A reply that stood in the prompt."""

    turn: str
    label: str
    """Whom the hearer was told it comes from."""
    cut: int | None = None
    """Characters left out, when not all of it was shown."""
    dropped: bool = False
    """Whether it was left out whole for want of space."""


class Recipe(Fact):
    """How the prompt was made. With the stored texts and the replies heard, it can be made again."""

    template: str
    """The template's name."""
    heard: tuple[HeardTurn, ...] = ()
    own: tuple[str, ...] = ()
    """The speaker's own earlier turns that it was reminded of."""
    mode: Literal["text", "schema", "tool"] = "text"


class Sampled(Fact):
    """The sampling parameters that were sent."""

    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning: str | None = None


class TurnAsked(Fact):
    """A model is about to be asked. Written before anything is sent."""

    kind: Literal["turn_asked"] = "turn_asked"
    turn: str
    try_number: int = 1
    try_kind: TryKind = "speak"
    model: str
    """The model asked, as ``provider:id``."""
    tier: str | None = None
    recipe: Recipe
    prompt_hash: str
    sampling: Sampled


class BatchPlanned(Fact):
    """Requests are going to be submitted as one batch. Written before the upload."""

    kind: Literal["batch_planned"] = "batch_planned"
    batch: str
    requests: tuple[str, ...]


class BatchSubmitted(Fact):
    """The provider took the batch."""

    kind: Literal["batch_submitted"] = "batch_submitted"
    batch: str
    job: str


class AttemptFailed(Fact):
    """One HTTP send gave no completion."""

    kind: Literal["attempt_failed"] = "attempt_failed"
    turn: str
    try_number: int
    attempt: int
    """Counts from 1 within a try; 0 when nothing was sent."""
    error: str
    """The error's kind, as ``rate_limited``."""
    message: str
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    billed: Billed = "no"
    usage: Usage | None = None
    """What it used, when the provider said so."""
    cost_usd: Money | None = None
    """What it cost: known when it was billed with usage; None when billed is ``possibly``."""
    retry_in: float | None = None
    """Seconds to the next attempt; None when there is none."""
    seconds: float = 0.0


class TurnAnswered(Fact):
    """What a model sent back, raw."""

    kind: Literal["turn_answered"] = "turn_answered"
    turn: str
    try_number: int
    text: str
    reasoning: str | None = None
    finish: str | None = None
    model: str | None = None
    """The model that answered, as the provider names it."""
    usage: Usage | None = None
    cost_usd: Money | None = None
    """What it cost when it was sent, whoever paid for that: ``source`` says. None when the price or the usage is
    unknown."""
    source: Source = "live"
    request_id: str | None = None
    timing: Timing = Timing()
    attempts: int = 1
    warnings: tuple[str, ...] = ()


class TurnEnded(Fact):
    """A turn is over, with what was read out of its completion."""

    kind: Literal["turn_ended"] = "turn_ended"
    turn: str
    outcome: Outcome
    reply: Reply | None = None
    """Of a completed turn all that was asked for; of an unreadable one what could be read."""
    missing: tuple[str, ...] = ()
    """Fields that were asked for and not found."""
    substituted: bool = False
    """Whether another tier than the declared one spoke."""
    reason: str | None = None
    """Why it is not completed."""
    error: str | None = None
    """The kind of the error that a failed turn ended on."""


class GateResolved(Fact):
    """A decision inside the turn graph."""

    kind: Literal["gate_resolved"] = "gate_resolved"
    gate: str
    holds: bool
    """Whether the gate's condition held; a selection always does."""
    reason: str
    upto: str | None = None
    """For a condition checked after each reply: the last turn in speaking order that it looked at."""
    dropped: tuple[str, ...] = ()
    """For a selection: the participants that do not go on."""


class Camp(Fact):
    """Participants who hold one position."""

    label: str
    members: tuple[str, ...]
    share: float
    """Of the valid replies."""


class Scored(Fact):
    """How far the speakers of one iteration agree, by one measure."""

    kind: Literal["scored"] = "scored"
    round: str
    iteration: int
    measure: Literal["agreement", "similarity"]
    method: str
    value: float | None = None
    """The measure itself, 0 to 1; None with a reason."""
    reason: str | None = None
    n_valid: int
    unreadable: tuple[str, ...] = ()
    """Speakers whose reply lacks the compared field, or who gave none."""
    kappa: float | None = None
    min_pair: float | None = None
    majority_share: float | None = None
    unanimous: bool | None = None
    effective_positions: float | None = None
    camps: tuple[Camp, ...] = ()
    pairs: Mapping[str, Mapping[str, float]] | None = None
    """Agreement of each pair, where the decision needs it and it cannot be worked out from the replies alone."""
    reliability: Literal["high", "medium", "low"] | None = None
    embedder: str | None = None
    projected: float | None = None
    """Of a similarity: the same with the topic's own component projected out of every position."""
    vendi: float | None = None
    """Of a similarity: the effective number of positions by their projected embeddings (the Vendi score)."""
    drift: float | None = None
    """Of a similarity: how far positions were reworded since the iteration before, as a mean of 1 - cosine."""


class Dissent(Fact):
    """A voter who did not vote for the answer."""

    participant: str
    choice: str


class VerdictReached(Fact):
    """What the debate decided, and by which rule."""

    kind: Literal["verdict_reached"] = "verdict_reached"
    answer: str | None = None
    """For, against or neutral on a motion; the answer to a question; None when none was reached."""
    winner: str | None = None
    """The participant whose reply was chosen, where the vote was about the speakers."""
    by: str
    """The rule or participant that decided."""
    fallback_from: str | None = None
    """The rule or participant that gave no answer, when this is its ``else``."""
    votes: Mapping[str, float] = {}
    denominator: float = 0
    abstained: Mapping[str, str] = {}
    """Participant to the reason for having no vote."""
    confidence: float | None = None
    confidence_is: str | None = None
    """What ``confidence`` is: a share of the votes, or what the judge claims."""
    dissent: tuple[Dissent, ...] = ()
    tied: tuple[str, ...] = ()
    reason: str | None = None
    """Why there is no answer, or how a tie was broken."""


class Warned(Fact):
    """Something a reader of the result should know."""

    kind: Literal["warned"] = "warned"
    code: str
    message: str
    turn: str | None = None


class RunEnded(Fact):
    """The run is over for good."""

    kind: Literal["run_ended"] = "run_ended"
    status: Literal["completed", "failed"]
    reason: str | None = None


Event = Annotated[
    RunStarted
    | RunResumed
    | RunSuspended
    | TextStored
    | TurnAsked
    | BatchPlanned
    | BatchSubmitted
    | AttemptFailed
    | TurnAnswered
    | TurnEnded
    | GateResolved
    | Scored
    | VerdictReached
    | Warned
    | RunEnded,
    Field(discriminator="kind"),
]


class Entry(Fact):
    """An event in its envelope: one line of a transcript."""

    seq: int
    """Counts from 0."""
    at: datetime
    """UTC."""
    prev: str
    """SHA-256 of the line before, without its line end; empty on the first."""
    event: Event


ENTRY: Final[TypeAdapter[Entry]] = TypeAdapter(Entry)
"""Reads and writes one line."""
