"""What is left of a turn graph once some of its turns are over. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from debate.graph.turngraph import Hearing, TurnGraph


def remaining(graph: TurnGraph, over: Collection[str]) -> TurnGraph:
    """The graph without the turns and gates in ``over``, and without all waiting for and hearing of them."""
    iterations = {}
    for id_, iteration in graph.iterations.items():
        speaking = tuple(turn for turn in iteration.turns if turn not in over)
        if speaking:
            iterations[id_] = replace(
                iteration, turns=speaking, gate=None if iteration.gate in over else iteration.gate
            )
    turns = {id_: turn for id_, turn in graph.turns.items() if id_ not in over}
    nodes = {*turns, *iterations, *(i.gate for i in iterations.values() if i.gate is not None)}
    gates = {
        id_: replace(gate, awaits=tuple(node for node in gate.awaits if node in nodes))
        for id_, gate in graph.gates.items()
        if id_ in nodes
    }
    for id_, turn in turns.items():
        hears = tuple(left for hearing in turn.hears if (left := _left(hearing, over)) is not None)
        own = _left(turn.own, over) if turn.own is not None else None
        turns[id_] = replace(turn, hears=hears, own=own, after=tuple(node for node in turn.after if node in nodes))
    return TurnGraph(turns, iterations, gates, graph.speakers)


def _left(hearing: Hearing, over: Collection[str]) -> Hearing | None:
    turns = tuple(turn for turn in hearing.turns if turn not in over)
    return replace(hearing, turns=turns) if turns else None
