r"""Expressions: answers written as formulas, and when two of them are the same (``\boxed{\frac12}`` is 0.5 is 1/2)."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final

from debate.reply.formulas import NotAFormula, Value, values
from debate.reply.numbers import parse_number, write_number
from debate.reply.phrases import phrase, plain

LONGEST: Final = 2000
"""Characters that are looked at."""

WORDS: Final = 6
"""Words an answer in words may have; more are a sentence about it."""

_DIGITS: Final = 10
"""Significant digits in which two irrational values have to agree."""

_REWRITES: Final = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\(?:displaystyle|textstyle|left|right|bigl?|bigr?|Bigl?|Bigr?|limits)(?![A-Za-z])", ""),
        (r"\\[,;:! ]|~|\\q?quad(?![A-Za-z])|\{,\}", ""),
        (r"(?<=\d),(?=\d{3}\\!)", ""),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\(?:cdot|times|ast)(?![A-Za-z])|[\u00d7\u00b7\u22c5]", "*"),
        (r"\\div(?![A-Za-z])|\u00f7", "/"),
        (r"[\u2212\u2013]", "-"),
        (r"\u03c0|(?<![A-Za-z\\])pi(?![A-Za-z])", r"\\pi "),
        (r"\u221e|\\inf(?![A-Za-z])", r"\\infty"),
        (r"\u221a", r"\\sqrt"),
        (r"(?<![A-Za-z\\])sqrt(?![A-Za-z])", r"\\sqrt"),
        (r"\*\*", "^"),
        (r"\\(sin|cos|tan)(?=[a-gi-z])", r"\\\1 "),
        (r"\^\s*\{?\s*\\circ\s*\}?|\u00b0|\\degree(?![A-Za-z])", ""),
        (r"\\[$%]|[$%]", ""),
        (r"\\(?:le|leqslant)(?![A-Za-z])|\u2264", r"\\leq"),
        (r"\\(?:ge|geqslant)(?![A-Za-z])|\u2265", r"\\geq"),
        (r"\\lvert(?![A-Za-z])|\\rvert(?![A-Za-z])|\\mid(?![A-Za-z])", "|"),
        (r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}"),
        (r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{"),
        (r"(\\frac\s*\{[^{}]*\})\s*(\w)", r"\1{\2}"),
        (r"\\sqrt\s*(\d+|[A-Za-z])", r"\\sqrt{\1}"),
        (r"\\sqrt\s*\(([^()]*)\)", r"\\sqrt{\1}"),
        (r"([_^])\s*\{\s*(\w)\s*\}", r"\1\2"),
    )
)
_MATRIX: Final = re.compile(r"\\begin\s*\{([pbvBV]?)matrix\}(.{0,400}?)\\end\s*\{\1matrix\}", re.DOTALL)
_UNITS: Final = re.compile(
    r"(?<=[\w})\]])\s*\\(?:text|mbox|mathrm|textrm|rm)\s*\{(?!\s*(?:or|and)\b)[^{}]*\}(?:\^\{?\d\}?)?"
)
_WORDY_UNIT: Final = re.compile(r"[-+]?[$]?[\d.,]+\s+[A-Za-z]{2,}[A-Za-z\s./]*(?:\^\d)?\.?")
_THOUSANDS: Final = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_NAMED: Final = re.compile(r"[A-Za-z](?:_\w|_\{\w+\})?'?(?:\([A-Za-z](?:,[A-Za-z])*\))?\s*(?:=|\\in(?![A-Za-z]))(?!=)")
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")
_SEPARATOR: Final = re.compile(r"[,;]|\s(?:or|and)\s|\\cup(?![A-Za-z])|\u222a")
_NESTING: Final = 4
"""Brackets within brackets that are told apart; a set of tuples of formulas is deep enough."""

_NOISE: Final = 1e-12
"""An imaginary part that is rounding alone."""


def normal_form(written: str) -> str:
    r"""A formula without what does not change its meaning: boxes, dollars, spacing, units, ``\left``, ``\dfrac``."""
    text = plain(_UNITS.sub("", written[:LONGEST])).rstrip(".,;: ")
    if _WORDY_UNIT.fullmatch(text) and (value := parse_number(text.split()[0])) is not None:
        return write_number(value)
    text = _MATRIX.sub(_as_tuple, text)
    text = re.sub(r"\\(?:text|mbox|mathrm|textbf|textrm|boxed)\s*\{([^{}]*)\}", r"\1", text)
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    text = re.sub(r"\s+", " ", text).lstrip(" ,;:").rstrip(" .,;:")
    if named := _NAMED.match(text):
        text = text[named.end() :].strip()
    return text.replace(",", "") if _THOUSANDS.fullmatch(text) else text


def _as_tuple(matrix: re.Match[str]) -> str:
    """A column vector as a tuple, a matrix as a tuple of its rows."""
    rows = [row.split("&") for row in re.split(r"\\\\|\\(?![A-Za-z])", matrix[2]) if row.strip()]
    written = [row[0].strip() if len(row) == 1 else f"({','.join(cell.strip() for cell in row)})" for row in rows]
    return f"({','.join(written)})"


def canonical_expression(written: str) -> str | None:
    """A constant as its exact value, a few words as a phrase, and any other formula in its normal form.

    None if there is nothing, or a whole sentence.
    """
    text = normal_form(written)
    if _is_words(text):
        return _word_form(text) if len(text.split()) <= WORDS else None
    text = re.sub(r",?\s(?:or|and)\s", ",", text)
    constant = _constant(text)
    return re.sub(r"\s+", "", text) or None if constant is None else write_number(constant)


def expression_key(written: str) -> str | None:
    """A string that is the same for equal formulas, whichever way they are written; None if blank.

    Tuples and intervals are equal member by member in order, sets and plain lists in any order, equations up to a
    factor. What is outside the grammar of :mod:`debate.reply.formulas` is compared by its normal form.
    """
    text = normal_form(written)
    return _key(text) if text else None


def _is_words(text: str) -> bool:
    letters = re.sub(r"\\[A-Za-z]+", "", text)
    return bool(re.fullmatch(r"[A-Za-z]{3,}", re.sub(r"\s", "", text)) or re.search(r"[A-Za-z]{4,}", letters))


def _word_form(text: str) -> str:
    """Words as a phrase, unless that leaves what would be read as a formula: ``THE A`` is not the variable a."""
    said = phrase(text)
    return said if _is_words(said) else re.sub(r"\s+", " ", text).casefold()


def _constant(text: str) -> Fraction | None:
    try:
        first, *others = values(text)
    except NotAFormula:
        return None
    return first if isinstance(first, Fraction) and all(other == first for other in others) else None


def _key(text: str, depth: int = 0) -> str:
    text = text.strip()
    if _is_words(text):
        return _word_form(text)
    if depth == _NESTING:
        return _formula_key(text)
    parts, opening, closing = _members(text)
    return _several(parts, opening, closing, depth) if len(parts) > 1 or opening else _formula_key(text)


def _members(text: str) -> tuple[list[str], str, str]:
    r"""What a set, tuple, interval, list or ``\pm`` consists of, and its brackets; itself and none if it is none."""
    if text.count("\\pm") == 1:
        return [text.replace("\\pm", sign) for sign in "+-"], "{", "}"
    if text.startswith("\\{") and text.endswith("\\}"):
        return _split(text[2:-2]), "{", "}"
    if len(parts := _split(text)) > 1:
        return parts, "{", "}"
    if text[:1] in _OPENING and text[-1:] in _CLOSING and len(inner := _split(text[1:-1])) > 1:
        return inner, text[0], text[-1]
    return [text], "", ""


def _several(parts: list[str], opening: str, closing: str, depth: int) -> str:
    keys = [_key(part, depth + 1) for part in parts if part.strip()]
    return opening + ",".join(sorted(set(keys)) if opening == "{" else keys) + closing


def _split(text: str) -> list[str]:
    r"""The members of a list or a union: parted where a comma, ``or``, ``and`` or ``\cup`` stands in no bracket."""
    parts, depth, start, index = [], 0, 0, 0
    while index < len(text):
        depth += (text[index] in "([{") - (text[index] in ")]}")
        cut = _SEPARATOR.match(text, index) if depth == 0 else None
        if cut:
            parts.append(text[start:index])
            index = start = cut.end()
        else:
            index += 1
    return [*parts, text[start:]]


def _formula_key(text: str) -> str:
    sides = re.split(r"(?<![<>!=])=(?!=)", text)
    try:
        if len(sides) == 2:  # noqa: PLR2004 - an equation
            first, *others = (left - right for left, right in zip(values(sides[0]), values(sides[1]), strict=True))
            return "=" + ",".join(_written(other / first) for other in others)
        found = values(text)
        if all(value == found[0] for value in found):
            return _written(found[0])
        return "~" + ",".join(_rounded(complex(value)) for value in found)
    except (NotAFormula, ArithmeticError):
        return re.sub(r"\s+", "", text)


def _written(value: Value) -> str:
    return write_number(value) if isinstance(value, Fraction) else _rounded(value)


def _rounded(value: complex) -> str:
    real, imaginary = (f"{part:.{_DIGITS}g}" for part in (value.real, value.imag if abs(value.imag) > _NOISE else 0.0))
    return real if imaginary == "0" else f"{real}+{imaginary}i"
