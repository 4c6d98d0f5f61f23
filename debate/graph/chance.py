"""Chance that can be repeated: every draw is a function of the run's seed and of what it is drawn for.

No draw depends on how many were made before it, so the order in which turns arrive changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dice:
    """Draws for one purpose, as ``Dice(seed, "topology", "rebuttal.2")``."""

    seed: int
    purpose: tuple[str, ...] = ()

    def of(self, *purpose: str) -> Dice:
        """Dice for a narrower purpose, independent of these."""
        return Dice(self.seed, (*self.purpose, *purpose))

    def fraction(self, *what: str) -> float:
        """A number in [0, 1), evenly distributed over different ``what``."""
        name = "\x1f".join((str(self.seed), *self.purpose, *what))
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7]) / (1 << 56)

    def shuffled(self, items: Sequence[T], *what: str) -> list[T]:
        """The items in an order drawn for ``what``; every order is equally likely."""
        keys = [self.fraction(*what, str(index)) for index in range(len(items))]
        return [items[index] for index in sorted(range(len(items)), key=keys.__getitem__)]

    def choice(self, items: Sequence[T], *what: str) -> T:
        """One of the items, drawn for ``what``."""
        return items[int(self.fraction(*what) * len(items))]


UNSEEDED: Final = Dice(0)
"""The dice of seed 0, the default of every run."""
