"""Fields: the typed value of what stood behind a tag or under a JSON key; None where it states none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, Literal

from debate.reply.json_block import Json
from debate.reply.numbers import parse_number
from debate.reply.phrases import phrase, plain
from debate.reply.reply import Stance
from debate.reply.spec import ReplySpec

SENTENCE_LIMIT: Final = 2000
"""Characters of a position that are kept."""

_LEVELS: Final[Mapping[str, Stance]] = {
    **{stance.value.replace("_", " "): stance for stance in Stance},
    **{f"{word}s": Stance(word) for word in ("support", "oppose")},
    "strongly agree": Stance.STRONGLY_SUPPORT,
    "agree": Stance.SUPPORT,
    "disagree": Stance.OPPOSE,
    "strongly disagree": Stance.STRONGLY_OPPOSE,
    "strong support": Stance.STRONGLY_SUPPORT,
    "strong oppose": Stance.STRONGLY_OPPOSE,
    "strong opposition": Stance.STRONGLY_OPPOSE,
    "strongly in favor": Stance.STRONGLY_SUPPORT,
    "strongly in favour": Stance.STRONGLY_SUPPORT,
    "in favor": Stance.SUPPORT,
    "in favour": Stance.SUPPORT,
    "for": Stance.SUPPORT,
    "against": Stance.OPPOSE,
    "strongly against": Stance.STRONGLY_OPPOSE,
    "undecided": Stance.NEUTRAL,
}
_CONFIDENCE: Final = re.compile(
    r"^\D{0,40}?(-?\d{1,5}(?:[.,]\d{1,6})?)\s*(%|percent\b|/\s*100\b|/\s*10\b|out of 10\b)?(.*)$", re.DOTALL
)


def as_text(value: Json) -> str | None:
    """A text or a number as text; None for anything else, and for what is blank."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | Decimal):
        return str(value).strip() or None
    return None


def sentence(value: Json) -> str | None:
    """A position or a critique: one line, without markdown or brackets around it; None for an unfilled placeholder."""
    text = as_text(value)
    if text is None:
        return None
    bare = re.sub(r"\s+", " ", text[: 2 * SENTENCE_LIMIT]).strip(" *_`")
    if re.fullmatch(r"[<\[].*[>\]]|n/?a|none|null|\W*", bare, flags=re.IGNORECASE):
        return None
    return re.sub(r"\s+", " ", plain(bare))[:SENTENCE_LIMIT].strip() or None


def stance(value: Json) -> Stance | None:
    """A stance by its name; a list of all levels, or any other sentence, is none."""
    text = as_text(value)
    if text is None:
        return None
    words = re.sub(r"[\s_\-\u2010-\u2014]+", " ", plain(text)[:60].casefold().rstrip(" .!")).strip()
    return _LEVELS.get(re.sub(r"\s*(?:\(.*\)|[,;:.\u2013\u2014].*| the motion)$", "", words))


def confidence(value: Json) -> float | None:
    """A confidence as a part of 1: ``80``, ``80%``, ``8/10`` and ``0.8`` are 0.8.

    Whole numbers are per cent, so ``1`` is 1 %; with a decimal point and up to ``1.0`` it is a probability. A range, a
    word, or a number outside 0-100 is none.
    """
    text = as_text(value)
    found = _CONFIDENCE.match(plain(text)[:200]) if text is not None else None
    if found is None or re.match(r"\s*(?:[-\u2013]|to|or)\s*\d", found[3]):
        return None
    number, unit = float(found[1].replace(",", ".")), (found[2] or "").replace(" ", "")
    if unit in {"/10", "outof10"}:
        number *= 10
    elif not unit and number <= 1 and re.search(r"[.,]", found[1]):
        number *= 100
    return number / 100 if 0 <= number <= 100 else None  # noqa: PLR2004 - per cent


