"""Planning: a casting and prices become the plan of a run. Spends nothing and needs no key."""

from __future__ import annotations

from collections.abc import Mapping

from debate.briefing.brief import brief
from debate.engine.casting import Casting
from debate.graph.plan import Plan, Speaking, plan
from debate.graph.turngraph import Turn
from debate.settings.prices import Price
from debate.transcript.state import State


def plan_of(casting: Casting, prices: Mapping[str, Price | None]) -> Plan:
    """The plan of ``casting`` at ``prices``.

    Raises:
        debate.errors.PromptError: If a prompt cannot be rendered.
    """
    return plan(
        casting.graph,
        {id_: _speaking(casting, turn) for id_, turn in casting.graph.turns.items()},
        prices,
        scenario=casting.scenario.name,
        method=casting.method.value,
        participants=tuple(casting.members),
        decision=casting.scenario.decision.by,
    )


def _speaking(casting: Casting, turn: Turn) -> Speaking:
    part = casting.part(turn)
    empty = brief(
        turn,
        member=casting.members[turn.participant],
        round_=casting.rounds[turn.round],
        scenario=casting.scenario,
        graph=casting.graph,
        state=State(),
        templates=casting.templates,
        spec=casting.specs[turn.round],
        mode=casting.mode(turn.round),
    )
    size = sum(len(message.content.encode()) for message in empty.messages)
    return Speaking(str(part.model), part.tier, part.max_tokens, size)
