"""Rendering a template: in a sandbox, on plain data, strict about what is undefined, bounded in time and output."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from jinja2 import DictLoader, StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from debate.errors import PromptError

OUTPUT_LIMIT: Final = 2_000_000
"""Characters one template may produce."""

LOOP_DEPTH: Final = 3
"""Loops that may stand inside one another."""

RANGE_LIMIT: Final = 100
"""Numbers a template may count through."""

REFUSED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.Import: "import",
    nodes.FromImport: "from … import",
    nodes.Assign: "set",
    nodes.AssignBlock: "set",
    nodes.With: "with",
    nodes.FilterBlock: "filter",
}
"""What can recurse, and so run for ever without writing anything, or bind a text and double it again and again."""

# fmt: off
FILTERS: Final = frozenset((
    "abs", "capitalize", "count", "default", "d", "first", "float", "int", "join", "last", "length", "list",
    "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "round", "select", "selectattr", "sort",
    "title", "trim", "unique", "upper",
))
# fmt: on
"""Filters that do not make much out of little."""

Plain = str | int | float | bool | None | Sequence["Plain"] | Mapping[str, "Plain"]
"""What templates are given: data without methods worth calling."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """Refuses operators that make much out of little."""

    intercepted_binops = frozenset(["+", "*", "**", "%"])

    def __init__(self, sources: Mapping[str, str]) -> None:
        super().__init__(loader=DictLoader(sources), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self.filters = {name: made for name, made in self.filters.items() if name in FILTERS}
        self.globals = {"range": _short_range}

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        """Allow arithmetic on numbers only: ``'a' * 10**9`` fills the memory before any output is counted."""
        if not (isinstance(left, (int, float)) and isinstance(right, (int, float))) or operator == "**":
            raise PromptError(f"the operator {operator} is not available here")
        return super().call_binop(context, operator, left, right)  # type: ignore[arg-type]


def text_hash(text: str) -> str:
    """SHA-256 of a text, as events name it."""
    return hashlib.sha256(text.encode()).hexdigest()


def referenced(name: str, source: str) -> tuple[str, ...]:
    """The templates that ``source`` includes or extends.

    Raises:
        debate.errors.PromptError: If it is not a template, uses what is refused here, or computes a template's name.
    """
    try:
        tree = _Sandbox({}).parse(source)
    except TemplateError as error:
        raise PromptError(_message(name, error)) from error
    for kind, word in REFUSED.items():
        for node in tree.find_all(kind):
            raise PromptError(f"{name}:{node.lineno}: {{% {word} %}} is not available in prompts")
    _check_loops(name, tree, 0)
    found = []
    named = [node.template for node in tree.find_all(nodes.Extends)]
    named += [node.template for node in tree.find_all(nodes.Include)]
    for node in named:
        if not (isinstance(node, nodes.Const) and isinstance(node.value, str)):
            raise PromptError(f"{name}:{node.lineno}: the name of a template must be written out, not computed")
        found.append(node.value)
    return tuple(found)


def _check_loops(name: str, node: nodes.Node, depth: int) -> None:
    for child in node.iter_child_nodes():
        inner = depth + isinstance(child, nodes.For)
        if inner > LOOP_DEPTH:
            raise PromptError(f"{name}:{child.lineno}: loops may stand {LOOP_DEPTH} deep, not more")
        if isinstance(child, nodes.For) and child.recursive:
            raise PromptError(f"{name}:{child.lineno}: recursive loops are not available in prompts")
        _check_loops(name, child, inner)


def render(name: str, sources: Mapping[str, str], data: Mapping[str, Plain]) -> str:
    """The text that template ``name`` of ``sources`` gives for ``data``.

    Raises:
        debate.errors.PromptError: If the template fails, names what is not there, or writes too much.
    """
    written: list[str] = []
    size = 0
    try:
        for piece in _template(name, tuple(sources.items())).generate(dict(data)):
            size += len(piece)
            if size > OUTPUT_LIMIT:
                raise PromptError(f"{name}: the prompt would be longer than {OUTPUT_LIMIT:,} characters")
            written.append(piece)
    except TemplateError as error:
        raise PromptError(_message(name, error)) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, RecursionError, MemoryError) as error:
        raise PromptError(f"{name}: {type(error).__name__}: {error}") from error
    return "".join(written).strip()


@lru_cache(maxsize=256)
def _template(name: str, sources: tuple[tuple[str, str], ...]) -> Template:
    return _Sandbox(dict(sources)).get_template(name)


def _short_range(*bounds: int) -> range:
    counted = range(*bounds)
    if len(counted) > RANGE_LIMIT:
        raise PromptError(f"range() counts up to {RANGE_LIMIT} here")
    return counted


def _message(name: str, error: TemplateError) -> str:
    line = getattr(error, "lineno", None)
    return f"{name}:{line}: {error.message}" if line else f"{name}: {error.message}"
