"""Topologies: a name and parameters become a directed graph on participants. An edge ``u → v`` means v hears u."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from debate.scenario.hearing import Topology

if TYPE_CHECKING:
    import networkx as nx


def hearings(topology: Topology, members: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Whom each participant hears, in the order of ``members``.

    Args:
        topology: The graph asked for.
        members: The participants it is drawn on, in the order of the file.

    Returns:
        Hearer to speakers. ``edges`` may name participants beyond ``members``; they are added.
    """
    drawn = draw(topology, members)
    rank = {name: index for index, name in enumerate(drawn.nodes)}
    return {hearer: tuple(sorted(drawn.predecessors(hearer), key=rank.__getitem__)) for hearer in drawn.nodes}


def draw(topology: Topology, members: Sequence[str]) -> nx.DiGraph[str]:
    """The topology as a networkx graph, without self-loops."""
    import networkx as nx  # noqa: PLC0415 - takes longer to import than everything else a command needs

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(members)
    graph.add_edges_from(_EDGES[topology.name](topology, list(members)))
    return graph


def _complete(_: Topology, members: list[str]) -> list[tuple[str, str]]:
    return [(u, v) for u in members for v in members if u != v]


def _ring(topology: Topology, members: list[str]) -> list[tuple[str, str]]:
    assert topology.ring is not None
    n = len(members)
    steps = [step for step in range(1, topology.ring.k + 1) if step % n]
    before = [(members[(i - step) % n], members[i]) for i in range(n) for step in steps]
    after = [(v, u) for u, v in before] if topology.ring.both else []
    return before + after


def _star(topology: Topology, members: list[str]) -> list[tuple[str, str]]:
    assert topology.star is not None
    if not members:
        return []
    hub = topology.star.hub or members[0]
    return [edge for rim in members if rim != hub for edge in ((hub, rim), (rim, hub))]


def _edges(topology: Topology, _: list[str]) -> list[tuple[str, str]]:
    assert topology.edges is not None
    return list(topology.edges)


_EDGES: Mapping[str, Callable[[Topology, list[str]], list[tuple[str, str]]]] = {
    "complete": _complete,
    "ring": _ring,
    "star": _star,
    "edges": _edges,
}
