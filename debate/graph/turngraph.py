"""The turn graph: every turn a run may hold, the gates between them, and what each must wait for.

Repeats are unrolled to their bound, so the graph is finite and known before anything is asked. A gate may prune what
follows it; nothing is ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property


def label(round_: str, iteration: int, *, repeats: bool) -> str:
    """How an iteration is written: ``opening``, or ``rebuttal.2`` of a round that repeats."""
    return f"{round_}.{iteration}" if repeats else round_


@dataclass(frozen=True, slots=True)
class Hearing:
    """What one turn may hear of one speaker."""

    speaker: str
    turns: tuple[str, ...]
    """The speaker's turns that may be heard, the latest first."""
    latest: int | None
    """How many of those that gave a reply are heard; None for all."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One participant in one iteration of one round."""

    id: str
    """``rebuttal.2/ana``."""
    round: str
    iteration: int
    participant: str
    hears: tuple[Hearing, ...]
    own: Hearing | None
    """Its own earlier turns, where it is reminded of what it said."""
    after: tuple[str, ...]
    """Nodes it waits for: the latest turn of everyone it hears, its own previous turn, gates, the speaker before it."""


@dataclass(frozen=True, slots=True)
class Iteration:
    """One iteration of a round: when all its turns are over, it is scored and its quorum checked."""

    id: str
    """``rebuttal.2``."""
    round: str
    number: int
    turns: tuple[str, ...]
    """In speaking order."""
    gate: str | None
    """The gate that is decided when it is over."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The end of one iteration of a round that repeats ``until`` something holds."""

    id: str
    """``rebuttal.2?until``."""
    round: str
    iteration: int
    after: str
    """The iteration it is the end of."""
    prunes: tuple[str, ...]
    """The turns that are left out when it holds."""
    awaits: tuple[str, ...] = ()
    """What else it looks at: earlier iterations of the same speakers, the latest turns of whom its condition names."""


@dataclass(frozen=True)
class TurnGraph:
    """The compiled graph. Nodes are turns, iterations (which wait for their turns) and gates, named by their ids."""

    turns: Mapping[str, Turn]
    """In speaking order, iteration by iteration."""
    iterations: Mapping[str, Iteration]
    gates: Mapping[str, Gate]
    speakers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Round to those who speak in it, in speaking order."""

    @cached_property
    def speaking_order(self) -> Mapping[str, int]:
        """Turn to its place in speaking order, iteration by iteration."""
        return {id_: place for place, id_ in enumerate(self.turns)}

    @cached_property
    def waits(self) -> Mapping[str, tuple[str, ...]]:
        """Node to the nodes it waits for, in topological order."""
        table: dict[str, tuple[str, ...]] = {}
        for iteration in self.iterations.values():
            for id_ in iteration.turns:
                table[id_] = self.turns[id_].after
            table[iteration.id] = iteration.turns
            if iteration.gate is not None:
                table[iteration.gate] = (iteration.id, *self.gates[iteration.gate].awaits)
        return table

    @cached_property
    def followers(self) -> Mapping[str, tuple[str, ...]]:
        """Node to the nodes that wait for it."""
        table: dict[str, list[str]] = {node: [] for node in self.waits}
        for node, awaited in self.waits.items():
            for other in awaited:
                table[other].append(node)
        return {node: tuple(others) for node, others in table.items()}

    @cached_property
    def remaining(self) -> Mapping[str, int]:
        """Node to the turns on the longest way from it to the end, itself included: what the pool takes as priority."""
        table: dict[str, int] = {}
        for node in reversed(tuple(self.waits)):
            rest = max((table[other] for other in self.followers[node]), default=0)
            table[node] = rest + (1 if node in self.turns else 0)
        return table

    @property
    def critical_path(self) -> int:
        """Turns on the longest way through the graph: how many calls follow one another at most."""
        return max(self.remaining.values(), default=0)
