"""What a resolved gate leaves out. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from debate.graph.turngraph import Gate, TurnGraph


class Resolved(Protocol):
    """What a gate decided."""

    @property
    def gate(self) -> str:
        """Its id."""
        ...

    @property
    def holds(self) -> bool:
        """Whether its condition held."""
        ...

    @property
    def upto(self) -> str | None:
        """The last turn that a condition checked after each reply looked at."""
        ...

    @property
    def dropped(self) -> Collection[str]:
        """The participants a selection leaves out."""
        ...


def pruned_by(graph: TurnGraph, resolved: Resolved) -> tuple[str, ...]:
    """The turns that a gate leaves out, by what it decided; some may have been asked before it did."""
    gate = graph.gates[resolved.gate]
    match gate.kind:
        case "until":
            return gate.prunes if resolved.holds else ()
        case "reply":
            return (*beyond(graph, gate, resolved), *gate.prunes) if resolved.holds else ()
        case "when":
            return () if resolved.holds else gate.prunes
        case "select":
            return tuple(id_ for who in resolved.dropped for id_ in gate.choosing.get(who, ()))
        case "escalate":
            return ()


def beyond(graph: TurnGraph, gate: Gate, resolved: Resolved) -> tuple[str, ...]:
    """The turns of an iteration behind the last one that a condition checked after each reply looked at."""
    if resolved.upto is None:
        return ()
    turns = graph.iterations[gate.place].turns
    behind = turns[turns.index(resolved.upto) + 1 :]
    summaries = (graph.turns[id_].summary for id_ in behind)
    return (*behind, *(id_ for id_ in summaries if id_ is not None))
