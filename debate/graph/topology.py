"""Topologies: a name and parameters become a directed graph on participants. An edge ``u → v`` means v hears u."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from debate.graph.chance import UNSEEDED, Dice
from debate.scenario.topology import Topology

if TYPE_CHECKING:
    import networkx as nx

Edges = list[tuple[str, str]]


def hearings(topology: Topology, members: Sequence[str], dice: Dice = UNSEEDED) -> Mapping[str, tuple[str, ...]]:
    """Whom each participant hears, in the order of ``members``.

    Args:
        topology: The graph asked for.
        members: The participants it is drawn on, in the order of the file.
        dice: What random topologies draw from.

    Returns:
        Hearer to speakers. ``edges`` may name participants beyond ``members``; they are added.
    """
    drawn = draw(topology, members, dice)
    rank = {name: index for index, name in enumerate(drawn.nodes)}
    return {hearer: tuple(sorted(drawn.predecessors(hearer), key=rank.__getitem__)) for hearer in drawn.nodes}


def draw(topology: Topology, members: Sequence[str], dice: Dice = UNSEEDED) -> nx.DiGraph[str]:
    """The topology as a networkx graph, without self-loops."""
    import networkx as nx  # noqa: PLC0415 - takes longer to import than everything else a command needs

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(members)
    graph.add_edges_from(_EDGES[topology.name](topology, list(members), dice))
    return graph


def _complete(_: Topology, members: list[str], __: Dice) -> Edges:
    return [(u, v) for u in members for v in members if u != v]


def _ring(topology: Topology, members: list[str], _: Dice) -> Edges:
    assert topology.ring is not None
    return _circle(members, topology.ring.k, both=topology.ring.both)


def _circle(members: list[str], k: int, *, both: bool) -> Edges:
    n = len(members)
    steps = [step for step in range(1, k + 1) if step % n]
    before = [(members[(i - step) % n], members[i]) for i in range(n) for step in steps]
    return before + ([(v, u) for u, v in before] if both else [])


def _star(topology: Topology, members: list[str], _: Dice) -> Edges:
    assert topology.star is not None
    if not members:
        return []
    hub = topology.star.hub or members[0]
    return [edge for rim in members if rim != hub for edge in ((hub, rim), (rim, hub))]


def _chain(topology: Topology, members: list[str], _: Dice) -> Edges:
    assert topology.chain is not None
    forward = list(pairwise(members))
    return forward + ([(v, u) for u, v in forward] if topology.chain.both else [])


def _tree(topology: Topology, members: list[str], _: Dice) -> Edges:
    assert topology.tree is not None
    up = [(members[i], members[(i - 1) // topology.tree.branching]) for i in range(1, len(members))]
    return up + ([] if topology.tree.up_only else [(parent, child) for child, parent in up])


def _layers(topology: Topology, members: list[str], _: Dice) -> Edges:
    assert topology.layers is not None
    layers, start = [], 0
    for size in topology.layers.sizes:
        layers.append(members[start : start + size])
        start += size
    return [(u, v) for below, above in pairwise(layers) for u in below for v in above]


def _bipartite(topology: Topology, members: list[str], _: Dice) -> Edges:
    assert topology.bipartite is not None
    cut = topology.bipartite.first if topology.bipartite.first is not None else (len(members) + 1) // 2
    first, second = members[:cut], members[cut:]
    return [edge for u in first for v in second for edge in ((u, v), (v, u))]


def _random(topology: Topology, members: list[str], dice: Dice) -> Edges:
    """By probability each possible edge is drawn on its own; by degree each hearer draws its speakers."""
    drawn = topology.random
    assert drawn is not None
    if drawn.p is not None:
        p = drawn.p
        return [(u, v) for v in members for u in members if u != v and dice.fraction("edge", u, v) < p]
    degree = min(drawn.degree or 0, len(members) - 1)
    return [(u, v) for v in members for u in dice.shuffled([u for u in members if u != v], "speakers of", v)[:degree]]


def _small_world(topology: Topology, members: list[str], dice: Dice) -> Edges:
    """Watts and Strogatz: a ring lattice, each edge's far end moved to anybody else with probability p."""
    drawn = topology.small_world
    assert drawn is not None
    n = len(members)
    pairs = {frozenset((i, (i + step) % n)) for step in range(1, drawn.k + 1) for i in range(n) if step % n}
    for step in range(1, drawn.k + 1):
        for i in range(n):
            near = frozenset((i, (i + step) % n))
            if near not in pairs or dice.fraction("rewire", str(i), str(step)) >= drawn.p:
                continue
            free = [j for j in range(n) if j != i and frozenset((i, j)) not in pairs]
            if free:
                pairs.remove(near)
                pairs.add(frozenset((i, dice.choice(free, "far end", str(i), str(step)))))
    ends = sorted(tuple(sorted(pair)) for pair in pairs)
    return [edge for i, j in ends for edge in ((members[i], members[j]), (members[j], members[i]))]


def _edges(topology: Topology, _: list[str], __: Dice) -> Edges:
    assert topology.edges is not None
    return list(topology.edges)


_EDGES: Mapping[str, Callable[[Topology, list[str], Dice], Edges]] = {
    "complete": _complete,
    "ring": _ring,
    "star": _star,
    "chain": _chain,
    "tree": _tree,
    "layers": _layers,
    "bipartite": _bipartite,
    "random": _random,
    "small_world": _small_world,
    "edges": _edges,
}
