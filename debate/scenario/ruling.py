"""Decisions as a scenario writes them: rules, ties, and what follows when a rule gives no answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from debate.scenario.base import Part
from debate.scenario.conditions import Part01


class Supermajority(Part):
    """An answer that so large a part of the votes is for."""

    supermajority: Part01
    """From 0 to 1, or a ratio such as ``2/3``."""


class Weighted(Part):
    """A vote that counts each ballot by what its voter claims, or by its weight in the scenario."""

    weighted: Literal["confidence", "weight"]
    """By the confidence each claims, or by its weight in the file."""


class ScoreRule(Part):
    """The option with the highest mean or median score."""

    score: Literal["mean", "median"]
    """The mean, or the median, of its scores."""


class Veto(Part):
    """Another rule's answer, unless the participant disagrees with it."""

    veto: str
    """The participant who may disagree."""
    over: str | Supermajority | Weighted | ScoreRule
    """The rule whose answer it may overrule."""


RuleField = str | Supermajority | Weighted | ScoreRule | Veto
"""``plurality``, ``majority``, ``unanimity``, ``approval``, ``cumulative``, ``borda``, ``irv``, ``condorcet``,
``trajectory``, ``medoid``, a rule with a parameter, or a participant whose reply decides."""


class SeededLot(Part):
    """A lot drawn from the run's seed; the only kind there is."""

    lot: Literal["seeded"]
    """Always ``seeded``."""


def _lot_from_seeded(value: object) -> object:
    """``{lot: seeded}`` as the word it stands for."""
    return "lot" if isinstance(value, Mapping) and dict(value) == {"lot": "seeded"} else value


class Decision(Part):
    """How the verdict comes about."""

    by: RuleField = "plurality"
    """The rule, or a participant whose reply decides."""
    tie: Annotated[str, BeforeValidator(_lot_from_seeded, json_schema_input_type=str | SeededLot)] = "none"
    """What a tie gives: ``none`` (no answer), ``lot`` or ``{lot: seeded}`` (drawn from the run's seed),
    ``earlier_round``, or the choice of a participant."""
    abstain: Literal["counts", "ignored"] = "counts"
    """Whether those without a readable vote stay in the denominator."""
    self_vote: Literal["counts", "excluded"] = "excluded"
    """Whether a ballot, ranking or score for the voter itself counts."""
    else_: RuleField | None = Field(default=None, alias="else")
    """The rule that decides when ``by`` gives no answer."""


def _decision_from_word(value: object) -> object:
    return {"by": value} if isinstance(value, str) else value


DecisionField = Annotated[Decision, BeforeValidator(_decision_from_word, json_schema_input_type=str | Decision)]
"""A rule or a participant as a word, or with what follows when it gives no answer."""
