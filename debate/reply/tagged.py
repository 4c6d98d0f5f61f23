"""The footer: ``TAG: value`` lines at the end of a reply, with whatever markdown stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from debate.reply.reply import ReplyField

GAP: Final = 3
"""Lines of other text that may stand between two lines of one footer."""

_NAMES: Final = "POSITION|STANCE|ANSWER|CONFIDENCE|AGREEMENT|BALLOT|RANKING|SCORES|CRITIQUE|STOP"
_LINE: Final = re.compile(
    rf"^[\s>#*_`|\-\u2022]{{0,20}}(?:(?:my|the)\s+)?(?:final\s+)?({_NAMES})[*_`\s]{{0,6}}[:\uff1a=][*_`\s]{{0,6}}(.*)$",
    re.IGNORECASE,
)
_HEADING: Final = re.compile(
    rf"^\s{{0,3}}(?:#{{1,6}}\s*|\*\*|__)(?:(?:my|the)\s+)?(?:final\s+)?({_NAMES})[*_:\s]{{0,6}}$", re.IGNORECASE
)
_INLINE: Final = re.compile(rf"(?<=[^\s|*_`>#-])[\s|;,*_`]{{1,12}}(?=[*_`]{{0,3}}(?:{_NAMES})[*_`]{{0,3}}\s?:)")
_FENCE: Final = re.compile(r"^\s{0,3}(?:```|~~~)")


class Footer(NamedTuple):
    """The last footer of a text."""

    values: dict[ReplyField, str]
    """Field to what stood behind its tag, markdown included; only fields that were asked for."""
    rest: str
    """The text without the footer."""


class _Tag(NamedTuple):
    line: int
    field: ReplyField
    value: str
    end: int
    """The first line behind the value."""


def read_footer(text: str, fields: Iterable[ReplyField]) -> Footer:
    """Find the last footer among the lines of ``text``; an earlier one, a quotation say, is left in the text.

    Reading upwards, a field seen already or more than :data:`GAP` other lines end the footer; so does any other line
    before a field that was asked for later, for that is where another footer ends.
    """
    order = {name: place for place, name in enumerate(fields)}
    lines = [piece for line in text.split("\n") for piece in _pieces(line)]
    footer: dict[ReplyField, _Tag] = {}
    for tag in reversed(_tags(lines, order)):
        if tag.field in footer:
            break
        if footer:
            below = min(footer.values(), key=lambda other: other.line)
            between = sum(_is_text(line) for line in lines[tag.end : below.line])
            if between > (GAP if order[tag.field] < order[below.field] else 0):
                break
        footer[tag.field] = tag
    if not footer:
        return Footer({}, text.strip())
    gone = {index for tag in footer.values() for index in range(tag.line, tag.end)}
    first = min(gone)
    kept = [line for index, line in enumerate(lines) if index not in gone and (index < first or _is_text(line))]
    rest = re.sub(r"(?:\n\s{0,3}(?:-{3,}|\*{3,}|```\w*))+\s*$", "", "\n".join(kept))
    return Footer({name: tag.value for name, tag in footer.items()}, rest.strip())


def _pieces(line: str) -> list[str]:
    """A line, cut before each further tag in capitals: ``STANCE: support CONFIDENCE: 80``."""
    return _INLINE.split(line) if _LINE.match(line) else [line]


def _is_text(line: str) -> bool:
    return bool(line.strip()) and not _FENCE.match(line)


def _tags(lines: list[str], wanted: Iterable[ReplyField]) -> list[_Tag]:
    tags = []
    for index, line in enumerate(lines):
        found = _LINE.match(line) or _HEADING.match(line)
        if found is None:
            continue
        field = next((name for name in wanted if name == found[1].lower()), None)
        if field is None:
            continue
        value, end = (found[2] if found.re is _LINE else ""), index + 1
        if not value.strip(" *_`|"):
            value, end = _below(lines, index + 1)
        elif field in ("position", "critique"):
            value, end = _wrapped(lines, value, end)
        tags.append(_Tag(index, field, value.strip(), end))
    return tags


def _below(lines: list[str], start: int) -> tuple[str, int]:
    """The value on the next line that holds one, when the tag stands alone."""
    for index in range(start, min(start + 3, len(lines))):
        if _is_text(lines[index]):
            tagged = _LINE.match(lines[index]) or _HEADING.match(lines[index])
            return ("", start) if tagged else (lines[index], index + 1)
    return "", start


def _wrapped(lines: list[str], value: str, end: int) -> tuple[str, int]:
    """A sentence that runs on over the lines that follow, up to a blank one or the next tag."""
    parts = [value]
    while end < len(lines) and _is_text(lines[end]) and not (_LINE.match(lines[end]) or _HEADING.match(lines[end])):
        if re.match(r"\s{0,3}(?:-{3,}|\*{3,}|#)", lines[end]):
            break
        parts.append(lines[end].strip())
        end += 1
    return " ".join(parts), end
