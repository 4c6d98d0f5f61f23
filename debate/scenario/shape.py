"""What may stand where in a scenario, read from its JSON Schema: for "did you mean" and for plain words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from debate.scenario.document import Plain
from debate.scenario.keypath import KeyPath

Schema = Mapping[str, object]

_NAMES = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
}
_LISTED = 12


def nearest(found: str, known: Sequence[str]) -> str:
    """``; did you mean 'ana'?``, or nothing when no name comes close."""
    folded = {name.casefold(): name for name in reversed(known)}
    wanted = found.casefold()
    close = difflib.get_close_matches(wanted, list(folded), n=5, cutoff=0.6)
    if not close:
        return ""
    # Among equally close names the one that begins alike: "ann" is "ana" before it is "dan".
    best = max(close, key=lambda n: _closeness(n, wanted))
    return f"; did you mean {folded[best]!r}?"


def _closeness(name: str, wanted: str) -> tuple[float, int]:
    alike = next((i for i, (a, b) in enumerate(zip(name, wanted, strict=False)) if a != b), min(len(name), len(wanted)))
    return difflib.SequenceMatcher(None, name, wanted).ratio(), alike


def shown(value: Plain) -> str:
    """A value as it is quoted in a message: short, and unmistakable."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            return repr(value if len(value) <= 60 else value[:59] + "…")  # noqa: PLR2004 - a line of a terminal
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            text = str(value)
            return text if len(text) <= 60 else text[:59] + "…"  # noqa: PLR2004 - likewise


def either(words: Sequence[str]) -> str:
    """``a, b or c``."""
    return " or ".join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else "".join(words)


class Shape:
    """A JSON Schema, looked into along a key path."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema
        definitions = schema.get("$defs", {})
        self._definitions = definitions if isinstance(definitions, Mapping) else {}

    def keys(self, path: KeyPath) -> tuple[str, ...]:
        """The keys a mapping at ``path`` may have; empty where any may stand, or none."""
        found: dict[str, None] = {}
        for schema in self._at(path):
            properties = schema.get("properties")
            if isinstance(properties, Mapping):
                found |= dict.fromkeys(properties)
        return tuple(found)

    def is_open(self, path: KeyPath) -> bool:
        """Whether a mapping at ``path`` may have keys of the author's choice."""
        return any(
            schema.get("type") == "object" and (schema.get("additionalProperties") or schema.get("patternProperties"))
            for schema in self._at(path)
        )

    def words(self, path: KeyPath) -> tuple[str, ...]:
        """The fixed words that may stand at ``path``."""
        found: dict[str, None] = {}
        for schema in self._at(path):
            values = schema.get("enum") or ([schema["const"]] if "const" in schema else [])
            if isinstance(values, Sequence):
                found |= {value: None for value in values if isinstance(value, str)}
        return tuple(found)

    def examples(self, path: KeyPath) -> tuple[str, ...]:
        """Examples the schema gives of a text at ``path``."""
        return tuple(str(example) for schema in self._at(path) for example in _listed(schema, "examples"))

    def expected(self, path: KeyPath) -> str:
        """What may stand at ``path``, in words: ``text or a mapping with file``."""
        words: dict[str, None] = {repr(word): None for word in self.words(path)}
        for schema in self._at(path):
            kind, constant = schema.get("type"), schema.get("const")
            if constant is not None and not isinstance(constant, str):
                words[str(constant).lower()] = None
            elif isinstance(kind, str) and kind in _NAMES and "enum" not in schema and constant is None:
                words[_NAMES[kind]] = None
        if any(schema.get("type") == "object" for schema in self._at(path)):
            keys = self.keys(path)
            listed = ", ".join(keys[:_LISTED]) + (", …" if len(keys) > _LISTED else "")
            words[f"a mapping with {listed}" if keys else "a mapping"] = None
        return either(list(words)) or "something else"

    def takes(self, path: KeyPath, value: Plain) -> bool:
        """Whether a single value's kind is right at ``path``: no number for a text, no text for a number or a truth.

        Where the schema knows nothing, everything is.
        """
        schemas = self._at(path)
        return not schemas or any(_kind_fits(schema, value) for schema in schemas)

    def _at(self, path: KeyPath) -> list[Schema]:
        level = list(self._flat(self._root))
        for step in path:
            level = [flat for schema in level for below in _below(schema, step) for flat in self._flat(below)]
        return level

    def _flat(self, schema: object, depth: int = 0) -> Iterator[Schema]:
        """The alternatives a schema stands for, references followed."""
        if not isinstance(schema, Mapping) or depth > 16:  # noqa: PLR2004 - the schema's own nesting is smaller
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            yield from self._flat(self._definitions.get(reference.rpartition("/")[2]), depth + 1)
            return
        alternatives = [*_listed(schema, "anyOf"), *_listed(schema, "oneOf")]
        if not alternatives:
            yield schema
        for alternative in alternatives:
            yield from self._flat(alternative, depth + 1)


def _listed(schema: Schema, key: str) -> list[object]:
    value = schema.get(key)
    return list(value) if isinstance(value, list) else []


def _below(schema: Schema, step: str | int) -> Iterator[object]:
    if isinstance(step, int):
        first = _listed(schema, "prefixItems")
        yield first[step] if step < len(first) else schema.get("items")
        return
    properties = schema.get("properties")
    if isinstance(properties, Mapping) and step in properties:
        yield properties[step]
        return
    yield schema.get("additionalProperties")
    patterns = schema.get("patternProperties")
    yield from patterns.values() if isinstance(patterns, Mapping) else ()


def _kind_fits(schema: Schema, value: Plain) -> bool:
    """Looks at kinds alone; an absent type takes everything, as in JSON Schema."""
    kind = schema.get("type")
    if "const" in schema:
        return type(schema["const"]) is type(value)
    match value:
        case None:
            return kind in {"null", None}
        case bool():
            return kind in {"boolean", None}
        case str():
            return kind in {"string", None}
        case int() | float():
            return kind in {"number", "integer", None}
        case _:
            return True
