"""From a stream of YAML events to a document, without recursion and within bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from ruamel.yaml.events import AliasEvent, CollectionStartEvent, ScalarEvent

from debate.errors import Location, Problem, ScenarioError
from debate.scenario.document import Entry, Leaf, Listing, Node, Origin, Table
from debate.scenario.keypath import KeyPath, format_path
from debate.scenario.scalars import Scalar, forbidden_character, plain_scalar

DEPTH_LIMIT: Final = 32
"""Levels of nesting, aliases followed. A scenario needs about ten."""

NODES_LIMIT: Final = 50_000
"""Keys and values in a document, what an alias stands for counted every time."""

PROBLEMS_LIMIT: Final = 100
"""Shown at once; more help nobody, and a hostile file could ask for a hundred thousand."""

FURTHER: Final = "further problems are not shown; mend these first"

_STANDARD = "tag:yaml.org,2002:"
_TAGS = frozenset({"!", f"{_STANDARD}str"})


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not been seen."""

    location: Location
    flow: bool
    anchor: str | None
    is_mapping: bool
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Entry] = field(default_factory=dict)
    key: tuple[str | None, Location] | None = None
    """The key whose value comes next; its text is None when the entry is to be dropped."""

    def finished(self) -> Node:
        origin = Origin(self.location)
        return Table(origin, self.entries, self.flow) if self.is_mapping else Listing(origin, tuple(self.items))


class Builder:
    """Takes events one by one. Flaws are collected where reading can go on, and raised where it cannot."""

    def __init__(self, name: str) -> None:
        self.root: Node | None = None
        self.problems: list[Problem] = []
        self._name = name
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._size = 0

    def scalar(self, event: ScalarEvent, location: Location) -> None:
        """A text, number, truth value or nothing."""
        node = Leaf(Origin(location), self._value(event, location))
        self._anchor(event.anchor, node)
        self._count(1, location)
        self._add(node, location)

    def alias(self, event: AliasEvent, location: Location) -> None:
        """A value that was written before."""
        anchor = str(event.anchor)
        if any(level.anchor == anchor for level in self._stack):
            raise self._fatal(location, f"*{anchor} stands inside the value it means; write the value out")
        node = self._anchors.get(anchor)
        if node is None:
            raise self._fatal(
                location, f"no value is marked &{anchor} before this; if *{anchor} is meant as text, put it in quotes"
            )
        self._count(node.size, location)
        self._deep(len(self._stack) + node.height, location)
        self._add(node, location)

    def open(self, event: CollectionStartEvent, location: Location, *, is_mapping: bool) -> None:
        """The start of a mapping or a sequence."""
        self._tag(event.tag, location, allowed=f"{_STANDARD}{'map' if is_mapping else 'seq'}")
        self._deep(len(self._stack) + 1, location)
        self._count(1, location)
        anchor = str(event.anchor) if event.anchor is not None else None
        self._stack.append(_Open(location, bool(event.flow_style), anchor, is_mapping))

    def close(self) -> None:
        """The end of the innermost mapping or sequence."""
        level = self._stack.pop()
        node = level.finished()
        self._anchor(level.anchor, node)
        self._add(node, level.location)

    def _add(self, node: Node, location: Location) -> None:
        if not self._stack:
            self.root = node
            return
        level = self._stack[-1]
        if not level.is_mapping:
            level.items.append(node)
        elif level.key is None:
            level.key = (self._key(node, location), location)
        else:
            text, key_location = level.key
            level.key = None
            if text is not None:
                level.entries[text] = Entry(Origin(key_location), node)

    def _key(self, node: Node, location: Location) -> str | None:
        """The key's text; None, with a problem noted, if the entry cannot be kept."""
        if not isinstance(node, Leaf) or not isinstance(node.value, str):
            found = repr(node.value) if isinstance(node, Leaf) and node.value is not None else None
            mend = f"found {found}; put it in quotes" if found else "found something else"
            self._problem(location, f"expected text as a key, {mend}")
            return None
        if node.value == "<<":
            self._problem(location, "merge keys (<<) are not part of YAML 1.2; write the keys out")
            return None
        first = self._stack[-1].entries.get(node.value)
        if first is not None:
            line = first.origin.location.line if first.origin.location is not None else 0
            self._problem(location, f"the key {node.value!r} stands here a second time, first on line {line}; keep one")
            return None
        return node.value

    def _value(self, event: ScalarEvent, location: Location) -> Scalar:
        text = str(event.value)
        self._tag(event.tag, location, allowed=f"{_STANDARD}str")
        character = forbidden_character(text)
        if character is not None:
            self._problem(location, f"the character {character} is not allowed in a text; remove it")
        if event.style is not None or event.tag is not None:
            return text
        try:
            return plain_scalar(text)
        except ValueError as error:
            self._problem(location, str(error))
            return text

    def _tag(self, tag: object, location: Location, *, allowed: str) -> None:
        if tag is None or str(tag) in {*_TAGS, allowed}:
            return
        short = str(tag).replace(_STANDARD, "!!")
        self._problem(location, f"the tag {short[:80]!r} is not allowed; remove it, or put the whole text in quotes")

    def _anchor(self, anchor: object, node: Node) -> None:
        if anchor is not None:
            self._anchors[str(anchor)] = node

    def _count(self, nodes: int, location: Location) -> None:
        self._size += nodes
        if self._size > NODES_LIMIT:
            raise self._fatal(
                location, f"more than {NODES_LIMIT} keys and values, aliases followed; a scenario is not that large"
            )

    def _deep(self, depth: int, location: Location) -> None:
        if depth > DEPTH_LIMIT:
            raise self._fatal(location, f"nested more than {DEPTH_LIMIT} levels deep; a scenario needs fewer")

    def _path(self) -> KeyPath:
        steps: list[str | int] = []
        for level in self._stack:
            if not level.is_mapping:
                steps.append(len(level.items))
            elif level.key is not None and level.key[0] is not None:
                steps.append(level.key[0])
        return tuple(steps)

    def _problem(self, location: Location, message: str) -> None:
        if len(self.problems) <= PROBLEMS_LIMIT:
            self.problems.append(Problem(location, message, format_path(self._path())))

    def _fatal(self, location: Location, message: str) -> ScenarioError:
        return ScenarioError((*self.problems, Problem(location, message, format_path(self._path()))))
