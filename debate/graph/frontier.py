"""The order in which the turn graph's nodes become ready: one counter a node, counted down as others finish."""

from __future__ import annotations

from collections import deque

from debate.graph.turngraph import TurnGraph


class Frontier:
    """What is ready and what still waits. Finishing a node visits only the nodes that wait for it."""

    def __init__(self, graph: TurnGraph) -> None:
        self._graph = graph
        self._waiting = {node: len(awaited) for node, awaited in graph.waits.items()}
        self._finished: set[str] = set()

    def is_ready(self, node: str) -> bool:
        """Whether everything ``node`` waits for is over, and it is not."""
        return self._waiting[node] == 0 and node not in self._finished

    def finish(self, node: str) -> tuple[str, ...]:
        """Mark ``node`` as over; return the nodes that became ready by it. Finishing one twice changes nothing."""
        if node in self._finished:
            return ()
        self._finished.add(node)
        ready = []
        for other in self._graph.followers[node]:
            self._waiting[other] -= 1
            if self._waiting[other] == 0 and other not in self._finished:
                ready.append(other)
        return tuple(ready)

    def is_finished(self, node: str) -> bool:
        """Whether ``node`` is over."""
        return node in self._finished

    @property
    def done(self) -> bool:
        """Whether every node is over."""
        return len(self._finished) == len(self._waiting)


def descendants(graph: TurnGraph, nodes: set[str]) -> set[str]:
    """Every node that waits, directly or not, for one of ``nodes``; they themselves are left out."""
    found: set[str] = set()
    queue = deque(nodes)
    while queue:
        for other in graph.followers[queue.popleft()]:
            if other not in found:
                found.add(other)
                queue.append(other)
    return found - nodes
