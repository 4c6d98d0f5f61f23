"""Conditions: the closed expression that `until` and `when` are written in.

Data only; :mod:`debate.decision.stopping` says whether one holds. In YAML::

    until: unanimous
    until: {agreement: 0.85, for: 2}
    until: {any: [unanimous, {all: [{share: 2/3}, nobody_moved]}, {says_stop: referee}]}
    when: {not: {confidence: 0.8}}
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from debate.scenario.base import Part

Checked = Literal["iteration", "reply"]
"""When a condition is looked at: after each iteration, or after each reply on the prefix finished in speaking order."""


def _from_ratio(value: object) -> object:
    """``2/3`` as the number it is; anything else unchanged."""
    if isinstance(value, str) and value.count("/") == 1 and len(value) <= len("1000000/1000000"):
        try:
            return float(Fraction(value.replace(" ", "")))
        except (ValueError, ZeroDivisionError):
            return value
    return value


Part01 = Annotated[
    float, Field(ge=0, le=1), BeforeValidator(_from_ratio, json_schema_input_type=Annotated[float | str, Field()])
]
"""A part of the whole, from 0 to 1: ``0.67``, or ``2/3`` where the exact value matters."""


class _Lasting(Part):
    """A condition that can be asked to hold for several iterations on end."""

    for_: Annotated[int, Field(ge=1, le=100)] = Field(default=1, alias="for")
    """How many iterations on end it must have held, this one included."""


class Unanimous(_Lasting):
    """Everyone who was to speak holds one and the same position; one unreadable voice and it does not hold."""

    unanimous: Literal[True] = True
    """Always true."""


class NobodyMoved(_Lasting):
    """Nobody holds another position than one iteration before. Needs two iterations; ``for: 2`` needs three."""

    nobody_moved: Literal[True] = True
    """Always true."""


class AgreementReached(_Lasting):
    """The mean pairwise agreement of the iteration is at least this."""

    agreement: Part01
    """From 0 to 1."""


class ShareReached(_Lasting):
    """One answer is held by at least this part of all who were to speak; unreadable and silent voices stay in it."""

    share: Part01
    """From 0 to 1, or a ratio such as ``2/3``."""


class ConfidenceReached(_Lasting):
    """Everyone claims at least this confidence, or the one participant in ``of`` does; unstated is not enough."""

    confidence: Part01
    """From 0 to 1."""
    of: str | None = None
    """A participant's id."""


class SaysStop(Part):
    """The participant's latest reply says ``STOP: yes``."""

    says_stop: str
    """A participant's id."""


class AnyOf(Part):
    """At least one of them holds."""

    any: Annotated[tuple[Condition, ...], Field(min_length=1)]
    """Conditions."""


class AllOf(Part):
    """Every one of them holds."""

    all: Annotated[tuple[Condition, ...], Field(min_length=1)]
    """Conditions."""


class Not(Part):
    """It does not hold."""

    not_: Condition = Field(alias="not")
    """A condition."""


_WORDS: Final = ("unanimous", "nobody_moved")
_KEYS: Final = (*_WORDS, "agreement", "share", "confidence", "says_stop", "any", "all", "not")


def _kind(value: object) -> str | None:
    """Which condition a piece of YAML, or an object built in Python, is; None if it is none."""
    if isinstance(value, str):
        return value if value in _WORDS else None
    if isinstance(value, dict):
        keys = ["not" if key == "not_" else key for key in value]
    else:
        keys = [key.removesuffix("_") for key in getattr(value, "__dict__", {})]
    found = [key for key in _KEYS if key in keys]
    return found[0] if len(found) == 1 else None


def _from_word(value: object) -> object:
    return {value: True} if isinstance(value, str) else value


_Unanimous = Annotated[
    Unanimous, BeforeValidator(_from_word, json_schema_input_type=Literal["unanimous"] | Unanimous), Tag("unanimous")
]
_NobodyMoved = Annotated[
    NobodyMoved,
    BeforeValidator(_from_word, json_schema_input_type=Literal["nobody_moved"] | NobodyMoved),
    Tag("nobody_moved"),
]

Condition = Annotated[
    _Unanimous
    | _NobodyMoved
    | Annotated[AgreementReached, Tag("agreement")]
    | Annotated[ShareReached, Tag("share")]
    | Annotated[ConfidenceReached, Tag("confidence")]
    | Annotated[SaysStop, Tag("says_stop")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[Not, Tag("not")],
    Discriminator(
        _kind,
        custom_error_type="condition",
        custom_error_message=(
            "expected one condition: unanimous, nobody_moved, {agreement: 0.85}, {share: 2/3}, {confidence: 0.8}, "
            "{says_stop: participant}, {any: […]}, {all: […]} or {not: …}; lasting ones take `for: n`"
        ),
    ),
]
"""A condition, as a field of a pydantic model."""

for _compound in (AnyOf, AllOf, Not):
    _compound.model_rebuild()


def leaves(condition: Condition) -> Iterator[Condition]:
    """The conditions of an expression that are not made of others."""
    if isinstance(condition, AnyOf):
        for part in condition.any:
            yield from leaves(part)
    elif isinstance(condition, AllOf):
        for part in condition.all:
            yield from leaves(part)
    elif isinstance(condition, Not):
        yield from leaves(condition.not_)
    else:
        yield condition


def participants_named(condition: Condition) -> frozenset[str]:
    """The ids an expression mentions, so that a scenario can check that they exist."""
    named = {leaf.says_stop for leaf in leaves(condition) if isinstance(leaf, SaysStop)}
    named |= {leaf.of for leaf in leaves(condition) if isinstance(leaf, ConfidenceReached) and leaf.of is not None}
    return frozenset(named)
