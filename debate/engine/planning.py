"""Planning: a casting and prices become the plan of a run. Spends nothing and needs no key."""

from __future__ import annotations

from collections.abc import Mapping

from debate.briefing.brief import brief
from debate.engine.casting import Casting
from debate.graph.plan import Plan, Speaking, plan
from debate.graph.remaining import remaining
from debate.graph.turngraph import Turn, TurnGraph
from debate.settings.prices import Price
from debate.transcript.state import State


def plan_of(casting: Casting, prices: Mapping[str, Price | None]) -> Plan:
    """The plan of ``casting`` at ``prices``.

    Raises:
        debate.errors.PromptError: If a prompt cannot be rendered.
    """
    return _plan(casting, prices, casting.graph, State())


def plan_left(casting: Casting, prices: Mapping[str, Price | None], state: State) -> Plan:
    """The plan of what a run still has to do from ``state`` on. What was said already counts into the prompts.

    Raises:
        debate.errors.PromptError: If a prompt cannot be rendered.
    """
    return _plan(casting, prices, remaining(casting.graph, over(casting.graph, state)), state)


def over(graph: TurnGraph, state: State) -> set[str]:
    """The turns and gates that ``state`` has nothing left to do for; turns a gate left out are among them."""
    held = [gate for id_, gate in graph.gates.items() if id_ in state.gates and state.gates[id_].holds]
    ended = {id_ for id_, turn in state.turns.items() if turn.ended is not None}
    return ended | set(state.gates) | {id_ for gate in held for id_ in gate.prunes}


def _plan(casting: Casting, prices: Mapping[str, Price | None], graph: TurnGraph, state: State) -> Plan:
    return plan(
        graph,
        {id_: _speaking(casting, turn, state) for id_, turn in casting.graph.turns.items() if id_ in graph.turns},
        prices,
        scenario=casting.scenario.name,
        method=casting.method.value,
        participants=tuple(casting.members),
        decision=casting.scenario.decision.by,
    )


def _speaking(casting: Casting, turn: Turn, state: State) -> Speaking:
    part = casting.part(turn)
    known = brief(
        turn,
        member=casting.members[turn.participant],
        round_=casting.rounds[turn.round],
        scenario=casting.scenario,
        graph=casting.graph,
        state=state,
        templates=casting.templates,
        spec=casting.specs[turn.round],
        mode=casting.mode(turn.round),
    )
    size = sum(len(message.content.encode()) for message in known.messages)
    return Speaking(str(part.model), part.tier, part.max_tokens, size)
