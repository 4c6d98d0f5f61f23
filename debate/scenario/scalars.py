"""What a plain word in YAML means: the core schema of YAML 1.2 (section 10.3.2), and nothing older.

The library that scans the file resolves a little more than that (``1_000``, dates), so it is not asked.
"""

from __future__ import annotations

import re
from typing import Final

Scalar = str | int | float | bool | None

DIGITS_LIMIT: Final = 300
"""Characters of a number; longer ones are a mistake, and slow to convert."""

_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted scalar: ``no``, ``on``, ``1:30``, ``1_000`` and dates are text.

    Raises:
        ValueError: If it is a number that no scenario can use: without end, not a number, or absurdly long.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _SPECIAL.fullmatch(text):
        raise ValueError(f"expected a finite number, found {text}; put it in quotes if it is meant as text")
    whole = _DECIMAL.fullmatch(text) is not None
    based = _BASED.fullmatch(text) is not None
    if not (whole or based or _FLOAT.fullmatch(text)):
        return text
    if len(text) > DIGITS_LIMIT:
        raise ValueError(f"a number of {len(text)} characters is too long; put it in quotes if it is meant as text")
    if whole:
        return int(text)
    if based:
        return int(text[2:], 8 if text[1] == "o" else 16)
    number = float(text)
    if abs(number) == float("inf"):
        raise ValueError(f"expected a finite number, found {text}, which is too large")
    return number


def forbidden_character(text: str) -> str | None:
    """The first control character or lone surrogate, as ``U+001B``; tabs and line breaks are allowed."""
    match = _FORBIDDEN.search(text)
    return f"U+{ord(match.group()):04X}" if match else None
