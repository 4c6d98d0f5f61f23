"""What can be read out of a text that has no footer, or a footer of its own making: fields, answers, a side. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from debate.consensus.leaning import leaning
from debate.consensus.selfstance import self_stance, sentences
from debate.reply.answers import canonical
from debate.reply.patterns import last_mentioned_answer
from debate.reply.reading import read
from debate.reply.reply import Stance
from debate.reply.spec import ReplySpec

_FOOTER: Final = ReplySpec(fields=("position", "stance", "confidence"))
_PHRASE: Final = ReplySpec(fields=("answer",), kind="open")
_LETTER: Final = ReplySpec(fields=("answer",), kind="choice")
_NUMBER: Final = ReplySpec(fields=("answer",), kind="number")
_OPTIONS: Final = re.compile(r"(?:\(A\)|\bA[).:]).{1,400}?(?:\(B\)|\bB[).:])", re.DOTALL)
_HOW_MANY: Final = re.compile(r"\bhow (?:many|much|long|far|old)\b", re.IGNORECASE)
_SUM: Final = re.compile(r"\d[^\n=]{0,40}[-+*/x\u00d7\u00f7][^\n=]{0,40}=\s*\$?\d")
_AT_AN_END: Final = re.compile(r"\A[(\[][A-J][)\]]|[(\[][A-J][)\]]\W{0,3}\Z")
_ANSWERS: Final = re.compile(r"\b(?:answer|option|choice|correct)\b", re.IGNORECASE)
_TAG: Final = re.compile(
    r"(?:^|[\n\"'*_`<{|,;.-])[ \t]*(?:my |the |final |current |overall )*stance(?: \(\w+\))?[\"'*_`\])>|\s]{0,4}"
    r"(?:[:=>|\u2192\u2013\u2014-]|is\b)([^\n.;}]{1,60})",
    re.IGNORECASE,
)
_SUPPORT: Final = re.compile(
    r"\b(?:(?:strongly[_ -]?)?(?:support|agree|favou?r|affirm)\w*|for|pro|yes)\b", re.IGNORECASE
)
_OPPOSE: Final = re.compile(
    r"\b(?:(?:strongly[_ -]?)?(?:oppos|disagree|reject)\w*|against|con|no|not)\b", re.IGNORECASE
)
_UNDECIDED: Final = re.compile(r"\b(?:neutral|undecided|mixed|unsure|balanced)\b", re.IGNORECASE)
_STRONG: Final = re.compile(r"\b(?:strong|firm|full|complete|whole)\w*", re.IGNORECASE)
LONGEST: Final = 64
"""Sentences of a text that are compared; of a longer one the first and last half of that many."""


@dataclass(frozen=True, slots=True)
class Prose:
    """What one text says of one topic, as far as it can be read."""

    text: str
    stance: Stance | None
    """Stated in a footer."""
    letter: str | None
    """The option it states as its answer."""
    number: str | None
    """The number it states as its answer."""
    phrase: str | None
    """What it states as its answer in a footer, where that is neither of these."""
    said: float | None
    """Where the speaker says it stands, in [-1, 1]: read from its own sentences, an estimate."""
    leans: float
    """Where its arguments lean, in [-1, 1]; 0 where nothing is found."""
    sentences: tuple[str, ...]
    """What is compared by embedding: the stated position, else the sentences."""

    @property
    def side(self) -> float:
        """The best of what is known, in [-1, 1]: stated, said, or leaning."""
        if self.stance is not None:
            return self.stance.score
        return self.said if self.said is not None else self.leans


@lru_cache(maxsize=4096)
def read_prose(topic: str, text: str) -> Prose:
    """Read ``text`` on ``topic``; nothing in it is guessed at, but a side may be estimated."""
    footer = read(text, _FOOTER).reply
    stance = footer.stance if footer.stance is not None else tagged_stance(text)
    body = footer.text or text
    marks = any(
        found is not None for found in (_OPTIONS.search(topic), _ANSWERS.search(text), _AT_AN_END.search(text.strip()))
    )
    letter = read(text, _LETTER).reply.answer
    if letter is None and marks and re.search(r"[(\[][A-J][)\]]", text):
        letter = last_mentioned_answer(text, _LETTER)
    number = read(text, _NUMBER).reply.answer
    if number is None and letter is None and (_HOW_MANY.search(topic) or _SUM.search(text)):
        mentioned = last_mentioned_answer(text, _NUMBER)
        number = canonical(mentioned, _NUMBER) if mentioned is not None else None
    phrase = read(text, _PHRASE).reply.answer if letter is None and number is None else None
    tagged = re.search(r"\banswer\W{0,6}[:=]", text, re.IGNORECASE) is not None
    compared = [footer.position] if footer.position is not None else sentences(body) or [body.strip() or text]
    if len(compared) > LONGEST:
        compared = [*compared[: LONGEST // 2], *compared[-LONGEST // 2 :]]
    lean = leaning(topic, body) if topic else None
    return Prose(
        text=text,
        stance=stance,
        letter=letter,
        number=number if letter is None else None,
        phrase=phrase if tagged or phrase in ("yes", "no", "true", "false") else None,
        said=self_stance(topic, body),
        leans=max(-1.0, min(1.0, lean.demand + lean.evaluation)) if lean is not None else 0.0,
        sentences=tuple(compared),
    )


def tagged_stance(text: str) -> Stance | None:
    """The level named behind the last "stance", in whatever notation; None where none or both sides are named.

    Where a footer was asked for it is read strictly. This is for texts that came without having been asked.
    """
    for tag in reversed(list(_TAG.finditer(text))):
        for_it, against = _SUPPORT.search(tag[1]), _OPPOSE.search(tag[1])
        if _UNDECIDED.search(tag[1]) and not (for_it or against):
            return Stance.NEUTRAL
        if (for_it is None) != (against is None):
            strong = _STRONG.search(tag[1]) is not None
            if for_it is not None:
                return Stance.STRONGLY_SUPPORT if strong else Stance.SUPPORT
            return Stance.STRONGLY_OPPOSE if strong else Stance.OPPOSE
    return None


def stated_agreement(first: Prose, second: Prose) -> bool | None:
    """Whether two texts state the same answer; None where they do not both state one of a kind."""
    for left, right in (
        (first.letter, second.letter),
        (first.number, second.number),
        (first.phrase, second.phrase),
    ):
        if left is not None and right is not None:
            return left == right
    return None
