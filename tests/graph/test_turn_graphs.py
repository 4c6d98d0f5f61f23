"""The turn graph of any scenario: what waits for what, who hears whom, what a gate leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import scenario
from strategies import few, scenarios

from debate.graph.compiling import compile_graph, query_of
from debate.graph.frontier import Frontier, descendants
from debate.graph.turngraph import Turn, TurnGraph
from debate.scenario.cast import Member, cast, named
from debate.scenario.hearing import LastRounds, Query
from debate.scenario.schema import PrivateTo, Round, Scenario
from debate.scenario.standing import inside


def drawn(graph: TurnGraph) -> nx.DiGraph[str]:
    """The turn graph as networkx knows it; a turn weighs 1, everything else nothing."""
    made: nx.DiGraph[str] = nx.DiGraph()
    made.add_nodes_from(graph.waits)
    for node, awaited in graph.waits.items():
        made.add_edges_from((other, node, {"turns": 1 if node in graph.turns else 0}) for other in awaited)
    return made


def hears(turn: Turn) -> Mapping[str, tuple[str, ...]]:
    """Speaker to the turns that may be heard of it."""
    return {hearing.speaker: hearing.turns for hearing in turn.hears}


@few
@given(scenarios())
def test_the_graph_is_acyclic_and_waits_only_backwards(asked: Scenario) -> None:
    """Every node waits for nodes that come before it, so the order of the table is a topological one."""
    graph = compile_graph(asked)
    assert nx.is_directed_acyclic_graph(drawn(graph))
    before: set[str] = set()
    for node, awaited in graph.waits.items():
        assert set(awaited) <= before
        before.add(node)


@few
@given(scenarios())
def test_what_is_heard_is_over(asked: Scenario) -> None:
    """A turn is not ready before every turn it may hear, or be reminded of, is over."""
    graph = compile_graph(asked)
    order = drawn(graph)
    for turn in graph.turns.values():
        earlier = nx.ancestors(order, turn.id)
        for hearing in (*turn.hears, *((turn.own,) if turn.own is not None else ())):
            assert set(hearing.turns) <= earlier


def allowed_by(asked: Scenario, query: Query, turn: Turn) -> set[str]:
    """Whom a turn may hear at most by its query."""
    members = cast(asked)
    allowed = {member.id for member in named(query.from_, members)}
    if not {"neighbours", "everyone"}.isdisjoint(query.from_):
        allowed |= {m.id for m in inside(asked, members, asked.groups.get(turn.round))}
    topology = query.graph or asked.graph
    if "neighbours" in query.from_:
        allowed |= {name for edge in topology.edges or () for name in edge}
        if topology.star is not None and topology.star.hub is not None:
            allowed.add(topology.star.hub)
    return allowed


def is_open_to(hearer: str, round_: Round, members: Sequence[Member]) -> bool:
    """Whether what is said in a round may reach somebody."""
    scope = round_.scope
    return not isinstance(scope, PrivateTo) or hearer in {m.id for m in named(scope.private_to, members)}


@few
@given(scenarios())
def test_nobody_hears_what_the_query_excludes(asked: Scenario) -> None:
    """Speakers, rounds and iterations that a query leaves out are in no hearing; nobody hears itself as another."""
    graph = compile_graph(asked)
    members = cast(asked)
    rounds = {round_.name: round_ for round_ in asked.steps}
    place = {name: index for index, name in enumerate(graph.iterations)}
    for turn in graph.turns.values():
        round_ = rounds[turn.round]
        query = query_of(round_, turn.iteration)
        allowed = allowed_by(asked, query, turn)
        heard = hears(turn)
        assert turn.participant not in heard or turn.serves is not None
        assert set(heard) <= allowed
        mine = place[turn.id.rpartition("/")[0]]
        for speaker, turns in heard.items():
            assert all(graph.turns[id_].participant == speaker for id_ in turns)
            listener = turn.participant if turn.serves is None else graph.turns[turn.serves].participant
            assert all(is_open_to(listener, rounds[graph.turns[id_].round], members) for id_ in turns)
            for id_ in turns:
                when = place[id_.rpartition("/")[0]]
                assert when < mine or (when == mine and query.same_round and round_.order != "simultaneous")
                if isinstance(query.rounds, str) and query.rounds not in ("last", "all"):
                    assert graph.turns[id_].round == query.rounds
            places = [graph.speaking_order[id_] for id_ in turns]
            assert places == sorted(places, reverse=True), "the latest comes first"
        wanted = {hearing.latest for hearing in turn.hears}
        match query.rounds:
            case "last":
                assert wanted <= {1}
            case LastRounds(last=last):
                assert wanted <= {last}
            case _:
                assert wanted <= {None}


@few
@given(scenarios())
def test_the_gates_of_repeats_prune_exactly_the_later_iterations(asked: Scenario) -> None:
    """Such a gate leaves out all iterations of its round that come after it, and nothing else."""
    graph = compile_graph(asked)
    gates = [gate for gate in graph.gates.values() if gate.kind in ("until", "reply")]
    for gate in gates:
        later = {
            id_ for id_, turn in graph.turns.items() if turn.round == gate.round and turn.iteration > gate.iteration
        }
        assert set(gate.prunes) == later
        assert later or gate.kind == "reply"
        assert later <= descendants(graph, {gate.id})
    gated = {(g.round, g.iteration) for g in gates}
    for round_ in asked.steps:
        repeat = round_.repeat
        looked = range(0) if repeat is None or repeat.until is None else range(1, repeat.up_to)
        last = [repeat.up_to] if repeat is not None and repeat.after == "reply" else []
        assert {n for name, n in gated if name == round_.name} == {*looked, *last}


@few
@given(scenarios())
def test_the_critical_path_is_the_longest(asked: Scenario) -> None:
    """The critical path has as many turns as networkx's longest path, and priorities fall along every edge."""
    graph = compile_graph(asked)
    order = drawn(graph)
    order.add_node("begin")
    order.add_edges_from(
        ("begin", node, {"turns": 1 if node in graph.turns else 0})
        for node, awaited in graph.waits.items()
        if not awaited
    )
    assert graph.critical_path == nx.dag_longest_path_length(order, weight="turns")
    for node, awaited in graph.waits.items():
        for other in awaited:
            assert graph.remaining[other] >= graph.remaining[node] + (1 if other in graph.turns else 0)


