"""The order in which those who wait at a scope go."""

from __future__ import annotations

from bisect import insort
from collections import OrderedDict, deque
from collections.abc import Container, Iterator
from typing import Generic, Protocol, TypeVar


class Place(Protocol):
    """Where somebody stands."""

    @property
    def priority(self) -> float:
        """Greater goes first."""
        ...

    @property
    def run(self) -> str:
        """Debates take turns."""
        ...


PlaceT = TypeVar("PlaceT", bound=Place)


class Line(Generic[PlaceT]):
    """Priority, then round-robin over debates, then first come, first served.

    Joining, leaving from anywhere and finding the next are all independent of how many wait (but for the number of
    different priorities, which is the depth of a debate).
    """

    def __init__(self) -> None:
        self._levels: dict[float, OrderedDict[str, OrderedDict[PlaceT, None]]] = {}
        self._order: list[float] = []
        """Negated priorities in rising order."""
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[PlaceT]:
        return self.in_order(())

    def join(self, place: PlaceT) -> None:
        """Stand behind everybody of the same debate and priority."""
        level = self._levels.get(place.priority)
        if level is None:
            level = self._levels[place.priority] = OrderedDict()
            insort(self._order, -place.priority)
        level.setdefault(place.run, OrderedDict())[place] = None
        self._size += 1

    def leave(self, place: PlaceT) -> bool:
        """Leave without having gone; False for who does not stand here."""
        level = self._levels.get(place.priority)
        queue = level.get(place.run) if level is not None else None
        if level is None or queue is None or place not in queue:
            return False
        del queue[place]
        self._size -= 1
        if not queue:
            del level[place.run]
            if not level:
                del self._levels[place.priority]
                self._order.remove(-place.priority)
        return True

    def go(self, place: PlaceT) -> None:
        """Leave because it is one's turn: the debate goes to the end of its level."""
        self.leave(place)
        level = self._levels.get(place.priority)
        if level is not None and place.run in level:
            level.move_to_end(place.run)

    def in_order(self, without: Container[str]) -> Iterator[PlaceT]:
        """Everybody in the order they would go, but for debates in ``without``, which may grow meanwhile.

        The line itself may not change while this runs.
        """
        for negated in self._order:
            later: deque[tuple[str, Iterator[PlaceT]]] = deque()
            for run, queue in self._levels[-negated].items():
                if run not in without:
                    rest = iter(queue)
                    yield next(rest)
                    later.append((run, rest))
            while later:
                run, rest = later.popleft()
                place = next(rest, None)
                if place is not None and run not in without:
                    yield place
                    later.append((run, rest))
