"""JSON in a completion: the whole of it, in a code fence, behind some words, or as the arguments of a tool call."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple, NoReturn

from debate.reply.reply import ReplyField

TRIES: Final = 40
"""Opening braces that are tried, from the last one backwards, so that hostile text costs a bounded time."""

Json = str | bool | int | Decimal | list["Json"] | dict[str, "Json"] | None
"""A JSON value; numbers with a point are exact."""

_WRAPPERS: Final = ("arguments", "parameters", "input", "reply", "function")
_ALIASES: Final[Mapping[str, ReplyField]] = {
    "argument": "text",
    "reasoning": "text",
    "final_answer": "answer",
    "vote": "ballot",
}


class Block(NamedTuple):
    """The JSON object a reply was given in."""

    values: dict[ReplyField, Json]
    """Only fields that were asked for, and ``text``."""
    rest: str
    """What stood around the object."""


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse)


def read_json(text: str, fields: Iterable[ReplyField]) -> Block:
    """The last JSON object of ``text`` that holds a field that was asked for."""
    wanted = {*fields, "text"}
    for found, start, end in _objects(text):
        values = _fields(found, wanted)
        if values.keys() - {"text"} or ("text" in values and wanted == {"text"}):
            rest = re.sub(r"```\w*\s*$", "", text[:start]).strip() + re.sub(r"^\s*```", "", text[end:]).rstrip()
            return Block(values, rest.strip())
    return Block({}, text.strip())


def _objects(text: str) -> Iterator[tuple[dict[str, Json], int, int]]:
    """Objects that are not inside another one, last first."""
    starts = [match.start() for match in re.finditer(r"\{", text)]
    found: list[tuple[dict[str, Json], int, int]] = []
    for start in dict.fromkeys([*starts[-TRIES:], *starts[:TRIES]]):
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError, ArithmeticError):
            continue
        if isinstance(value, dict):
            found.append((value, start, end))
    found = [one for one in found if not any(o[1] < one[1] and one[2] <= o[2] for o in found)]
    yield from sorted(found, key=lambda one: one[1], reverse=True)


def _fields(found: Mapping[str, Json], wanted: set[ReplyField], depth: int = 0) -> dict[ReplyField, Json]:
    values: dict[ReplyField, Json] = {}
    for key, value in found.items():
        name = key.strip().casefold().replace(" ", "_")
        field = next((one for one in wanted if one == _ALIASES.get(name, name)), None)
        if field is not None and value is not None and (field == name or field not in values):
            values[field] = value
    if values.keys() - {"text"} or depth > 1:
        return values
    for wrapper in _WRAPPERS:
        inner = found.get(wrapper)
        if isinstance(inner, str):
            inner = _parsed(inner)
        if isinstance(inner, dict) and (deeper := _fields(inner, wanted, depth + 1)):
            return deeper
    return values


def _parsed(text: str) -> Json:
    try:
        value: Json = _DECODER.decode(text)
    except (ValueError, RecursionError, ArithmeticError):
        return None
    return value