@few
@given(scenarios(), st.randoms(use_true_random=False))
def test_the_frontier_visits_every_node_once_in_any_order_of_finishing(asked: Scenario, lot: object) -> None:
    """Whatever finishes first, each node becomes ready exactly once, after all it waits for."""
    graph = compile_graph(asked)
    frontier = Frontier(graph)
    ready = [node for node in graph.waits if frontier.is_ready(node)]
    seen: list[str] = []
    while ready:
        node = ready.pop(lot.randrange(len(ready)))  # type: ignore[attr-defined]
        assert set(graph.waits[node]) <= set(seen)
        seen.append(node)
        assert not frontier.done
        ready += frontier.finish(node)
        assert frontier.finish(node) == ()
    assert sorted(seen) == sorted(graph.waits)
    assert frontier.done


@few
@given(scenarios())
def test_every_turn_is_there_once(asked: Scenario) -> None:
    """A turn for each speaker of each iteration; iterations list them in speaking order."""
    graph = compile_graph(asked)
    listed = [id_ for iteration in graph.iterations.values() for id_ in iteration.turns]
    assert listed == [id_ for id_, turn in graph.turns.items() if turn.serves is None]
    for round_ in asked.steps:
        times = round_.repeat.up_to if round_.repeat is not None else 1
        mine = [turn for turn in graph.turns.values() if turn.round == round_.name and turn.serves is None]
        assert len(mine) == times * len(graph.speakers[round_.name])


@few
@given(scenarios())
def test_a_scenario_reads_back_from_its_own_json(asked: Scenario) -> None:
    """What a transcript's header holds gives an equal scenario, so a recorded run needs no file beside it."""
    written = asked.model_dump(mode="json", by_alias=True, exclude_none=True)
    again = Scenario.model_validate(written)
    assert again == asked
    assert again.model_dump(mode="json", by_alias=True, exclude_none=True) == written
    assert compile_graph(again) == compile_graph(asked)


def test_a_ring_delays_only_those_who_hear() -> None:
    """On a ring of four, what descends from one opening reaches one more participant an iteration."""
    people = {name: {} for name in ("ana", "ben", "cleo", "dan")}
    rounds = [
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": 2},
    ]
    graph = compile_graph(scenario(participants=people, graph="ring", rounds=rounds))
    late = {node for node in descendants(graph, {"opening/ana"}) if node in graph.turns}
    assert late == {"rebuttal.1/ana", "rebuttal.1/ben", "rebuttal.2/ana", "rebuttal.2/ben", "rebuttal.2/cleo"}


def test_a_sequential_round_hears_those_before() -> None:
    """With ``same_round`` each hears those who spoke before it in the iteration, and the latest of the others."""
    rounds = [
        {
            "name": "talk",
            "who": "debater",
            "order": "sequential",
            "repeat": 2,
            "hears": {"from": "everyone", "same_round": True},
        }
    ]
    graph = compile_graph(scenario(rounds=rounds))
    second = graph.turns["talk.2/ben"]
    assert hears(second)["ana"][0] == "talk.2/ana"
    assert hears(second)["cleo"][0] == "talk.1/cleo"
    assert hears(graph.turns["talk.1/ana"]) == {}


def test_who_is_named_by_its_role_remembers_what_it_said() -> None:
    """A debater who hears the debaters is reminded of its own words, as with neighbours or everyone."""
    rounds = [
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "hears": {"from": "debater"}},
        {"name": "closing", "who": "ana", "hears": {"from": "ben"}},
    ]
    graph = compile_graph(scenario(rounds=rounds))
    own = graph.turns["rebuttal/ana"].own
    assert own is not None
    assert own.turns == ("opening/ana",)
    assert graph.turns["closing/ana"].own is None


@pytest.mark.parametrize("listed", [False, True])
def test_judges_stand_outside_the_graph_unless_listed(listed: bool) -> None:  # noqa: FBT001 - pytest's parameters
    """A judge is nobody's neighbour on a drawn topology; an edge that names it puts it there."""
    people = {"ana": {}, "ben": {}, "referee": {"role": "judge"}}
    graph = {"edges": [["referee", "ana"], ["ana", "ben"]]} if listed else "complete"
    rounds = [
        {"name": "opening", "who": ["ana", "ben", "referee"], "hears": "nobody"},
        {"name": "rebuttal", "who": "debater"},
    ]
    compiled = compile_graph(scenario(participants=people, graph=graph, rounds=rounds))
    assert set(hears(compiled.turns["rebuttal/ana"])) == ({"referee"} if listed else {"ben"})


def test_a_gate_waits_for_all_it_looks_at() -> None:
    """Whom a condition names is waited for, and so are earlier iterations of the same speakers; nobody later is."""
    rounds = [
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "check", "who": "referee", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 2, "until": {"says_stop": "referee"}}},
        {"name": "verdict", "who": "referee", "hears": {"from": "debater"}},
    ]
    people = {"ana": {}, "ben": {}, "referee": {"role": "judge"}}
    graph = compile_graph(scenario(participants=people, rounds=rounds))
    assert set(graph.waits["rebuttal.1?until"]) == {"rebuttal.1", "opening", "check/referee"}
