"""The bounds of one turn: what it can read, write and cost, worked out before anything is asked. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from debate.graph.turngraph import Hearing, Turn, TurnGraph
from debate.settings.prices import MILLION, Price

EXPECTED_REPLY: Final = 300
"""Completion tokens a reply is expected to have, where its cap is not lower: three short paragraphs and a footer."""

BYTES_PER_TOKEN: Final = (8, 4, 2)
"""UTF-8 bytes of prompt per token: at most, as expected, at least. Four fits English prose; figures for other texts lie
between the outer two."""

LABEL: Final = 20
"""Tokens a heard reply has beside its own: who said it, when, and its footer. Fencing at most doubles a reply."""

Money = Annotated[Decimal, Field(json_schema_extra={"type": "string"})]


class Piece(BaseModel):
    """A part of the plan."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Span(Piece):
    """From the least to the most; ``expected`` if every repeat runs and replies have an ordinary length."""

    least: int
    expected: int
    most: int


class MoneySpan(Piece):
    """USD from the least to the most; null where a price is unknown."""

    least: Money | None
    expected: Money | None
    most: Money | None


@dataclass(frozen=True, slots=True)
class Speaking:
    """What one turn is asked with, as far as it is known beforehand."""

    model: str
    tier: str | None
    max_tokens: int
    prompt_bytes: int
    """Of the prompt without anything heard."""
    heard_tokens: int | None = None
    """How much of what it hears may be shown, at four bytes a token; None for all."""
    escalated: Speaking | None = None
    """What it is asked with where a gate takes another tier."""

    @property
    def ways(self) -> Iterator[Speaking]:
        """Every way it may be asked, the round's own first."""
        yield self
        if self.escalated is not None:
            yield self.escalated

    @property
    def longest(self) -> int:
        """Completion tokens at most, on whatever tier."""
        return max(way.max_tokens for way in self.ways)

    @property
    def expected(self) -> int:
        """Completion tokens of a reply of ordinary length."""
        return min(EXPECTED_REPLY, self.max_tokens)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one turn can come to in one of the ways it may be asked."""

    prompt: Span
    completion: Span
    cost: MoneySpan


def bounds_of(
    turn: Turn,
    way: Speaking,
    speaking: Mapping[str, Speaking],
    price: Price | None,
    *,
    graph: TurnGraph,
    always: Collection[str],
) -> Bounds:
    """The bounds of ``turn`` asked in one ``way``; ``always`` are the turns that are held whatever gates decide."""
    short, usual, long = BYTES_PER_TOKEN
    least, expected, most = _heard(turn, way, speaking, graph, always)
    prompt = Span(
        least=math.floor(way.prompt_bytes / short) + least,
        expected=math.floor(way.prompt_bytes / usual) + expected,
        most=math.floor(way.prompt_bytes / long) + most,
    )
    completion = Span(least=1, expected=way.expected, most=way.max_tokens)
    return Bounds(prompt, completion, _cost(prompt, completion, price))


def _heard(
    turn: Turn, way: Speaking, speaking: Mapping[str, Speaking], graph: TurnGraph, always: Collection[str]
) -> tuple[int, int, int]:
    """Tokens of what a turn hears and remembers: at least, as expected, at most."""
    pruned = {who for node in turn.after if node in graph.gates for who in graph.gates[node].choosing}
    least = sum(len(_held(hearing, always)) for hearing in turn.hears if hearing.speaker not in pruned)
    expected = sum(_expected(hearing, speaking) for hearing in turn.hears)
    most = sum(_most(hearing, speaking) for hearing in turn.hears)
    if way.heard_tokens is not None:
        least = min(least, 1)
        replies = sum(len(hearing.turns) for hearing in turn.hears)
        expected = min(expected, way.heard_tokens + LABEL * replies)
        # Four bytes a token are estimated and there may be two; fencing doubles; each cut is marked beside its label.
        most = min(most, 4 * way.heard_tokens + 2 * LABEL * replies)
    if turn.summary is not None and turn.summary in speaking:
        most = max(most, 2 * speaking[turn.summary].longest + LABEL)
    if turn.own is not None:
        least += len(_held(turn.own, always))
        expected += _expected(turn.own, speaking)
        most += _most(turn.own, speaking)
    return least, expected, most


def _expected(hearing: Hearing, speaking: Mapping[str, Speaking]) -> int:
    return sum(speaking[id_].expected + LABEL for id_ in hearing.turns[: hearing.latest])


def _most(hearing: Hearing, speaking: Mapping[str, Speaking]) -> int:
    """The longest replies that may be heard, as the latest may be left out; who gave none is named all the same."""
    lengths = sorted((2 * speaking[id_].longest for id_ in hearing.turns), reverse=True)
    return sum(lengths[: hearing.latest]) + LABEL * len(hearing.turns)


def _held(hearing: Hearing, always: Collection[str]) -> list[str]:
    return [id_ for id_ in hearing.turns if id_ in always][: hearing.latest]


def _cost(prompt: Span, completion: Span, price: Price | None) -> MoneySpan:
    if price is None:
        return MoneySpan(least=None, expected=None, most=None)

    def usd(read: int, written: int) -> Decimal:
        return (price.input * read + price.output * written) / MILLION

    cheapest = min(price.input, price.cached_input if price.cached_input is not None else price.input)
    return MoneySpan(
        least=(cheapest * prompt.least + price.output * completion.least) / MILLION,
        expected=usd(prompt.expected, completion.expected),
        most=usd(prompt.most, completion.most),
    )
