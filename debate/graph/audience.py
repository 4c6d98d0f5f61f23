"""The audience: whom a participant hears in a round, by the round's query, its group and what is private."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from debate.graph.chance import Dice
from debate.graph.topology import hearings
from debate.scenario.cast import Member, named
from debate.scenario.hearing import Query
from debate.scenario.schema import PrivateTo, Round, Scenario
from debate.scenario.standing import inside, on_graph
from debate.scenario.topology import Topology


class Audience:
    """Answers who hears whom. Each topology is drawn once, or once an iteration where it is to be redrawn."""

    def __init__(self, scenario: Scenario, members: Sequence[Member], dice: Dice) -> None:
        self._scenario = scenario
        self._members = members
        self._dice = dice
        self._steps = {step.name: step for step in scenario.steps}
        self._drawn: dict[tuple[str, str, str], Mapping[str, tuple[str, ...]]] = {}

    def heard_by(self, hearer: Member, step: Round, query: Query, place: str) -> tuple[str, ...]:
        """Whom ``hearer`` hears by ``query``, in the order of the file, itself left out."""
        group = self._scenario.groups.get(step.name)
        everyone = inside(self._scenario, self._members, group)
        wanted: set[str] = set()
        for name in query.from_:
            if name == "neighbours":
                wanted.update(self._neighbours(hearer, query.graph or self._scenario.graph, group, place))
            elif name == "everyone":
                wanted.update(member.id for member in everyone)
            elif name != "self":
                wanted.update(member.id for member in named([name], self._members))
        return tuple(m.id for m in self._members if m.id in wanted and m.id != hearer.id)

    def may_hear(self, hearer: Member, round_: str) -> bool:
        """Whether what is said in a round may reach ``hearer`` at all."""
        scope = self._steps[round_].scope
        return not isinstance(scope, PrivateTo) or hearer in named(scope.private_to, self._members)

    def _neighbours(self, hearer: Member, topology: Topology, group: str | None, place: str) -> tuple[str, ...]:
        key = (topology.model_dump_json(), group or "", place if topology.redraws else "")
        if key not in self._drawn:
            standing = [member.id for member in on_graph(self._scenario, self._members, group)]
            hub = topology.star.hub if topology.star is not None else None
            if hub is not None and hub not in standing:
                standing.append(hub)
            dice = self._dice.of("topology", topology.name, key[1], key[2])
            self._drawn[key] = hearings(topology, standing, dice)
        return self._drawn[key].get(hearer.id, ())
