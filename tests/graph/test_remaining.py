"""What is left of a turn graph once some turns are over."""

from __future__ import annotations

from scripted import scenario

from debate.graph.compiling import compile_graph
from debate.graph.remaining import remaining

REPEATED = scenario(
    graph="ring",
    rounds=[
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 3, "until": "unanimous"}},
        {"name": "closing", "who": "debater"},
    ],
)


def test_what_is_over_is_in_nothing_that_is_left():
    """No turn waits for, hears or can be left out by what is over, and the order of the rest holds."""
    graph = compile_graph(REPEATED, seed=0)
    over = {id_ for id_ in graph.turns if id_.startswith(("opening", "rebuttal.1"))} | {"rebuttal.1?until"}
    left = remaining(graph, over)
    assert list(left.turns) == [id_ for id_ in graph.turns if id_ not in over]
    named = {node for turn in left.turns.values() for node in turn.after}
    named |= {id_ for turn in left.turns.values() for hearing in turn.hears for id_ in hearing.turns}
    named |= {id_ for gate in left.gates.values() for id_ in gate.prunes} | set(left.gates)
    assert named.isdisjoint(over)
    assert left.critical_path == 3


def test_a_gate_can_only_leave_out_what_is_left():
    """With every rebuttal skipped, the gate after the second has nothing to prune, and three calls are sure."""
    graph = compile_graph(REPEATED, seed=0)
    left = remaining(graph, {id_ for id_ in graph.turns if not id_.startswith("closing")})
    assert [gate.prunes for gate in left.gates.values()] == [(), ()]
    assert len(left.turns) == left.critical_path * 3 == 3
