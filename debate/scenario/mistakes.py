"""What pydantic found wrong, one plain sentence a mistake, at the place where the author wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pydantic_core import ErrorDetails

from debate.scenario.commas import split_by_comma
from debate.scenario.document import Leaf, Listing, Node, Table, child, descend, plain
from debate.scenario.keypath import KeyPath
from debate.scenario.shape import Shape, nearest, shown


class Mistake(NamedTuple):
    """One thing that is wrong, by its key path."""

    path: KeyPath
    message: str
    at_key: bool = False
    """Whether the key is wrong and not its value."""


@dataclass(frozen=True, slots=True)
class _Found:
    """An error of pydantic, its location mapped to what was really written."""

    kind: str
    path: KeyPath
    """The deepest thing of the document that the error is about."""
    rest: tuple[int | str, ...]
    """What of the error's location is not in the document: branches of unions, keys a shorthand stands for."""
    branch: tuple[KeyPath, int | str] | None
    """The first branch of a union on the way: where it was taken, and which."""
    message: str
    context: Mapping[str, object]


_WRONG_KIND = ("_type", "_parsing", "_error", "_invalid", "_not_found")
_KINDS = frozenset({"int_from_float", "enum", "extra_forbidden", "bool_parsing", "none_required"})
_PATTERNS = {
    r"^[A-Za-z_][A-Za-z0-9_-]*$": "a name of letters, digits, _ and -, beginning with a letter",
    r"^[A-Za-z0-9][A-Za-z0-9_.-]*$": "a name of letters, digits, _, . and -",
}


def mistakes(errors: Sequence[ErrorDetails], root: Node, shape: Shape) -> tuple[Mistake, ...]:
    """Every mistake once, in the order of the errors."""
    found = _one_branch([_located(error, root) for error in errors])
    said: dict[Mistake, None] = {}
    strays: set[KeyPath] = set()
    for error in found:
        if error.path in strays:
            continue
        split = split_by_comma(root, error.path) if error.kind == "extra_forbidden" and not error.rest else None
        if split is not None:
            strays.update((*error.path[:-1], key) for key in split.strays)
            said[Mistake(error.path, split.message, at_key=True)] = None
        else:
            said |= dict.fromkeys(_mistakes(error, root, shape))
    return tuple(mistake for mistake in said if not _is_explained(mistake, said))


def _is_explained(mistake: Mistake, said: Iterable[Mistake]) -> bool:
    """A key that is missing because it is misspelt needs no sentence of its own."""
    match = re.match(r"'(\w+)' is missing;", mistake.message)
    if match is None:
        return False
    suggestion = f"; did you mean {match[1]!r}?"
    return any(m.path[:-1] == mistake.path and m.message.endswith(suggestion) for m in said)


def wrong_kinds(root: Node, shape: Shape) -> Iterator[Mistake]:
    """Single values that pydantic would quietly convert: ``true`` for a number, ``"no"`` for a truth value."""
    stack: list[tuple[KeyPath, Node]] = [((), root)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, Leaf):
            if not shape.takes(path, node.value):
                yield _unexpected(path, node, shape)
        elif isinstance(node, Listing):
            stack += [((*path, index), item) for index, item in enumerate(node.items)]
        else:
            stack += [((*path, key), entry.value) for key, entry in node.entries.items()]


def _mistakes(error: _Found, root: Node, shape: Shape) -> Iterator[Mistake]:
    node, _ = descend(root, error.path)
    value = plain(node)
    if error.rest == ("[key]",):
        yield Mistake(error.path, f"expected {_pattern(error)} as a key, found {shown(error.path[-1])}", at_key=True)
    elif error.kind == "extra_forbidden" and not error.rest:
        known = shape.keys(error.path[:-1])
        key = str(error.path[-1])
        yield Mistake(error.path, f"unknown key {key!r}{nearest(key, known) or _listed(known)}", at_key=True)
    elif error.kind == "missing" and len(error.rest) == 1 and isinstance(error.rest[0], str):
        yield Mistake(error.path, f"{error.rest[0]!r} is missing; add it: {error.rest[0]}: …", at_key=True)
    elif error.kind in {"too_short", "too_long", "missing"}:
        yield from _wrong_length(error, node)
    elif error.kind in {"string_pattern_mismatch", "string_too_short", "string_too_long"}:
        examples = shape.examples((*error.path, *error.rest))
        expected = f"something like {examples[0]}" if examples else _pattern(error)
        yield Mistake(error.path, f"expected {expected}, found {shown(value)}")
    elif error.kind in _KINDS or (error.kind.endswith(_WRONG_KIND) and error.kind != "value_error"):
        yield _unexpected(error.path, node, shape)
    elif isinstance(node, Table):
        yield from _wrong_together(error, node, shape)
    else:
        message = str(error.context.get("error", error.message))
        message = message.replace("Input should be", "expected", 1)
        yield Mistake(
            error.path, message if "found" in message or value is None else f"{message}, found {shown(value)}"
        )


