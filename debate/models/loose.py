"""Reading JSON of which nothing is certain: each function gives the type it is named after, or None."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from pydantic_core import from_json

Object = Mapping[str, object]

_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def decode(raw: bytes) -> object:
    """The JSON value of ``raw``.

    Raises:
        ValueError: If it is not JSON.
    """
    try:
        value: object = from_json(raw)
    except ValueError:
        # The strict reader refuses half a surrogate pair, which servers that cut text in the middle do send.
        try:
            value = json.loads(raw)
        except RecursionError:
            raise ValueError("nested too deeply") from None
    return value


def as_object(value: object) -> Object | None:
    """A JSON object."""
    return value if isinstance(value, dict) else None


def as_list(value: object) -> list[object] | None:
    """A JSON array."""
    return value if isinstance(value, list) else None


def as_text(value: object) -> str | None:
    """A string, fit to be written as UTF-8."""
    if not isinstance(value, str):
        return None
    return value if value.isascii() else _LONE_SURROGATE.sub("\ufffd", value)


def as_count(value: object) -> int | None:
    """A number of tokens."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if math.isfinite(value) and value >= 0 else None


def as_money(value: object) -> Decimal | None:
    """An amount in USD."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def first_object(value: object) -> Object | None:
    """The first element of an array, if it is an object."""
    elements = as_list(value)
    return as_object(elements[0]) if elements else None


def plain_text(content: object) -> str | None:
    """A message's text: a string, or the text parts of a list of parts."""
    parts = as_list(content)
    if parts is None:
        return as_text(content)
    texts = [as_text(part.get("text")) for part in map(as_object, parts) if part is not None]
    return "".join(text for text in texts if text is not None)


def thinking_text(content: object) -> str | None:
    """The text of the ``thinking`` parts of a list of parts, as Mistral sends reasoning; None if there are none."""
    thoughts = [
        plain_text(part.get("thinking"))
        for part in map(as_object, as_list(content) or ())
        if part is not None and part.get("type") == "thinking"
    ]
    return "".join(thought for thought in thoughts if thought is not None) or None
