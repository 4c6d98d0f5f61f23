"""Rendering a template: in a sandbox, on plain data, strict about what is undefined, bounded in work and output."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from jinja2 import Template, TemplateError, nodes

from debate.briefing.sandbox import OUTPUT_LIMIT, WORK, Sandbox, Work
from debate.errors import PromptError

Plain = str | int | float | bool | None | Sequence["Plain"] | Mapping[str, "Plain"]
"""What templates are given: data without methods worth calling."""

_TOO_DEEP = (RecursionError, MemoryError, SyntaxError)
"""What Python raises at a template nested deeper than its parser or compiler goes."""


def text_hash(text: str) -> str:
    """SHA-256 of a text, as events name it."""
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=256)
@lru_cache(maxsize=256)
def referenced(name: str, source: str) -> tuple[str, ...]:
    """The templates that ``source`` includes or extends.

    Raises:
        debate.errors.PromptError: If it is not a template, uses what is refused here, or computes a template's name.
    """
    sandbox = Sandbox({})
    try:
        tree = sandbox.parse(source, name=name)
        sandbox.compile(tree, name=name)
    except TemplateError as error:
        raise PromptError(_message(name, error)) from error
    except _TOO_DEEP as error:
        raise PromptError(f"{name}: nested too deeply to be a prompt") from error
    found = []
    named = [node.template for node in tree.find_all(nodes.Extends)]
    named += [node.template for node in tree.find_all(nodes.Include)]
    for node in named:
        if not (isinstance(node, nodes.Const) and isinstance(node.value, str)):
            raise PromptError(f"{name}:{node.lineno}: the name of a template must be written out, not computed")
        found.append(node.value)
    return tuple(found)


def render(name: str, sources: Mapping[str, str], data: Mapping[str, Plain]) -> str:
    """The text that template ``name`` of ``sources`` gives for ``data``.

    Raises:
        debate.errors.PromptError: If the template fails, names what is not there, or does or writes too much.
    """
    begun = WORK.set(Work())
    try:
        return _joined(_template(name, tuple(sources.items())).generate(dict(data))).strip()
    except PromptError as error:
        raise PromptError(f"{name}: {error}") from error
    except TemplateError as error:
        raise PromptError(_message(name, error)) from error
    except (TypeError, ValueError, ArithmeticError, LookupError, *_TOO_DEEP) as error:
        raise PromptError(f"{name}: {type(error).__name__}: {error}") from error
    finally:
        WORK.reset(begun)


def _joined(pieces: Iterator[str]) -> str:
    written: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > OUTPUT_LIMIT:
            raise PromptError(f"the prompt would be longer than {OUTPUT_LIMIT:,} characters")
        written.append(piece)
    return "".join(written)


@lru_cache(maxsize=256)
def _template(name: str, sources: tuple[tuple[str, str], ...]) -> Template:
    return Sandbox(dict(sources)).get_template(name)


def _message(name: str, error: TemplateError) -> str:
    line = getattr(error, "lineno", None)
    return f"{name}:{line}: {error.message}" if line else f"{name}: {error.message}"
