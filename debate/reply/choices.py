"""Choices: which option a short text names, by its letter, its text, or both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from debate.reply.phrases import phrase, plain

LETTERS: Final = "ABCDEFGHIJ"
"""The letters an option may have where the options themselves are not known, as in recorded debates."""

_WRAPPED: Final = re.compile(r"^[(\[{<]\s*([^()\[\]{}<>]+?)\s*[)\]}>]$")
_LEAD: Final = re.compile(r"^(?:the\s+)?(?:option|choice|answer|letter)\b\s*(?:is\b)?[\s:=#-]*", re.IGNORECASE)
_LABELLED: Final = re.compile(
    r"^[(\[{]?\s*([^\s()\[\]{}.:,]{1,20})\s*(?:[)\]}]\s*[.:,-]?|[.:,]|\s[-\u2013\u2014]\s)\s*(.*)$", re.DOTALL
)
_TRAILING_LABEL: Final = re.compile(r"^(.*\S)\s*[(\[]\s*([^\s()\[\]]{1,20})\s*[)\]]$", re.DOTALL)
_SPACED: Final = re.compile(r"^(\S{1,20})\s+(.*)$", re.DOTALL)


def _key(label: str, keys: Mapping[str, str]) -> str | None:
    return keys.get(label.strip("*_`'\" ").casefold())


def parse_choice(written: str, choices: Mapping[str, str]) -> str | None:
    """The key of the option a text names; None if it names none, several, or a letter that contradicts its text.

    ``H**``, ``(b)``, ``Option C``, ``C) Uranus``, ``Uranus (C)`` and the option's own text are all read. Without
    ``choices`` a letter from A to J is expected.
    """
    keys = {key.casefold(): key for key in choices} or {letter.casefold(): letter for letter in LETTERS}
    text = _LEAD.sub("", plain(written)).rstrip(" .,;:!")
    if wrapped := _WRAPPED.match(text):
        text = wrapped[1]
    if (key := _key(text, keys)) is not None:
        return key
    named = {key for key, option in choices.items() if phrase(option) == phrase(text)}
    if len(named) == 1:
        return named.pop()
    return _labelled(text, choices, keys)


def _labelled(text: str, choices: Mapping[str, str], keys: Mapping[str, str]) -> str | None:
    """A letter and a text side by side: the letter, unless the text is another option's or names another letter."""
    for pattern, label, rest in ((_LABELLED, 1, 2), (_TRAILING_LABEL, 2, 1), (_SPACED, 1, 2)):
        found = pattern.match(text)
        key = _key(found[label], keys) if found else None
        if found is None or key is None:
            continue
        said = phrase(found[rest])
        if choices:
            owners = {other for other, option in choices.items() if phrase(option) == said}
            if owners:
                return key if key in owners else None
        if pattern is _SPACED or _another_letter(found[rest], key, keys):
            return None
        return key
    return None


def _another_letter(text: str, key: str, keys: Mapping[str, str]) -> bool:
    """Whether a text behind a letter names another one, as in ``A, B`` or ``A) or B)``."""
    found = re.findall(r"(?<![\w'\u2019])[(\[]?([A-Z]|[a-z](?=[)\]]))(?![\w'\u2019])", text[:200])
    return any(keys.get(letter.casefold(), key) != key for letter in found)
