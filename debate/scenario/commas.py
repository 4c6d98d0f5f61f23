"""A comma that split a text: ``{persona: Leads a team, calm}`` holds a stray key ``calm``."""

from __future__ import annotations

from typing import NamedTuple

from debate.scenario.document import Leaf, Node, Table, descend
from debate.scenario.keypath import KeyPath
from debate.scenario.scalars import Scalar
from debate.scenario.shape import shown


class Split(NamedTuple):
    """What a comma did to a text."""

    strays: tuple[str, ...]
    """The keys that are parts of the text."""
    message: str


def split_by_comma(root: Node, path: KeyPath) -> Split | None:
    """Whether the unknown key at ``path`` is part of a text before it; None if nothing speaks for it.

    In braces a comma ends a value, so the rest of the text becomes a key without a value.
    """
    table, reached = descend(root, path[:-1])
    if not isinstance(table, Table) or not table.flow or reached != path[:-1]:
        return None
    keys = list(table.entries)
    end = keys.index(str(path[-1]))
    start = end
    while start > 0 and _value(table, keys[start]) is None:
        start -= 1
    text = _value(table, keys[start])
    if start == end or not isinstance(text, str):
        return None
    while end + 1 < len(keys) and _is_empty(table, keys[end + 1]):
        end += 1
    strays = tuple(keys[start + 1 : end + 1])
    whole = ", ".join((text, *strays)).replace("\\", "\\\\").replace('"', '\\"')
    message = f"{shown(strays[0])} is read as a key, because a comma ends {shown(keys[start])}; put it in quotes: "
    return Split(strays, f'{message}{keys[start]}: "{whole}"')


def _is_empty(table: Table, key: str) -> bool:
    value = table.entries[key].value
    return isinstance(value, Leaf) and value.value is None


def _value(table: Table, key: str) -> Scalar:
    value = table.entries[key].value
    return value.value if isinstance(value, Leaf) else True
