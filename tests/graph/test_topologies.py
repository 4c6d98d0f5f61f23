"""Topologies are what networkx says they are."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from debate.graph.topology import draw, hearings
from debate.scenario.hearing import Topology

MEMBERS = [f"p{n}" for n in range(12)]
groups = st.integers(1, 9).map(lambda n: MEMBERS[:n])


def same(one: nx.DiGraph[str], other: nx.DiGraph[int], members: list[str]) -> bool:
    """Whether both have the same edges, the second's nodes being places in ``members``."""
    return set(one.edges) == {(members[u], members[v]) for u, v in other.edges if u != v}


@given(groups)
def test_complete(members: list[str]) -> None:
    """Everyone hears everyone else."""
    made = draw(Topology.model_validate({"complete": None}), members)
    assert same(made, nx.complete_graph(len(members), create_using=nx.DiGraph), members)


@given(groups)
def test_ring(members: list[str]) -> None:
    """A ring is the directed cycle; everybody hears the one before."""
    made = draw(Topology.model_validate({"ring": {}}), members)
    assert same(made, nx.cycle_graph(len(members), create_using=nx.DiGraph), members)


@given(groups, st.integers(1, 4), st.booleans())
def test_ring_of_k(members: list[str], k: int, both: bool) -> None:  # noqa: FBT001 - hypothesis's parameters
    """The k before, and with ``both`` the k after: a circulant graph."""
    made = draw(Topology.model_validate({"ring": {"k": k, "both": both}}), members)
    n = len(members)
    edges = {((i - s) % n, i) for i in range(n) for s in range(1, k + 1)}
    edges |= {(v, u) for u, v in edges} if both else set()
    assert set(made.edges) == {(members[u], members[v]) for u, v in edges if u != v}
    if both and n > 2 * k:
        assert nx.is_isomorphic(made.to_undirected(), nx.circulant_graph(n, range(1, k + 1)))


@given(groups, st.integers(0, 8))
def test_star(members: list[str], at: int) -> None:
    """The hub hears all and all hear the hub; nobody else hears anybody."""
    hub = members[at % len(members)]
    made = draw(Topology.model_validate({"star": {"hub": hub}}), members)
    assert all(hub in edge for edge in made.edges)
    assert made.in_degree(hub) == made.out_degree(hub) == len(members) - 1
    if len(members) > 1:
        assert nx.is_isomorphic(made.to_undirected(), nx.star_graph(len(members) - 1))


def test_star_around_the_first() -> None:
    """Without a hub the first participant is in the middle."""
    assert hearings(Topology.model_validate({"star": {}}), ["a", "b", "c"]) == {
        "a": ("b", "c"),
        "b": ("a",),
        "c": ("a",),
    }


@given(st.lists(st.tuples(st.sampled_from(MEMBERS), st.sampled_from(MEMBERS)), max_size=30))
def test_edges(edges: list[tuple[str, str]]) -> None:
    """An edge ``[u, v]`` means v hears u, and there are no others."""
    made = draw(Topology.model_validate({"edges": edges}), MEMBERS)
    assert set(made.edges) == set(edges)


@given(groups, st.sampled_from([{"complete": {}}, {"ring": {"k": 2}}, {"star": {}}]))
def test_hearings_are_in_the_order_of_the_file(members: list[str], topology: dict[str, object]) -> None:
    """Whom a participant hears stands in the order of the file, whatever draws the graph; nobody hears itself."""
    table = hearings(Topology.model_validate(topology), members)
    assert set(table) == set(members)
    for hearer, heard in table.items():
        assert hearer not in heard
        assert list(heard) == sorted(heard, key=members.index)
