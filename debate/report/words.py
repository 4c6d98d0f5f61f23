"""Numbers, money and texts as a person reads them, and tables of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

SIMULATED: Final = "simulated: tests the machinery, not the argument"
"""Stands in everything that shows a run with a simulated model."""

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
"""What could move a terminal's cursor, colour it, or show letters in another order than they are written."""

_CENT: Final = Decimal("0.01")


def printable(text: str) -> str:
    """``text`` without anything that a terminal would obey. What models say is data there too."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str, width: int | None = None) -> str:
    """``text`` on one line, of at most ``width`` columns."""
    flat = " ".join(printable(text).split())
    return flat if width is None else cut(flat, width)


def columns(text: str) -> int:
    """How many columns of a terminal ``text`` takes: wide letters take two, combining marks none."""
    return sum(_columns(letter) for letter in text)


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def cut(text: str, width: int) -> str:
    """``text``, with an ellipsis where it would take more than ``width`` columns."""
    if columns(text) <= width:
        return text
    taken, left = [], width - 1
    for letter in text:
        left -= _columns(letter)
        if left < 0:
            break
        taken.append(letter)
    return "".join(taken).rstrip() + "…" if width > 0 else ""


def padded(text: str, width: int) -> str:
    """``text`` filled up with blanks to ``width`` columns."""
    return text + " " * max(0, width - columns(text))


def wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` columns; a word that is longer stands alone."""
    lines: list[str] = []
    for paragraph in printable(text).split("\n"):
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}" if line else word
            if line and columns(longer) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return lines


def table(rows: Sequence[Sequence[str]], *, gap: int = 2, indent: int = 0, width: int | None = None) -> list[str]:
    """Rows in columns that line up; the last column is cut at ``width``, and never filled up."""
    last = max((len(row) for row in rows), default=0) - 1
    widths = [max((columns(row[i]) for row in rows if i < len(row)), default=0) for i in range(last)]
    lines = []
    for row in rows:
        cells = [padded(cell, size) for cell, size in zip(row[:last], widths, strict=False)]
        line = " " * indent + (" " * gap).join([*cells, *row[last:]])
        lines.append((line if width is None else cut(line, width)).rstrip())
    return lines


def number(value: int | None) -> str:
    """A count, thousands apart; ``unknown`` when nobody counted."""
    return "unknown" if value is None else f"{value:,}"


def span(least: int, most: int) -> str:
    """``13`` or ``13-21``."""
    return number(least) if least == most else f"{number(least)}-{number(most)}"


def money(value: Decimal | None) -> str:
    """US dollars: to the cent, or to two digits that say something where it is less."""
    if value is None:
        return "unknown"
    if value == 0:
        return "$0"
    if value >= _CENT * 10:
        return f"${value.quantize(_CENT, ROUND_HALF_UP):,}"
    digits = value.quantize(Decimal(1).scaleb(value.adjusted() - 1), ROUND_HALF_UP)
    return f"${digits.normalize():f}"


def share(value: float | None) -> str:
    """A measure from 0 to 1."""
    return "none" if value is None else f"{value:.2f}"


def percent(value: float) -> str:
    """A part of the whole."""
    return f"{round(100 * value)} %"


def seconds(value: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``."""
    if value < 10:  # noqa: PLR2004 - below that a tenth is felt
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"  # noqa: PLR2004 - two minutes


def listed(names: Sequence[str], most: int | None = None) -> str:
    """``ana, ben, cleo``, or ``ana, ben and 3 more``."""
    if most is None or len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def plural(count: int, word: str) -> str:
    """``1 turn``, ``2 turns``; a word in -y ends in -ies."""
    if count == 1:
        return f"1 {word}"
    return f"{number(count)} {word[:-1]}ies" if word.endswith("y") else f"{number(count)} {word}s"
