"""The plan of a run: what it will hold and what it can cost, worked out before anything is spent. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from debate.graph.turngraph import Iteration, Turn, TurnGraph
from debate.settings.prices import MILLION, Price

EXPECTED_REPLY: Final = 300
"""Completion tokens a reply is expected to have, where its cap is not lower: three short paragraphs and a footer."""

BYTES_PER_TOKEN: Final = (8, 4, 2)
"""UTF-8 bytes of prompt per token: at most, as expected, at least. Four fits English prose; figures for other texts lie
between the outer two."""

LABEL: Final = 20
"""Tokens a heard reply has beside its own: who said it, when, and its footer. Fencing at most doubles a reply."""

Money = Annotated[Decimal, Field(json_schema_extra={"type": "string"})]


@dataclass(frozen=True, slots=True)
class Speaking:
    """What one turn is asked with, as far as it is known beforehand."""

    model: str
    tier: str | None
    max_tokens: int
    prompt_bytes: int
    """Of the prompt without anything heard."""


Length = Callable[[Speaking], int]
"""How many tokens a reply has."""


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


class PlannedIteration(Piece):
    """One iteration of a round."""

    id: str
    round: str
    iteration: int
    turns: tuple[str, ...]
    """The speakers, in speaking order."""
    tier: str | None
    models: dict[str, str]
    """Speaker to model."""
    hears: dict[str, tuple[str, ...]]
    """Speaker to those it hears, itself left out."""
    remembers: tuple[str, ...]
    """Speakers who are reminded of what they said themselves."""
    conditional: bool
    """Whether a gate may leave out some of it."""
    gates: tuple[str, ...]
    """What is decided at it."""
    summaries: tuple[str, ...]
    """Turns that sum up what a speaker is to hear, held only if it is too long."""


class PlannedModel(Piece):
    """What one model is to be used for."""

    calls: Span
    prompt_tokens: Span
    completion_tokens: Span
    cost_usd: MoneySpan
    price_known: bool


class Plan(Piece):
    """What a run will hold and what it can cost. Retries after failures come on top."""

    scenario: str
    method: str
    """How agreement will be measured."""
    iterations: tuple[PlannedIteration, ...]
    calls: Span
    repairs_at_most: int
    """Calls that come on top if every reply is unreadable at first."""
    prompt_tokens: Span
    completion_tokens: Span
    cost_usd: MoneySpan
    unpriced: tuple[str, ...]
    """Models whose price is unknown."""
    by_model: dict[str, PlannedModel]
    critical_path: int
    """Calls that follow one another at most."""
    participants: tuple[str, ...]
    decision: str
    """The rule or participant that decides."""
    chosen: tuple[str, ...] = ()
    """Models that the scenario left to be chosen, each with why."""


def plan(
    graph: TurnGraph,
    speaking: Mapping[str, Speaking],
    prices: Mapping[str, Price | None],
    *,
    scenario: str,
    method: str,
    participants: tuple[str, ...],
    decision: str,
) -> Plan:
    """Work out a run's bounds: from every gate ending its repeat at once to none ever doing so."""
    pruned = prunable(graph)
    everything = list(graph.turns.values())
    least = [turn for turn in everything if turn.id not in pruned]
    parts = {
        model: _of_model(model, everything, least, speaking, prices.get(model))
        for model in dict.fromkeys(speaking[turn.id].model for turn in everything)
    }
    unpriced = tuple(model for model in parts if prices.get(model) is None)
    return Plan(
        scenario=scenario,
        method=method,
        iterations=tuple(_iteration(i, graph, speaking, pruned) for i in graph.iterations.values()),
        calls=_sum(part.calls for part in parts.values()),
        repairs_at_most=len(everything),
        prompt_tokens=_sum(part.prompt_tokens for part in parts.values()),
        completion_tokens=_sum(part.completion_tokens for part in parts.values()),
        cost_usd=_money([part.cost_usd for part in parts.values()]),
        unpriced=unpriced,
        by_model=parts,
        critical_path=graph.critical_path,
        participants=participants,
        decision=decision,
    )


