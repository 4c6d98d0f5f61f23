"""Planning: a casting and prices become the plan of a run. Spends nothing and needs no key."""

from __future__ import annotations

from collections.abc import Mapping

from debate.engine.casting import Casting
from debate.engine.verdicts import rule_of
from debate.graph.bounds import Speaking
from debate.graph.compiling import query_of
from debate.graph.plan import Plan, plan
from debate.graph.pruning import pruned_by
from debate.graph.remaining import remaining
from debate.graph.turngraph import Turn, TurnGraph
from debate.settings.prices import Price
from debate.transcript.state import State


def plan_of(casting: Casting, prices: Mapping[str, Price | None]) -> Plan:
    """The plan of ``casting`` at ``prices``, with what it would cost without its cost plan.

    Raises:
        debate.errors.PromptError: If a prompt cannot be rendered.
    """
    made = _plan(casting, prices, casting.graph, State())
    dear = casting.all_premium
    if dear is None:
        return made
    return made.model_copy(update={"all_premium_usd": _plan(dear, prices, dear.graph, State()).cost_usd})


def plan_left(casting: Casting, prices: Mapping[str, Price | None], state: State) -> Plan:
    """The plan of what a run still has to do from ``state`` on. What was said already counts into the prompts.

    Raises:
        debate.errors.PromptError: If a prompt cannot be rendered.
    """
    return _plan(casting, prices, remaining(casting.graph, over(casting.graph, state)), state)


def over(graph: TurnGraph, state: State) -> set[str]:
    """The turns and gates that ``state`` has nothing left to do for; turns a gate left out are among them."""
    ended = {id_ for id_, turn in state.turns.items() if turn.ended is not None}
    left_out = {id_ for event in state.gates.values() for id_ in pruned_by(graph, event)}
    return ended | set(state.gates) | left_out


def _plan(casting: Casting, prices: Mapping[str, Price | None], graph: TurnGraph, state: State) -> Plan:
    return plan(
        graph,
        {id_: _speaking(casting, turn, state) for id_, turn in casting.graph.turns.items() if id_ in graph.turns},
        prices,
        scenario=casting.scenario.name,
        method=casting.method.value,
        participants=tuple(casting.members),
        decision=str(rule_of(casting.scenario.decision.by)),
    )


def _speaking(casting: Casting, turn: Turn, state: State) -> Speaking:
    part, other = casting.part(turn), casting.escalated(turn)
    mode = "text" if turn.serves is not None else casting.mode(turn.round)
    round_ = casting.rounds[turn.round]
    known = casting.briefing.brief(
        turn, state, round_=round_, spec=casting.spec(turn, [h.speaker for h in turn.hears]), mode=mode
    )
    size = sum(len(message.content.encode()) for message in known.messages)
    budget = query_of(round_, turn.iteration).budget
    shown = budget.tokens if budget is not None and turn.serves is None else None
    dearer = Speaking(str(other.model), other.tier, other.max_tokens, size, shown) if other is not None else None
    return Speaking(str(part.model), part.tier, part.max_tokens, size, shown, dearer)
