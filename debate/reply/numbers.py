"""Numbers as people and models write them: ``70,000``, ``$65,000``, ``-15``, ``1e3``, ``3/4``, ``12 km``, ``45 %``."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

LONGEST: Final = 120
"""Characters a written number may have; what is longer is no number anybody meant."""

LARGEST_EXPONENT: Final = 400
"""Powers of ten an exponent may reach, so that exact arithmetic stays small."""

_TERMINATING_DIGITS: Final = 30
_MAGNITUDES: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_CURRENCY: Final = "$€£¥₹"

_DIGITS: Final = r"(?:\d{1,3}(?:,\d{3})+|\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)|\d+)"
_DECIMAL: Final = rf"(?:{_DIGITS}(?:\.\d+)?|\.\d+)"
NUMBER: Final = re.compile(rf"[-+]?{_DECIMAL}(?:[eE][-+]?\d{{1,6}}(?![\d.]))?")
"""A number inside running text, its sign included."""

_POWER: Final = re.compile(rf"([-+]?{_DECIMAL})\s*[x\u00d7*\u00b7]\s*10\s*\^\s*\{{?([-+]?\d{{1,4}})\}}?")
_RATIO: Final = re.compile(rf"([-+]?{_DECIMAL})\s*/\s*({_DECIMAL})")
_MIXED: Final = re.compile(r"([-+]?)(\d{1,9})\s+(\d{1,9})\s*/\s*(\d{1,9})")
_UNIT: Final = re.compile(r"(?:\s*%|\s*°|\s*[^\W\d_][^\d=]*)?\s*")
_DASHES: Final = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-", "\ufe63": "-", "\uff0d": "-"})


def to_fraction(digits: str) -> Fraction | None:
    """The exact value of a plain number with thousands separators and an exponent; None if out of bounds."""
    plain = re.sub(r"[,\s]", "", digits)
    mantissa, _, exponent = plain.lower().partition("e")
    if len(plain) > LONGEST or (exponent and abs(int(exponent)) > LARGEST_EXPONENT):
        return None
    return Fraction(Decimal(mantissa)) * Fraction(10) ** int(exponent or 0)


def _leading(text: str) -> tuple[Fraction | None, str]:
    """The number a text begins with, and what follows it."""
    value: Fraction | None = None
    found = _MIXED.match(text)
    if found and int(found[4]):
        size = int(found[2]) + Fraction(int(found[3]), int(found[4]))
        value = -size if found[1] == "-" else size
    elif found := _POWER.match(text):
        mantissa, power = to_fraction(found[1]), int(found[2])
        if mantissa is not None and abs(power) <= LARGEST_EXPONENT:
            value = mantissa * Fraction(10) ** power
    elif found := _RATIO.match(text):
        over, under = to_fraction(found[1]), to_fraction(found[2])
        value = over / under if over is not None and under else None
    elif found := NUMBER.match(text):
        value = to_fraction(found[0])
    return (None, text) if found is None else (value, text[found.end() :])


def parse_number(written: str) -> Fraction | None:
    """The number a short text states, exactly; None if it states none, or more than one.

    Currency signs, thousands separators and a unit behind the number are dropped, and so is a percent sign: ``45%``
    is 45, as in the answers of GSM8K, never 0.45. Of an equation the right-hand side counts.
    """
    text = written.translate(_DASHES).strip().strip("*_`'\" ")
    if len(text) > LONGEST:
        return None
    text = re.sub(r"^(?:[^=]*=)+", "", text)
    text = re.sub(
        r"^\s*(?:approximately|approx\.?|about|around|roughly|exactly|[≈~])\s*", "", text, flags=re.IGNORECASE
    )
    negative = bool(re.match(rf"\s*-\s*[{re.escape(_CURRENCY)}]", text))
    text = re.sub(rf"^\s*-?\s*(?:US|CA|AU)?[{re.escape(_CURRENCY)}]\s*", "", text)
    value, rest = _leading(text.strip())
    if value is None:
        return None
    rest = rest.rstrip(" .!*_`'\")")
    magnitude = re.match(r"\s*([a-z]+)", rest, flags=re.IGNORECASE)
    if magnitude and (factor := _MAGNITUDES.get(magnitude[1].casefold())):
        value, rest = value * factor, rest[magnitude.end() :]
    if not _UNIT.fullmatch(rest):
        return None
    return -value if negative else value


def write_number(value: Fraction) -> str:
    """The one way a number is written: plain decimals where they end, else a reduced ratio."""
    denominator, places = value.denominator, 0
    while denominator % 10 == 0:
        denominator, places = denominator // 10, places + 1
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator, places = denominator // prime, places + 1
    if denominator != 1 or places > _TERMINATING_DIGITS:
        return f"{value.numerator}/{value.denominator}"
    sign, digits = ("-" if value < 0 else ""), str(abs(value.numerator) * 10**places // value.denominator)
    digits = digits.rjust(places + 1, "0")
    whole, part = (digits[:-places], digits[-places:].rstrip("0")) if places else (digits, "")
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"
