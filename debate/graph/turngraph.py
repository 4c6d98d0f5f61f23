"""The turn graph: every turn a run may hold, the gates between them, and what each must wait for.

Repeats are unrolled to their bound, so the graph is finite and known before anything is asked. A gate may prune or
re-tier what follows it; nothing is ever added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal

GateKind = Literal["until", "reply", "when", "select", "escalate"]
"""``until`` ends a repeat after an iteration, ``reply`` after any reply of one; ``when`` lets a round be held;
``select`` says who goes on; ``escalate`` takes another tier."""


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
    """``rebuttal.2/ana``; a summary for her is ``rebuttal.2/ana~scribe``."""
    round: str
    iteration: int
    participant: str
    hears: tuple[Hearing, ...]
    own: Hearing | None
    """Its own earlier turns, where it is reminded of what it said."""
    after: tuple[str, ...]
    """Nodes it waits for: the latest turn of everyone it hears, its own previous turn, gates, the speaker before it."""
    summary: str | None = None
    """The turn that sums up what it hears, where that may be too long."""
    serves: str | None = None
    """The turn that this one is a summary for."""

    @property
    def place(self) -> str:
        """The iteration it belongs to, as ``rebuttal.2``."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Iteration:
    """One iteration of a round: when all its turns are over, it is scored and its quorum checked."""

    id: str
    """``rebuttal.2``."""
    round: str
    number: int
    turns: tuple[str, ...]
    """In speaking order; summaries are not among them."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A decision inside the turn graph."""

    id: str
    """``rebuttal.2?until``."""
    kind: GateKind
    round: str
    iteration: int
    after: tuple[str, ...]
    """Nodes it waits for."""
    prunes: tuple[str, ...] = ()
    """The turns it leaves out: when an ``until`` holds, when a ``when`` does not."""
    choosing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For ``select``: each participant it chooses among, with the later turns it loses when it is not chosen."""
    keeps: int = 0
    """For ``select``: how many go on at least."""

    @property
    def place(self) -> str:
        """The iteration it stands at, as ``rebuttal.2``."""
        return self.id.partition("?")[0]


@dataclass(frozen=True)
class TurnGraph:
    """The compiled graph. Nodes are turns, iterations (which wait for their turns) and gates, named by their ids."""

    turns: Mapping[str, Turn]
    """In speaking order, iteration by iteration, each summary before the turn it serves."""
    iterations: Mapping[str, Iteration]
    gates: Mapping[str, Gate]
    speakers: Mapping[str, tuple[str, ...]]
    """Round to those who speak in it, in the order they are listed."""
    waits: Mapping[str, tuple[str, ...]]
    """Node to the nodes it waits for, in topological order."""

    @cached_property
    def speaking_order(self) -> Mapping[str, int]:
        """Turn to its place in speaking order, iteration by iteration."""
        return {id_: place for place, id_ in enumerate(self.turns)}

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

    @cached_property
    def gates_of(self) -> Mapping[str, tuple[Gate, ...]]:
        """Iteration to the gates that belong to it."""
        table: dict[str, list[Gate]] = {}
        for gate in self.gates.values():
            table.setdefault(gate.place, []).append(gate)
        return {id_: tuple(gates) for id_, gates in table.items()}

    def waits_in_turn(self, iteration: str) -> bool:
        """Whether the speakers of an iteration speak one by one."""
        turns = self.iterations[iteration].turns
        return any(before in self.turns[turn].after for before, turn in pairwise(turns))

    @property
    def critical_path(self) -> int:
        """Turns on the longest way through the graph: how many calls follow one another at most."""
        return max(self.remaining.values(), default=0)
