"""How a model is sampled: the same keys on a scenario, a model, a participant and a round."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from debate.scenario.base import Part
from debate.settings.facts import Capability

DEFAULT_MAX_TOKENS = 1000
"""Completion tokens a turn may use when nothing else is said; a cap is always sent."""

Reasoning = Literal["off", "low", "medium", "high"]


class Sampling(Part):
    """Sampling parameters. What is None is left to the next outer level, and in the end to the provider."""

    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    """From 0 (always the likeliest) to 2."""
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    """Only the likeliest tokens that together have this probability."""
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    """Completion tokens at most, reasoning included."""
    seed: int | None = None
    """Sent to the provider; the run's own seed is a different thing."""
    stop: tuple[str, ...] | None = None
    """Texts that end a reply where they appear."""
    reasoning: Reasoning | None = None
    """How much a model that can think first should do so."""

    def over(self, outer: Sampling) -> Sampling:
        """These parameters, with those of ``outer`` where these say nothing."""
        mine = self.model_dump(exclude_none=True, include=set(Sampling.model_fields))
        theirs = outer.model_dump(exclude_none=True, include=set(Sampling.model_fields))
        return Sampling.model_validate({**theirs, **mine})


def _model_from_text(value: object) -> object:
    return {"use": value} if isinstance(value, str) else value


class Needs(Part):
    """What a model must be able to do, for one to be chosen. Wishes count in the order in which they stand here."""

    requires: tuple[Capability, ...] = ()
    """What it must be able to do."""
    context: Annotated[int, Field(ge=1)] | None = None
    """Tokens it must hold."""
    highest_quality: bool = False
    """The best there is, whatever it costs."""
    cost_critical: bool = False
    """The cheapest that reasons."""
    simple: bool = False
    """The cheapest of all: a simple task needs no reasoning."""


class ModelSpec(Sampling):
    """A model with its own sampling: ``{use: together:openai/gpt-oss-120b, max_tokens: 4000}``.

    Or one to be chosen: ``{auto: {requires: [reasoning], cost_critical: true}}``.
    """

    use: Annotated[str, Field(pattern=r"^[^:\s]+:\S+$", examples=["together:openai/gpt-oss-120b"])] | None = None
    """``provider:model-id``."""
    auto: Needs | None = None
    """What the model is chosen by, from the catalogue, before the run. Beside ``use`` it says what that was chosen for,
    as a transcript does."""

    @model_validator(mode="after")
    def _is_named_or_chosen(self) -> ModelSpec:
        if self.use is None and self.auto is None:
            raise ValueError("a model is named, as use: provider:model-id, or chosen, as auto: {requires: [reasoning]}")
        return self


ModelField = Annotated[ModelSpec, BeforeValidator(_model_from_text, json_schema_input_type=str | ModelSpec)]
"""A model as text, ``provider:model-id``, or with its sampling."""
