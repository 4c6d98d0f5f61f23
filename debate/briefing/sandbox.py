"""The sandbox templates run in: what they may use, and how much work they may make.

A scenario is somebody else's file, and so is its template. Nothing in it may reach the interpreter, fill the memory or
keep the loop busy. So what can make much out of little is refused before anything is rendered (calls, joining by
operators, binding, slices), and what is left is counted: every loop step and every filter does work in proportion to
what it is given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextvars import ContextVar
from functools import wraps
from typing import Final

from jinja2 import DictLoader, StrictUndefined, Undefined, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from debate.errors import PromptError

OUTPUT_LIMIT: Final = 2_000_000
"""Characters one template may produce."""

LOOP_DEPTH: Final = 3
"""Loops that may stand inside one another."""

RANGE_LIMIT: Final = 100
"""Numbers a template may count through."""

WORK_LIMIT: Final = 20_000_000
"""Loop steps, and characters or elements given to filters, in one rendering."""

TIME_LIMIT: Final = 2.0
"""Seconds one rendering may take. A prompt takes milliseconds; this only ends what means harm."""

REFUSED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Macro: "{% macro %}",
    nodes.CallBlock: "{% call %}",
    nodes.Import: "{% import %}",
    nodes.FromImport: "{% from … import %}",
    nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}",
    nodes.With: "{% with %}",
    nodes.FilterBlock: "{% filter %}",
    nodes.Concat: "the operator ~",
    nodes.Slice: "a slice",
}
"""What can recurse, and so run for ever without writing anything, or copy a text and double it again and again."""

# fmt: off
FILTERS: Final = frozenset((
    "abs", "capitalize", "count", "default", "d", "first", "float", "int", "join", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "sort",
    "title", "trim", "unique", "upper",
))
# fmt: on
"""Filters that do not make much out of little."""

_TEXT_FILTERS: Final = frozenset(("capitalize", "lower", "title", "trim", "upper"))
_CALLABLE: Final = frozenset(("range", "super"))
_COUNTED: Final = " counted"
"""The filter every loop's sequence passes through; no template can write its name."""


class Work:
    """Counts what one rendering does."""

    def __init__(self) -> None:
        self._left = WORK_LIMIT
        self._until = time.perf_counter() + TIME_LIMIT

    def spend(self, amount: int) -> None:
        """Count ``amount``.

        Raises:
            debate.errors.PromptError: If that is more than one rendering may do.
        """
        self._left -= amount
        if self._left < 0 or time.perf_counter() > self._until:
            raise PromptError("the template does more work than a prompt can need; loop over less")


WORK: Final[ContextVar[Work]] = ContextVar("WORK")
"""The work of the rendering under way."""


class Sandbox(ImmutableSandboxedEnvironment):
    """Refuses what makes much out of little, and counts the rest."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self, sources: Mapping[str, str]) -> None:
        super().__init__(
            loader=DictLoader(sources),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_only_scalars,
        )
        self.filters = {name: _counting(name, made) for name, made in self.filters.items() if name in FILTERS}
        self.filters["join"] = _join
        self.filters[_COUNTED] = _counted
        self.globals = {"range": _short_range}

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        """Allow arithmetic on numbers only: ``'a' * 10**9`` fills the memory before any output is counted."""
        if not (isinstance(left, (int, float)) and isinstance(right, (int, float))) or operator == "**":
            raise PromptError(f"the operator {operator} is not available here")
        return super().call_binop(context, operator, left, right)  # type: ignore[arg-type]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _check(name or "template", tree, loops=0)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None, lineno=loop.lineno)
        return tree


def _check(name: str, node: nodes.Node, *, loops: int) -> None:
    """Refuse what may not stand in a template."""
    for child in node.iter_child_nodes():
        refused = REFUSED.get(type(child))
        if refused is not None:
            raise PromptError(f"{name}:{child.lineno}: {refused} is not available in prompts")
        if isinstance(child, nodes.Call) and not _may_call(child.node):
            raise PromptError(f"{name}:{child.lineno}: only range(), super() and loop.cycle() can be called in prompts")
        inner = loops + isinstance(child, nodes.For)
        if inner > LOOP_DEPTH:
            raise PromptError(f"{name}:{child.lineno}: loops may stand {LOOP_DEPTH} deep, not more")
        if isinstance(child, nodes.For) and child.recursive:
            raise PromptError(f"{name}:{child.lineno}: recursive loops are not available in prompts")
        _check(name, child, loops=inner)


def _may_call(called: nodes.Node) -> bool:
    match called:
        case nodes.Name(name=name):
            return name in _CALLABLE
        case nodes.Getattr(node=nodes.Name(name="loop"), attr="cycle"):
            return True
    return False


def _counting(name: str, made: Callable[..., object]) -> Callable[..., object]:
    """A filter that counts its work. ``wraps`` keeps the marks by which jinja knows what else to pass it."""
    place = 1 if hasattr(made, "jinja_pass_arg") else 0

    @wraps(made)
    def counting(*args: object, **options: object) -> object:
        value = args[place]
        if name in _TEXT_FILTERS:
            _only_scalars(value)
        WORK.get().spend(len(value) if isinstance(value, Sized) and not isinstance(value, Undefined) else 1)
        return made(*args, **options)

    return counting


def _counted(values: Iterable[object]) -> Iterator[object]:
    work = WORK.get()
    for value in values:
        work.spend(1)
        yield value


def _join(values: Iterable[object], between: object = "") -> str:
    """Join scalars; nothing longer than a whole prompt may be."""
    separator = str(_only_scalars(between))
    parts: list[str] = []
    size = 0
    for value in values:
        part = str(_only_scalars(value))
        size += len(part) + len(separator)
        if size > OUTPUT_LIMIT:
            raise PromptError(f"join would make a text of more than {OUTPUT_LIMIT:,} characters")
        parts.append(part)
    WORK.get().spend(size)
    return separator.join(parts)


def _only_scalars(value: object) -> object:
    """``value`` where it can be written into a prompt."""
    if value is None or isinstance(value, (str, int, float, Undefined)):
        return value
    raise PromptError("a list or a table cannot be written into a prompt; loop over it, or join it")


def _short_range(*bounds: int) -> Sequence[int]:
    counted = range(*bounds)
    if len(counted) > RANGE_LIMIT:
        raise PromptError(f"range() counts up to {RANGE_LIMIT} here")
    return counted
