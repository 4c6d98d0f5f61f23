"""A YAML document as a tree that remembers where everything stood in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from debate.errors import Location
from debate.scenario.keypath import KeyPath
from debate.scenario.scalars import Scalar

Plain = Scalar | list["Plain"] | dict[str, "Plain"]
"""What JSON can hold."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written: a place in a file, or an option of the command line."""

    location: Location | None
    option: str | None = None
    """As ``--set rounds[1].tier=premium``; then there is no location."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text, number, truth value or nothing."""

    origin: Origin
    value: Scalar

    size = 1
    height = 1


@dataclass(frozen=True, slots=True)
class Listing:
    """A sequence."""

    origin: Origin
    items: tuple[Node, ...]
    size: int = field(init=False)
    height: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", 1 + sum(item.size for item in self.items))
        object.__setattr__(self, "height", 1 + max((item.height for item in self.items), default=0))


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's place and its value."""

    origin: Origin
    value: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping from text."""

    origin: Origin
    entries: Mapping[str, Entry]
    flow: bool = False
    """Written in braces."""
    size: int = field(init=False)
    """Nodes below and here, what an alias stands for counted every time."""
    height: int = field(init=False)
    """Levels below and here."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", 1 + sum(1 + entry.value.size for entry in self.entries.values()))
        object.__setattr__(self, "height", 1 + max((e.value.height for e in self.entries.values()), default=0))


Node = Leaf | Listing | Table


def plain(node: Node) -> Plain:
    """The tree as plain data. Depth and size are bounded by the reader."""
    if isinstance(node, Leaf):
        return node.value
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    return {key: plain(entry.value) for key, entry in node.entries.items()}


def child(node: Node, step: str | int) -> Node | None:
    """The node one step down, or None."""
    if isinstance(node, Table) and isinstance(step, str) and step in node.entries:
        return node.entries[step].value
    if isinstance(node, Listing) and isinstance(step, int) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def descend(node: Node, path: KeyPath) -> tuple[Node, KeyPath]:
    """The deepest node there is along ``path``, and the part of the path that leads to it."""
    for depth, step in enumerate(path):
        below = child(node, step)
        if below is None:
            return node, path[:depth]
        node = below
    return node, path


def origin_of(root: Node, path: KeyPath, *, key: bool = False) -> Origin:
    """Where the value at ``path`` was written, or its key; the nearest thing around it if there is no such value."""
    node, reached = descend(root, path)
    if not reached:
        return node.origin
    parent, _ = descend(root, reached[:-1])
    empty = isinstance(node, Leaf) and node.value is None
    inside = reached != path and not isinstance(node, Leaf)
    if isinstance(parent, Table) and isinstance(reached[-1], str) and (key or empty or inside):
        return parent.entries[reached[-1]].origin
    return node.origin