def prunable(graph: TurnGraph) -> set[str]:
    """The turns of a run that may be left out, as many at once as can be: the others are always asked."""
    left_out = {turn.id for turn in graph.turns.values() if turn.serves is not None}
    for gate in graph.gates.values():
        left_out.update(gate.prunes)
        if gate.kind == "reply" and graph.waits_in_turn(gate.place):
            left_out.update(graph.iterations[gate.place].turns[1:])
        if gate.kind == "select":
            lists = sorted(gate.choosing.values(), key=len)
            left_out.update(id_ for turns in lists[gate.keeps :] for id_ in turns)
    return left_out


def _iteration(
    iteration: Iteration, graph: TurnGraph, speaking: Mapping[str, Speaking], pruned: set[str]
) -> PlannedIteration:
    turns = [graph.turns[id_] for id_ in iteration.turns]
    tiers = {speaking[turn.id].tier for turn in turns}
    return PlannedIteration(
        id=iteration.id,
        round=iteration.round,
        iteration=iteration.number,
        turns=tuple(turn.participant for turn in turns),
        tier=next(iter(tiers)) if len(tiers) == 1 else None,
        models={turn.participant: speaking[turn.id].model for turn in turns},
        hears={turn.participant: tuple(hearing.speaker for hearing in turn.hears) for turn in turns},
        remembers=tuple(turn.participant for turn in turns if turn.own is not None),
        conditional=any(turn.id in pruned for turn in turns),
        gates=tuple(gate.id for gate in graph.gates_of.get(iteration.id, ())),
        summaries=tuple(turn.summary for turn in turns if turn.summary is not None),
    )


def _of_model(
    model: str, everything: list[Turn], least: list[Turn], speaking: Mapping[str, Speaking], price: Price | None
) -> PlannedModel:
    mine = [turn for turn in everything if speaking[turn.id].model == model]
    mine_least = [turn for turn in least if speaking[turn.id].model == model]
    held, held_least = {turn.id for turn in everything}, {turn.id for turn in least}
    short, usual, long = BYTES_PER_TOKEN
    prompt = Span(
        least=sum(_prompt(turn, speaking, held_least, short, lambda _: 1) for turn in mine_least),
        expected=sum(_prompt(turn, speaking, held, usual, lambda part: _expected(part) + LABEL) for turn in mine),
        most=sum(_prompt(turn, speaking, held, long, lambda part: 2 * part.max_tokens + LABEL) for turn in mine),
    )
    completion = Span(
        least=len(mine_least),
        expected=sum(_expected(speaking[turn.id]) for turn in mine),
        most=sum(speaking[turn.id].max_tokens for turn in mine),
    )
    return PlannedModel(
        calls=Span(least=len(mine_least), expected=len(mine), most=len(mine)),
        prompt_tokens=prompt,
        completion_tokens=completion,
        cost_usd=_cost(prompt, completion, price),
        price_known=price is not None,
    )


def _expected(part: Speaking) -> int:
    return min(EXPECTED_REPLY, part.max_tokens)


def _prompt(turn: Turn, speaking: Mapping[str, Speaking], held: set[str], bytes_per_token: int, length: Length) -> int:
    """Prompt tokens of a turn when the turns in ``held`` are held and replies are as long as ``length`` says."""
    heard = 0
    for hearing in (*turn.hears, *((turn.own,) if turn.own is not None else ())):
        available = [id_ for id_ in hearing.turns if id_ in held]
        heard += sum(length(speaking[id_]) for id_ in available[: hearing.latest])
    return math.floor(speaking[turn.id].prompt_bytes / bytes_per_token) + heard


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


def _sum(spans: Iterable[Span]) -> Span:
    listed = list(spans)
    return Span(
        least=sum(span.least for span in listed),
        expected=sum(span.expected for span in listed),
        most=sum(span.most for span in listed),
    )


def _money(spans: list[MoneySpan]) -> MoneySpan:
    def total(values: list[Decimal | None]) -> Decimal | None:
        known = [value for value in values if value is not None]
        return sum(known, Decimal(0)) if len(known) == len(values) else None

    return MoneySpan(
        least=total([span.least for span in spans]),
        expected=total([span.expected for span in spans]),
        most=total([span.most for span in spans]),
    )
