"""Who stands on a graph: on whom the topologies of a scenario are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from debate.scenario.cast import OUTSIDE_ROLE, Member, speakers
from debate.scenario.hearing import Query
from debate.scenario.schema import Round, Scenario


def inside(scenario: Scenario, members: Sequence[Member], group: str | None) -> tuple[Member, ...]:
    """Whom ``everyone`` means: all who speak, in the group if there is one, but for judges."""
    speaking = {member.id for step in _steps(scenario, group) for member in speakers(step, members)}
    return tuple(m for m in members if m.id in speaking and m.role != OUTSIDE_ROLE)


def on_graph(scenario: Scenario, members: Sequence[Member], group: str | None) -> tuple[Member, ...]:
    """On whom topologies are drawn: those inside who speak in a round that hears along a graph."""
    along = {
        member.id
        for step in _steps(scenario, group)
        if any(query is None or "neighbours" in query.from_ for query in listened(step))
        for member in speakers(step, members)
    }
    return tuple(member for member in inside(scenario, members, group) if member.id in along)


def listened(step: Round) -> tuple[Query | None, ...]:
    """What the iterations of a round hear; None for the scenario's graph."""
    return step.repeat.hears if step.repeat is not None and step.repeat.hears is not None else (step.hears,)


def _steps(scenario: Scenario, group: str | None) -> list[Round]:
    groups = scenario.groups
    return [step for step in scenario.steps if group is None or groups.get(step.name) == group]