def agreement(value: Json) -> Literal["agree", "disagree"] | None:
    """Whether the reply agrees with what was proposed."""
    if isinstance(value, bool):
        return "agree" if value else "disagree"
    word = _first_word(value)
    if word in {"agree", "agreed", "yes", "accept"}:
        return "agree"
    return "disagree" if word in {"disagree", "disagreed", "no", "reject"} else None


def stop(value: Json) -> bool | None:
    """Whether the reply says that the debate should end."""
    if isinstance(value, bool):
        return value
    word = _first_word(value)
    return word in {"yes", "true", "stop"} if word in {"yes", "true", "stop", "no", "false", "continue"} else None


def _first_word(value: Json) -> str | None:
    """The first word of a text, unless the text lists alternatives, as an unfilled placeholder does."""
    text = as_text(value)
    if text is None or "|" in text or "/" in text:
        return None
    found = re.match(r"[a-z]+", phrase(text))
    return found[0] if found else None


def option(text: str, spec: ReplySpec) -> str | None:
    """The option a short text names: its label, ``Response B``, or its text; None if none or unknown."""
    said = phrase(text)
    for name in spec.options:
        if said in {phrase(name), f"({phrase(name)})", f"[{phrase(name)}]"}:
            return name
    for name, words in spec.choices.items():
        if name in spec.options and said == phrase(words):
            return name
    found = re.fullmatch(r"(?:response|option|answer|candidate|choice|proposal|participant)\s+[(\[]?(.+?)[)\]]?", said)
    return option(found[1], spec) if found else None


def ranking(value: Json, spec: ReplySpec) -> tuple[str, ...] | None:
    """Options best first: ``B > A > C``, ``B, A``, a numbered list or a JSON array. A repeated option makes it void.

    Options may be missing; they were not ranked. An unknown one makes it void, for it cannot be told what was meant.
    """
    if isinstance(value, list):
        parts = [as_text(part) or "" for part in value]
    else:
        parts = re.split(
            r"\s*(?:>|,|;|\n|\u2192|\s\d{1,2}[.)]\s)\s*", re.sub(r"^\s*1[.)]\s*", "", as_text(value) or "")
        )
    names = [option(part, spec) for part in parts if part.strip()]
    known = [name for name in names if name is not None]
    return tuple(known) if known and len(known) == len(names) == len(set(known)) else None


def amounts(value: Json, spec: ReplySpec) -> dict[str, float] | None:
    """Option to number: ``A=7, B=4`` or a JSON object; void if an option is unknown or comes twice."""
    if isinstance(value, dict):
        pairs: Sequence[tuple[str, str]] = [(name, as_text(number) or "") for name, number in value.items()]
    else:
        pairs = re.findall(
            r"([^=:,;\n]{1,80}?)\s*[=:]\s*(-?\d{1,6}(?:\.\d{1,6})?)(?:\s*/\s*\d{1,4})?\s*(?:[,;\n]|$)",
            as_text(value) or "",
        )
    found: dict[str, float] = {}
    for name, number in pairs:
        known, amount = option(name, spec), parse_number(number)
        if known is None or amount is None or known in found:
            return None
        found[known] = float(amount)
    return found or None


def scores(value: Json, spec: ReplySpec) -> dict[str, float] | None:
    """Scores, each within the scale that was asked for."""
    found = amounts(value, spec)
    low, high = spec.scale
    return found if found and all(low <= score <= high for score in found.values()) else None


def ballot(value: Json, spec: ReplySpec) -> dict[str, float] | None:
    """A ballot in the style that was asked for; a cumulative one may not share out more points than there are."""
    if spec.ballot_style == "cumulative":
        found = amounts(value, spec)
        valid = found and all(points >= 0 for points in found.values()) and 0 < sum(found.values()) <= spec.points
        return found if valid else None
    if spec.ballot_style == "approval":
        if isinstance(value, str) and phrase(value) in {"none", "nobody", "none of them"}:
            return {}
        chosen = ranking(value, spec)
        return dict.fromkeys(chosen, 1.0) if chosen else None
    text = as_text(value)
    name = option(text, spec) if text is not None else None
    return {name: 1.0} if name is not None else None
