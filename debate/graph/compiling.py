"""From a scenario to its turn graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from debate.graph.topology import hearings
from debate.graph.turngraph import Gate, Hearing, Iteration, Turn, TurnGraph, label
from debate.scenario.cast import OUTSIDE_ROLE, Member, cast, named, speakers
from debate.scenario.conditions import participants_named
from debate.scenario.hearing import LastRounds, Query, Topology
from debate.scenario.schema import Round, Scenario

ALONG_GRAPH = Query()
"""What a round hears when it says nothing: its neighbours' latest replies."""


def compile_graph(scenario: Scenario) -> TurnGraph:
    """Unroll ``scenario`` into its turns, iterations and gates.

    The scenario must have passed its checks: names that mean nobody are silently nobody here.
    """
    members = cast(scenario)
    casting = {round_.name: speakers(round_, members) for round_ in scenario.rounds}
    drawn = _Drawn(scenario, members, casting)
    turns: dict[str, Turn] = {}
    iterations: dict[str, Iteration] = {}
    gates: dict[str, Gate] = {}
    spoken: dict[str, list[Turn]] = {member.id: [] for member in members}
    for round_ in scenario.rounds:
        times = round_.repeat.up_to if round_.repeat is not None else 1
        gate: str | None = None
        for number in range(1, times + 1):
            id_ = label(round_.name, number, repeats=times > 1)
            made: list[Turn] = []
            for member in casting[round_.name]:
                turn = _turn((id_, number), round_, member, drawn=drawn, spoken=spoken, before=made, gate=gate)
                made.append(turn)
            for turn in made:
                turns[turn.id] = turn
                spoken[turn.participant].append(turn)
            until = round_.repeat is not None and round_.repeat.until is not None
            gate = f"{id_}?until" if until and number < times else None
            iterations[id_] = Iteration(id_, round_.name, number, tuple(turn.id for turn in made), gate)
            if gate is not None:
                later = [label(round_.name, n, repeats=True) for n in range(number + 1, times + 1)]
                pruned = tuple(f"{i}/{m.id}" for i in later for m in casting[round_.name])
                awaits = _awaited(round_, casting, iterations, spoken)
                gates[gate] = Gate(gate, round_.name, number, id_, pruned, awaits)
    return TurnGraph(turns, iterations, gates, {name: tuple(m.id for m in who) for name, who in casting.items()})


def _awaited(
    round_: Round,
    casting: Mapping[str, Sequence[Member]],
    iterations: Mapping[str, Iteration],
    spoken: Mapping[str, Sequence[Turn]],
) -> tuple[str, ...]:
    """What a gate of ``round_`` looks at beside its own iteration, so that it never depends on what arrives when."""
    assert round_.repeat is not None, "only repeats have gates"
    assert round_.repeat.until is not None, "only repeats with a condition have gates"
    speaking = set(casting[round_.name])
    before = [i.id for i in iterations.values() if i.round != round_.name and set(casting[i.round]) == speaking]
    named_ = sorted(participants_named(round_.repeat.until) - {member.id for member in speaking})
    return (*before, *(spoken[id_][-1].id for id_ in named_ if spoken.get(id_)))


class _Drawn:
    """The scenario's topologies, each drawn once on the participants it is meant for."""

    def __init__(self, scenario: Scenario, members: Sequence[Member], casting: Mapping[str, Sequence[Member]]) -> None:
        self.scenario = scenario
        self.members = members
        speaking = {member.id for who in casting.values() for member in who}
        self.inside = tuple(m for m in members if m.role != OUTSIDE_ROLE and m.id in speaking)
        along = {
            member.id
            for round_ in scenario.rounds
            if "neighbours" in (round_.hears or ALONG_GRAPH).from_
            for member in casting[round_.name]
        }
        self._on_graph = [m.id for m in self.inside if m.id in along]
        self._tables: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def speakers_heard(self, hearer: Member, query: Query) -> tuple[str, ...]:
        """Whom ``hearer`` hears by ``query``, in the order of the file, itself left out."""
        wanted: set[str] = set()
        for name in query.from_:
            if name == "neighbours":
                wanted.update(self._neighbours(hearer, query.graph or self.scenario.graph))
            elif name == "everyone":
                wanted.update(m.id for m in self.inside)
            elif name != "self":
                wanted.update(m.id for m in named([name], self.members))
        return tuple(m.id for m in self.members if m.id in wanted and m.id != hearer.id)

    def is_named(self, member: Member, query: Query) -> bool:
        """Whether ``query`` names ``member``, by its id, entry or role."""
        return bool(named(query.from_, (member,)))

    def _neighbours(self, hearer: Member, topology: Topology) -> tuple[str, ...]:
        key = topology.model_dump_json()
        if key not in self._tables:
            on_graph = list(self._on_graph)
            if topology.star is not None and topology.star.hub is not None and topology.star.hub not in on_graph:
                on_graph.append(topology.star.hub)
            self._tables[key] = hearings(topology, on_graph)
        return self._tables[key].get(hearer.id, ())


def _turn(
    place: tuple[str, int],
    round_: Round,
    member: Member,
    *,
    drawn: _Drawn,
    spoken: Mapping[str, Sequence[Turn]],
    before: Sequence[Turn],
    gate: str | None,
) -> Turn:
    iteration, number = place
    query = round_.hears or ALONG_GRAPH
    same = before if query.same_round and round_.order == "sequential" else ()
    hears = []
    for speaker in drawn.speakers_heard(member, query):
        earlier = [*spoken[speaker], *(turn for turn in same if turn.participant == speaker)]
        hears.append(_hearing(speaker, earlier, query))
    remembers = not {"self", "neighbours", "everyone"}.isdisjoint(query.from_) or drawn.is_named(member, query)
    own = _hearing(member.id, spoken[member.id], query) if remembers else None
    after = [hearing.turns[0] for hearing in hears if hearing.turns]
    after += [turn.id for turn in spoken[member.id][-1:]]
    after += [before[-1].id] if round_.order == "sequential" and before else []
    after += [gate] if gate is not None else []
    return Turn(
        id=f"{iteration}/{member.id}",
        round=round_.name,
        iteration=number,
        participant=member.id,
        hears=tuple(hearing for hearing in hears if hearing.turns),
        own=own if own is not None and own.turns else None,
        after=tuple(dict.fromkeys(after)),
    )


def _hearing(speaker: str, earlier: Sequence[Turn], query: Query) -> Hearing:
    latest_first = list(reversed(earlier))
    match query.rounds:
        case LastRounds(last=last):
            return Hearing(speaker, tuple(turn.id for turn in latest_first), last)
        case "last":
            return Hearing(speaker, tuple(turn.id for turn in latest_first), 1)
        case "all":
            return Hearing(speaker, tuple(turn.id for turn in latest_first), None)
        case name:
            return Hearing(speaker, tuple(turn.id for turn in latest_first if turn.round == name), None)
