"""The plan of a run: what it will hold and what it can cost, worked out before anything is spent. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from debate.graph.bounds import Bounds, MoneySpan, Piece, Span, Speaking, bounds_of
from debate.graph.turngraph import Iteration, Turn, TurnGraph
from debate.settings.prices import Price


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
    all_premium_usd: MoneySpan | None = None
    """What the run would cost if every round were held with the tier premium; null without a cost plan."""


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
    everything = list(graph.turns.values())
    pruned = prunable(graph)
    # Whom a selection leaves out is not known: so many are left out at most, but it may be any of them.
    doubtful = pruned | {id_ for gate in graph.gates.values() for turns in gate.choosing.values() for id_ in turns}
    least = {turn.id for turn in everything if turn.id not in doubtful}
    ways = [(turn, _ways(turn, speaking, prices, graph=graph, always=least)) for turn in everything]
    whole = _whole(ways, least)
    models = dict.fromkeys(way.model for turn in everything for way in speaking[turn.id].ways)
    parts = {model: _of_model(model, ways, least, price_known=prices.get(model) is not None) for model in models}
    unpriced = tuple(model for model in parts if prices.get(model) is None)
    return Plan(
        scenario=scenario,
        method=method,
        iterations=tuple(_iteration(i, graph, speaking, doubtful) for i in graph.iterations.values()),
        calls=Span(least=len(everything) - len(pruned), expected=len(everything), most=len(everything)),
        repairs_at_most=len(everything),
        prompt_tokens=_sum(one.prompt for one in whole),
        completion_tokens=_sum(one.completion for one in whole),
        cost_usd=_money([one.cost for one in whole]),
        unpriced=unpriced,
        by_model=parts,
        critical_path=graph.critical_path,
        participants=participants,
        decision=decision,
    )


def _ways(
    turn: Turn,
    speaking: Mapping[str, Speaking],
    prices: Mapping[str, Price | None],
    *,
    graph: TurnGraph,
    always: Collection[str],
) -> Mapping[str, Bounds]:
    """Model to the bounds of a turn that it is asked for."""
    found: dict[str, Bounds] = {}
    for way in speaking[turn.id].ways:
        bounds = bounds_of(turn, way, speaking, prices.get(way.model), graph=graph, always=always)
        found[way.model] = bounds if way.model not in found else _either(found[way.model], bounds)
    return found


def _either(one: Bounds, other: Bounds) -> Bounds:
    """The bounds where it is one or the other, on two tiers of the same model."""
    return Bounds(
        _any([one.prompt, other.prompt], sure=True),
        _any([one.completion, other.completion], sure=True),
        _any_cost([one.cost, other.cost], sure=True),
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
    model: str, ways: Sequence[tuple[Turn, Mapping[str, Bounds]]], least: Collection[str], *, price_known: bool
) -> PlannedModel:
    """What one model is to be used for: at least where a turn has no other way, at most wherever it is one."""
    mine = [(turn, bounds) for turn, bounds in ways if model in bounds]
    sure = {turn.id for turn, bounds in mine if turn.id in least and len(bounds) == 1}
    usual = {turn.id for turn, bounds in mine if next(iter(bounds)) == model}
    chosen = [_counted(bounds[model], sure=turn.id in sure, usual=turn.id in usual) for turn, bounds in mine]
    return PlannedModel(
        calls=Span(least=len(sure), expected=len(usual), most=len(mine)),
        prompt_tokens=_sum(one.prompt for one in chosen),
        completion_tokens=_sum(one.completion for one in chosen),
        cost_usd=_money([one.cost for one in chosen]),
        price_known=price_known,
    )


def _counted(bounds: Bounds, *, sure: bool, usual: bool) -> Bounds:
    """The bounds with nothing at the ends where the model may not be asked at all."""

    def tokens(span: Span) -> Span:
        return Span(least=span.least if sure else 0, expected=span.expected if usual else 0, most=span.most)

    cost = bounds.cost
    return Bounds(
        tokens(bounds.prompt),
        tokens(bounds.completion),
        MoneySpan(
            least=cost.least if sure or cost.least is None else Decimal(0),
            expected=cost.expected if usual or cost.expected is None else Decimal(0),
            most=cost.most,
        ),
    )


def _whole(ways: Sequence[tuple[Turn, Mapping[str, Bounds]]], least: Collection[str]) -> list[Bounds]:
    """The bounds of every turn whichever way it is asked; as expected, in the first."""
    found = []
    for turn, bounds in ways:
        each = list(bounds.values())
        sure = turn.id in least
        found.append(
            Bounds(
                _any([one.prompt for one in each], sure=sure),
                _any([one.completion for one in each], sure=sure),
                _any_cost([one.cost for one in each], sure=sure),
            )
        )
    return found


def _any(spans: Sequence[Span], *, sure: bool) -> Span:
    return Span(
        least=min(span.least for span in spans) if sure else 0,
        expected=spans[0].expected,
        most=max(span.most for span in spans),
    )


def _any_cost(costs: Sequence[MoneySpan], *, sure: bool) -> MoneySpan:
    least = [cost.least for cost in costs if cost.least is not None]
    most = [cost.most for cost in costs if cost.most is not None]
    known = len(least) == len(most) == len(costs)
    return MoneySpan(
        least=(min(least) if sure else Decimal(0)) if known else None,
        expected=costs[0].expected if known else None,
        most=max(most) if known else None,
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
