"""Which way an argument leans on a motion, from the deeds it demands and how it speaks of what the motion is about.

A reading for prose that states no stance of its own ("legalising it would let the state protect workers"). It follows
the scheme of Bar-Haim et al. (EACL 2017): the sign of what is said about a target, times the sign of what the motion
does to that target. Its validity is modest and its reliability low; see
``docs/explanation/consensus.md``. Pure, English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from debate.consensus.vocabulary import AGAINST_TARGET, BAD, FOR_TARGET, GOOD
from debate.consensus.wording import is_negation, lexicon, words

_DUTY: Final = lexicon(
    "should shouldn't must mustn't ought need needs needn't let let's time cannot can't don't",
)
_FLIP: Final = lexicon(
    "reduce reduces reducing reduced prevent prevents preventing stop stops stopping avoid avoids avoiding fight",
    "fights less fewer lower lowers lessen eliminate eliminates end ends ending solve solves combat combats deter",
    "deters ease without against curb curbs decrease decreases minimize minimise alleviate alleviates rid free",
    "cut cuts little hardly limit limits deny denies restrict restricts violate violates undermine undermines",
    "lose lack lacks hinder hinders",
)
_REACH: Final = 6
_NEAR: Final = 3


@dataclass(frozen=True, slots=True)
class Leaning:
    """What a text says of the motion's target and deed, each in [-1, 1], in favour of the motion where positive."""

    demand: float
    """From what the text says should be done."""
    evaluation: float
    """From words that speak well or ill."""


@lru_cache(maxsize=4096)
def leaning(topic: str, text: str) -> Leaning:
    """How ``text`` leans on the motion ``topic``; zeros where nothing is found."""
    direction, deeds = motion_of(topic)
    demands = 0.0
    about_deed = about_target = 0.0
    good_or_bad = 0
    for sentence in re.split(r"(?<=[.!?;])\s+|\n+", text):
        said = words(sentence)
        demanded = _demand(said)
        demands += demanded
        tone, count = _tone(said)
        good_or_bad += count
        if not demanded and names_deed(said, deeds):
            about_deed += tone
        else:
            about_target += tone
    evaluation = (about_deed + direction * about_target) / (good_or_bad + 1)
    return Leaning(demand=direction * max(-1.0, min(1.0, demands)), evaluation=max(-1.0, min(1.0, evaluation)))


@lru_cache(maxsize=256)
def motion_of(topic: str) -> tuple[int, frozenset[str]]:
    """Whether the motion goes for (1) or against (-1) what it is about, and how its words for the deed begin."""
    said = words(topic)
    deeds = [(index, _deed(word)) for index, word in enumerate(said) if _deed(word)]
    if deeds:
        index, sign = deeds[0]
        if _negated(said, index, _NEAR):
            sign = -sign
        return sign, frozenset(said[i][:5] for i, _ in deeds[:1])
    tone, _ = _tone(said)
    return (-1 if tone < 0 else 1), frozenset()


def names_deed(said: tuple[str, ...], deeds: frozenset[str]) -> bool:
    """Whether one of the words is the motion's deed in any of its forms: ``ban``, ``banning``."""
    return any(_deed(word) and word.startswith(deed) for word in said for deed in deeds)


def _demand(said: tuple[str, ...]) -> float:
    """The sign of the first deed that is called for, negations counted; 0 without one."""
    for start, word in enumerate(said):
        if word not in _DUTY and not (start == 0 and _deed(word) and not word.endswith("ing")):
            continue
        for index in range(start, min(start + _REACH, len(said))):
            sign = _deed(said[index])
            if sign:
                negative = sum(is_negation(part) for part in said[max(0, start - 1) : index])
                return float(sign * (-1) ** negative)
    return 0.0


def _tone(said: tuple[str, ...]) -> tuple[float, int]:
    """The sum of the signs of evaluative words, each turned round behind "not" or "reduces"; and how many there are."""
    total, count = 0.0, 0
    for index, word in enumerate(said):
        sign = 1 if GOOD.match(word) else -1 if BAD.match(word) else 0
        if not sign:
            continue
        count += 1
        before = said[max(0, index - _NEAR) : index]
        turned = sum(is_negation(part) or part in _FLIP for part in before)
        total += sign * (-1) ** turned
    return total, count


def _deed(word: str) -> int:
    return -1 if AGAINST_TARGET.match(word) else 1 if FOR_TARGET.match(word) else 0


def _negated(said: tuple[str, ...], index: int, reach: int) -> bool:
    return sum(is_negation(word) for word in said[max(0, index - reach) : index]) % 2 == 1
