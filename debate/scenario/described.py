"""What each key of a scenario means: the docstrings of the schema's classes, as descriptions that an editor can show.

Read from the source when the JSON Schema is asked for, so that reading a scenario does not pay for it.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping

from debate.scenario.base import Part

JsonSchema = dict[str, object]


def described(schema: JsonSchema) -> JsonSchema:
    """The JSON Schema of a part with a description at every property that has a docstring."""
    known = {part.__name__: part for part in parts()}
    definitions = schema.get("$defs")
    found = dict(definitions) if isinstance(definitions, dict) else {}
    for name, definition in found.items():
        found[name] = _with_descriptions(definition, known.get(name))
    return {**_with_descriptions(schema, known.get(str(schema.get("title")))), "$defs": found}


def parts(base: type[Part] = Part) -> Iterator[type[Part]]:
    """Every class of the schema."""
    for part in base.__subclasses__():
        yield part
        yield from parts(part)


def documented(part: type[Part]) -> Mapping[str, str]:
    """Key to what its docstring says, as the file spells the key; inherited ones included."""
    texts: dict[str, str] = {}
    for owner in reversed(part.__mro__):
        if issubclass(owner, Part) and owner is not Part:
            texts |= _docstrings(owner)
    return {field.alias or name: texts[name] for name, field in part.model_fields.items() if name in texts}


def _docstrings(part: type[Part]) -> dict[str, str]:
    tree = ast.parse(inspect.getsource(part)).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for before, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(before, ast.AnnAssign) and isinstance(before.target, ast.Name) and isinstance(after, ast.Expr):
            value = after.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found[before.target.id] = _plain(value.value)
    return found


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


def _with_descriptions(definition: JsonSchema, part: type[Part] | None) -> JsonSchema:
    properties = definition.get("properties")
    if part is None or not isinstance(properties, dict):
        return definition
    texts = documented(part)
    told = {key: {**value, "description": texts[key]} if key in texts else value for key, value in properties.items()}
    more = {"description": _plain(str(definition["description"]))} if "description" in definition else {}
    return {**definition, **more, "properties": told}
