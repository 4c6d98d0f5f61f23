"""How long a server asks to wait. Pure: the time comes in as an argument."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_DURATION: Final = re.compile(r"(?:(?:\d+(?:\.\d+)?|\.\d+)(?:ms|s|m|h|d))+")
_STEP: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h|d)")
_IN_TEXT: Final = re.compile(
    r"(?:again|retry|wait)[^.\d\n]{0,40}?\b(?:in|after|for)?\s*"
    r"((?:\d+(?:\.\d+)?\s*(?:milliseconds?|seconds?|minutes?|hours?|ms|secs?|mins?|s|m|h)\b\s*)+"
    r"|(?:\d+(?:\.\d+)?(?:ms|s|m|h))+)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|[smhd])", re.IGNORECASE)

EPOCH_SECONDS: Final = 1e9
"""From here on a number is a date in seconds (2001-09-09), not a time to wait (31 years)."""
EPOCH_MILLISECONDS: Final = 1e12


def server_delay(headers: Mapping[str, str], reset_headers: tuple[str, ...], text: str, *, now: float) -> float | None:
    """Seconds the server asks to wait, from the first source that says something usable; None if none does.

    The order is ``retry-after-ms``, ``Retry-After`` (seconds or an HTTP date), the dialect's reset headers, and a
    sentence in the body such as *try again in 5.289s*. What is not a number, not finite or negative is passed over.
    A very long wait is given as it was said: whether to honour it is the caller's to decide.

    Args:
        headers: The answer's, with names in lower case.
        reset_headers: The dialect's, in order. Of ``-requests`` and ``-tokens`` the exhausted one counts.
        text: The body's message.
        now: Seconds since the epoch.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    for found in (
        _retry_after(headers.get("retry-after"), now),
        _by_dimension(headers, reset_headers, now),
        _in_text(text),
    ):
        if found is not None:
            return found
    return None


def _number(value: str | None) -> float | None:
    """A finite number from 0, written in digits: no ``1e3``, ``inf`` or ``_``, which Python would read."""
    if value is None or _NUMBER.fullmatch(value.strip()) is None:
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _retry_after(value: str | None, now: float) -> float | None:
    seconds = _number(value)
    if seconds is not None or value is None:
        return seconds
    try:
        date = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    return date - now if date >= now else None


def reset_delay(value: str | None, *, now: float) -> float | None:
    """Seconds from a reset header: seconds to wait, a duration as ``1m30s`` or ``12ms``, or a date since the epoch."""
    number = _number(value)
    if number is None:
        return _duration(value)
    if number >= EPOCH_MILLISECONDS:
        number = number / 1000 - now
    elif number >= EPOCH_SECONDS:
        number -= now
    return number if number >= 0 else None


def _duration(value: str | None) -> float | None:
    compact = (value or "").strip().lower()
    if _DURATION.fullmatch(compact) is None:
        return None
    seconds = sum(float(number) * _UNITS[unit] for number, unit in _STEP.findall(compact))
    return seconds if math.isfinite(seconds) else None


def _by_dimension(headers: Mapping[str, str], names: tuple[str, ...], now: float) -> float | None:
    found = {name: delay for name in names if (delay := reset_delay(headers.get(name), now=now)) is not None}
    exhausted = [delay for name, delay in found.items() if _is_exhausted(headers, name)]
    if exhausted:
        return max(exhausted)
    return max(found.values(), default=None)


def _is_exhausted(headers: Mapping[str, str], reset: str) -> bool:
    return _number(headers.get(reset.replace("-reset", "-remaining"))) == 0


def _in_text(text: str) -> float | None:
    found = _IN_TEXT.search(text)
    if found is None:
        return None
    steps = _WORD.findall(found[1])
    seconds = sum(
        float(number) * _UNITS["ms" if unit.lower() in {"ms", "milli"} else unit[0].lower()] for number, unit in steps
    )
    return seconds if math.isfinite(seconds) else None