def _wrong_together(error: _Found, table: Table, shape: Shape) -> Iterator[Mistake]:
    """What is wrong with a mapping as a whole: a key that nothing knows, or keys that do not go together."""
    known = shape.keys(error.path)
    unknown = [key for key in table.entries if key not in known] if known else []
    for key in unknown:
        yield Mistake((*error.path, key), f"unknown key {key!r}{nearest(key, known) or _listed(known)}", at_key=True)
    if not unknown:
        message = str(error.context.get("error", error.message))
        named = [key for key in table.entries if re.search(rf"\b{re.escape(key)}\b", message)]
        yield Mistake((*error.path, *named[-1:]), message, at_key=bool(named))


def _listed(known: Sequence[str]) -> str:
    return f"; known here: {', '.join(known)}" if known else ""


def _unexpected(path: KeyPath, node: Node, shape: Shape) -> Mistake:
    value = plain(node)
    expected = shape.expected(path)
    mend = nearest(value, shape.words(path)) if isinstance(value, str) else ""
    if isinstance(value, str) and value.casefold() in {"yes", "no", "on", "off"} and "true or false" in expected:
        mend = "; write true or false"
    elif isinstance(value, bool | int | float) and expected == "text":
        mend = "; put it in quotes"
    return Mistake(path, f"expected {expected}, found {shown(value)}{mend}")


def _wrong_length(error: _Found, node: Node) -> Iterator[Mistake]:
    length = len(node.items) if isinstance(node, Listing) else len(node.entries) if isinstance(node, Table) else 0
    if error.kind == "too_long":
        yield Mistake(error.path, f"expected at most {error.context.get('max_length')} items, found {length}")
    elif error.kind == "missing":
        yield Mistake(error.path, f"expected more items, found {length}")
    elif length < int(str(error.context.get("min_length", 1))):
        # Items that were wrong themselves are not there for pydantic, and have been named already.
        yield Mistake(error.path, f"expected at least {error.context.get('min_length')}, found {length}; add one")


def _pattern(error: _Found) -> str:
    if error.kind == "string_too_long":
        return f"at most {error.context.get('max_length')} characters"
    if error.kind == "string_too_short":
        return "a text"
    pattern = str(error.context.get("pattern"))
    return _PATTERNS.get(pattern, f"text that matches {pattern}")


def _located(error: ErrorDetails, root: Node) -> _Found:
    missing = error["loc"][-1:] if error["type"] == "missing" else ()
    taken, branch = _walk(root, error["loc"][: len(error["loc"]) - len(missing)])
    path = tuple(step for step, real in taken if real)
    rest: list[int | str] = []
    for step, real in reversed(taken):
        if real:
            break
        rest.insert(0, step)
    if missing:
        rest = list(missing)
        branch = branch or ((path, taken[-1][0]) if taken and not taken[-1][1] else None)
    return _Found(error["type"], path, tuple(rest), branch, error["msg"], error.get("ctx", {}))


def _walk(
    root: Node, loc: tuple[int | str, ...]
) -> tuple[list[tuple[int | str, bool]], tuple[KeyPath, int | str] | None]:
    """Match the steps of ``loc`` with the document: as many as can be are keys and indices, the others branches.

    A branch may have the name of a key (``{agreement: …}`` is the branch ``agreement``), so both readings are tried.
    """
    readings: list[tuple[Node, list[tuple[int | str, bool]]]] = [(root, [])]
    for step in loc:
        following = []
        for node, taken in readings:
            below = child(node, step)
            if below is not None:
                following.append((below, [*taken, (step, True)]))
            following.append((node, [*taken, (step, False)]))
        readings = following[:64]
    # Of readings that match equally much, the one that ends on something real: unknown keys end on the key.
    _, best = max(readings, key=lambda reading: _score(reading[1]))
    for index, (step, real) in enumerate(best):
        if not real and step != "[key]":
            return best, (tuple(s for s, r in best[:index] if r), step)
    return best, None


def _score(taken: list[tuple[int | str, bool]]) -> tuple[int, bool]:
    return sum(real for _, real in taken), bool(taken) and taken[-1][1]


def _one_branch(found: list[_Found]) -> list[_Found]:
    """Of the branches of a union keep the one that was meant: it took the value's kind, and complains least."""
    groups: dict[KeyPath, dict[int | str, list[_Found]]] = {}
    for error in found:
        if error.branch is not None:
            groups.setdefault(error.branch[0], {}).setdefault(error.branch[1], []).append(error)
    kept: list[_Found] = []
    done: set[KeyPath] = set()
    for error in found:
        if error.branch is None:
            kept.append(error)
        elif error.branch[0] not in done:
            done.add(error.branch[0])
            kept += _meant(error.branch[0], groups[error.branch[0]])
    return kept


def _meant(base: KeyPath, branches: Mapping[int | str, list[_Found]]) -> list[_Found]:
    fitting = [errors for errors in branches.values() if not any(_is_about(error, base) for error in errors)]
    if fitting:
        return min(fitting, key=len)
    first = next(iter(branches.values()))[0]
    return [first]


def _is_about(error: _Found, base: KeyPath) -> bool:
    """Whether the error says that the union's value itself is of the wrong kind."""
    return error.path == base and error.kind.endswith(_WRONG_KIND) and error.kind != "value_error"
