"""What is left of a turn graph once some of its turns are over. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from debate.graph.turngraph import Gate, Hearing, TurnGraph


def remaining(graph: TurnGraph, over: Collection[str]) -> TurnGraph:
    """The graph without the turns and gates in ``over``, and without all waiting for and hearing of them."""
    iterations = {}
    for id_, iteration in graph.iterations.items():
        speaking = tuple(turn for turn in iteration.turns if turn not in over)
        if speaking:
            iterations[id_] = replace(iteration, turns=speaking)
    gates = {id_: _open(gate, over) for id_, gate in graph.gates.items() if id_ not in over}
    turns = {id_: turn for id_, turn in graph.turns.items() if id_ not in over}
    nodes = {*turns, *iterations, *gates}
    for id_, turn in turns.items():
        hears = tuple(left for hearing in turn.hears if (left := _left(hearing, over)) is not None)
        own = _left(turn.own, over) if turn.own is not None else None
        turns[id_] = replace(turn, hears=hears, own=own, after=tuple(node for node in turn.after if node in nodes))
    waits = {
        node: tuple(other for other in awaited if other in nodes)
        for node, awaited in graph.waits.items()
        if node in nodes
    }
    return TurnGraph(turns, iterations, gates, graph.speakers, waits)


def _open(gate: Gate, over: Collection[str]) -> Gate:
    """The gate with what it can still leave out."""
    prunes = tuple(turn for turn in gate.prunes if turn not in over)
    choosing = {who: tuple(turn for turn in turns if turn not in over) for who, turns in gate.choosing.items()}
    return replace(gate, prunes=prunes, choosing=choosing)


def _left(hearing: Hearing, over: Collection[str]) -> Hearing | None:
    turns = tuple(turn for turn in hearing.turns if turn not in over)
    return replace(hearing, turns=turns) if turns else None
