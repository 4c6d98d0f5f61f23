"""Whether a topology fits the participants it is drawn on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from debate.scenario.cast import Member
from debate.scenario.keypath import KeyPath
from debate.scenario.mistakes import Mistake
from debate.scenario.shape import nearest
from debate.scenario.topology import Topology


def check_topology(
    topology: Topology, members: Sequence[Member], path: KeyPath, *, standing: Sequence[Member] = ()
) -> Iterator[Mistake]:
    """Hubs and the ends of edges are participants; a topology has room for those who stand on it, and no more.

    Args:
        topology: The graph asked for.
        members: All participants.
        path: Where it stands in the file.
        standing: On whom it is drawn; empty where it is not known.
    """
    if topology.star is not None and topology.star.hub is not None:
        yield from check_participant(topology.star.hub, members, (*path, "star", "hub"))
    if standing:
        yield from _sizes(topology, len(standing), path)
    yield from _edges(topology, members, path)


def _sizes(topology: Topology, inside: int, path: KeyPath) -> Iterator[Mistake]:
    """Whether so many participants can stand on it."""
    most = max(1, inside - 1)
    if topology.ring is not None and topology.ring.k > most:
        message = f"a ring of {inside} participants has at most {most} before each, found k: {topology.ring.k}"
        yield Mistake((*path, "ring", "k"), message)
    if topology.layers is not None and sum(topology.layers.sizes) != inside:
        message = f"the layers have {sum(topology.layers.sizes)} places for {inside} participants; make them equal"
        yield Mistake((*path, "layers", "sizes"), message)
    if topology.bipartite is not None and (topology.bipartite.first or 1) >= inside:
        message = f"the first half takes all {inside} participants; make first smaller"
        here = ("bipartite", "first") if topology.bipartite.first is not None else ()
        yield Mistake((*path, *here), message)
    if topology.random is not None and (topology.random.degree or 0) >= inside:
        message = f"nobody can hear {topology.random.degree} of {inside - 1} others; lower degree"
        yield Mistake((*path, "random", "degree"), message)
    if topology.small_world is not None and 2 * topology.small_world.k >= inside:
        sides = f"{inside} participants have at most {(inside - 1) // 2} on either side"
        here = ("small_world", "k") if "k" in topology.small_world.model_fields_set else ()
        yield Mistake((*path, *here), f"{sides}, found k: {topology.small_world.k}")


def _edges(topology: Topology, members: Sequence[Member], path: KeyPath) -> Iterator[Mistake]:
    seen: dict[tuple[str, str], int] = {}
    for index, edge in enumerate(topology.edges or ()):
        here: KeyPath = (*path, "edges", index)
        for end, name in enumerate(edge):
            yield from check_participant(name, members, (*here, end))
        if edge[0] == edge[1]:
            yield Mistake(
                here, f"{edge[0]!r} would hear itself; write hears: {{from: self}} for that, or drop the edge"
            )
        if edge in seen:
            yield Mistake(
                here, f"the edge [{', '.join(edge)}] stands here a second time, first as [{seen[edge]}]; drop it"
            )
        seen.setdefault(edge, index)


def check_participant(name: str, members: Sequence[Member], path: KeyPath) -> Iterator[Mistake]:
    """``name`` is the id of exactly one participant."""
    ids = [member.id for member in members]
    if name in ids:
        return
    several = [member.id for member in members if name in {member.entry, member.role}]
    if several:
        yield Mistake(path, f"expected one participant, {name!r} means {', '.join(several[:5])}; name one of them")
    else:
        mend = nearest(name, ids) or f"; there are {', '.join(ids[:12])}"
        yield Mistake(path, f"there is no participant {name!r}{mend}")
