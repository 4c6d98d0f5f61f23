r"""Patterns: an answer that running text states outright, for replies without a footer and for recorded debates.

Two strengths are kept apart. A *statement* ("the answer is (B)", ``\boxed{18}``, a text that is nothing but an answer)
is what the speaker said. The *last mention* (the last option letter, the last number) is only what a reader would bet
on: recorded corpora were scored by it, so importers may ask for it; a live run never does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from debate.reply.answers import canonical
from debate.reply.choices import LETTERS
from debate.reply.numbers import NUMBER
from debate.reply.phrases import phrase
from debate.reply.spec import Extractor, ReplySpec

WINDOW: Final = 400
"""Characters behind "the answer is" that are looked at."""

TAIL: Final = 20_000
"""Characters of a text in which its last formula is looked for."""

STATEMENTS: Final = 40
"""Statements, and boxes, that are looked at, counted from the end, where a speaker's last word stands."""

ALONE: Final = 80
"""Characters of a text that may be nothing but an answer."""

_STATEMENT: Final = re.compile(
    r"\b(?:answer|ans|correct\s+(?:option|choice)|(?:option|choice)\s+is)\b"
    r"(?:\s+(?:to\s+(?:this|the)\s+(?:question|problem)|choice|option|here|would|should|must|therefore))?"
    r"[\s*_`]{0,6}(?:is|be|are|:|=)[\s*_`:]{0,6}(?:(?:indeed|still|also|therefore|thus|simply|just|then|be|option|choice|letter)[\s:]{1,3})?",
    re.IGNORECASE,
)
_BOXED: Final = re.compile(r"\\(?:boxed|fbox)\s{0,3}(?=[{\d\w])")
_MATHS: Final = re.compile(
    r"\$\$([^$]{1,400})\$\$|\$([^$\n]{1,400})\$|\\\[(.{1,400}?)\\\]|\\\((.{1,400}?)\\\)", re.DOTALL
)
_SENTENCE_END: Final = re.compile(r"(?:[.!?](?:\s|$)|\n\s*\n|\n)")


def stated_answer(text: str, spec: ReplySpec) -> str | None:
    """The answer a text states, as written: the last statement of it that can be read; None if there is none."""
    found = [*_boxed(text), *_statements(text)]
    for _, written in sorted(found, key=lambda one: one[0], reverse=True):
        if (answer := _readable(written, spec)) is not None:
            return answer
    bare = text.strip()
    alone = len(bare) <= ALONE and "\n" not in bare and spec.kind not in (None, "open")
    return bare if alone and canonical(bare, spec) else None


def boxed_answer(text: str, spec: ReplySpec) -> str | None:
    """What stands in the last box that holds an answer, as written; None if there is none."""
    return next((one for _, one in reversed(list(_boxed(text))) if canonical(one, spec) is not None), None)


def last_number(text: str, spec: ReplySpec) -> str | None:
    """The last number of a text, as written, thousands separators and sign included; None if there is none."""
    found = _numbers(text)
    return found[-1][1] if found and canonical(found[-1][1], spec) is not None else None


def last_mentioned_answer(text: str, spec: ReplySpec) -> str | None:
    """The last bracketed option letter, number or formula of a text, as written; None if there is none.

    A bare letter does not count: most are articles and names.
    """
    match spec.kind:
        case "choice":
            letters = "|".join(re.escape(key) for key in spec.choices or LETTERS)
            marked = re.findall(rf"[(\[]\s?({letters})\s?[)\]]", text, flags=re.IGNORECASE)
            marked = marked or re.findall(rf"(?<!\w)({letters})\)", text, flags=re.IGNORECASE)
            return marked[-1] if marked else None
        case "number":
            return last_number(text, spec)
        case "expression":
            text = text[-TAIL:]
            masked = _MATHS.sub(lambda found: " " * len(found[0]), text)
            found = sorted([*_formulas(text), *_numbers(masked)])
            return next((formula for _, formula in reversed(found) if canonical(formula, spec)), None)
        case _:
            return None


def _numbers(text: str) -> list[tuple[int, str]]:
    """Every number and where it stands; a dash between two numbers is no sign."""
    found = [(number.start(), number[0]) for number in NUMBER.finditer(text)]
    return [(at, number.lstrip("+-") if at and text[at - 1].isalnum() else number) for at, number in found]


def _formulas(text: str) -> list[tuple[int, str]]:
    """Every formula in maths mode and where it stands; of a chain of equations the last side, and no lone variable."""
    found = [(maths.start(), next(part for part in maths.groups() if part)) for maths in _MATHS.finditer(text)]
    sides = [(at, re.split(r"(?<![<>!])=|\\approx(?![A-Za-z])", formula)[-1].strip()) for at, formula in found]
    return [(at, side) for at, side in sides if not re.fullmatch(r"\W*|\\?[A-Za-z]\W*|\\angle.*", side)]


def _readable(written: str, spec: ReplySpec) -> str | None:
    """What of a statement is the answer: all of it, or the part of it that comes first."""
    candidates = [written]
    if spec.kind == "choice":
        keys = "|".join(re.escape(key) for key in sorted(spec.choices or LETTERS, key=len, reverse=True))
        first = re.match(rf"\W{{0,6}}({keys})(?![\w'\u2019])(.*)", written, re.DOTALL)
        another = first and re.match(rf"\W{{0,6}}(?:or|and|to|nor)?\W{{0,6}}({keys})(?![\w'\u2019])", first[2])
        other_text = first and any(phrase(text) == phrase(first[2].lstrip(")]}.:- ")) for text in spec.choices.values())
        candidates += [first[1]] if first and not another and not other_text else []
    elif spec.kind in ("number", "expression"):
        maths = _MATHS.search(written)
        candidates += [next(part for part in maths.groups() if part)] if maths else []
        candidates += re.split(r",\s|\s(?:because|since|which|so|as|where|or)\s", written)[:1]
        if spec.kind == "number":
            numbers = NUMBER.findall(written)
            candidates += numbers if len(numbers) == 1 else []
    return next((one.strip() for one in candidates if one.strip() and canonical(one, spec) is not None), None)


def _statements(text: str) -> list[tuple[int, str]]:
    """Where answers are announced, and the sentence behind it."""
    found_at = list(_STATEMENT.finditer(text))[-STATEMENTS:]
    return [(found.start(), _sentence(text, found.end())) for found in found_at]


def _sentence(text: str, start: int) -> str:
    window = text[start : start + WINDOW].lstrip("\n ")
    end = _SENTENCE_END.search(window)
    return (window[: end.start()] if end else window).strip()


def _boxed(text: str) -> Iterator[tuple[int, str]]:
    """The contents of every box, braces matched."""
    for found in list(_BOXED.finditer(text))[-STATEMENTS:]:
        rest = text[found.end() : found.end() + WINDOW]
        if not rest.startswith("{"):
            yield found.start(), rest[:1]
            continue
        depth = 0
        for index, character in enumerate(rest):
            depth += (character == "{") - (character == "}")
            if depth == 0:
                yield found.start(), rest[1:index]
                break


ANSWER_EXTRACTORS: Final[Mapping[Extractor, Callable[[str, ReplySpec], str | None]]] = {
    "patterns": stated_answer,
    "boxed": boxed_answer,
    "last_mention": last_mentioned_answer,
    "last_number": last_number,
}
"""Extractors that find an answer in running text."""
