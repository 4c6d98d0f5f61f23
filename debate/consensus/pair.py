"""How far two voices agree, from 0 to 1: by answer, by stance, by what their one-liners say. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from debate.consensus.vocabulary import opposed
from debate.consensus.wording import (
    content_stems,
    negations,
    normalised,
    numbers,
    overlap,
    renamed,
    without,
    without_particulars,
    words,
)
from debate.reply.reply import Stance


@dataclass(frozen=True, slots=True)
class SemanticMap:
    """The logistic curve that turns a similarity into an agreement: ``1 / (1 + exp(-(s - centre) / width))``.

    Its two constants depend on the embedder; :func:`debate.consensus.calibration.calibrate` fits them.
    """

    centre: float
    """The similarity at which agreement and disagreement are equally likely."""
    width: float
    """How gradually one goes over into the other; positive."""

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise ValueError(f"the width of a semantic map must be positive, found {self.width!r}")

    def __call__(self, similarity: float) -> float:
        """The agreement of a pair with this similarity, in [0, 1]."""
        x = (similarity - self.centre) / self.width
        return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


MINILM: Final = SemanticMap(centre=0.34, width=0.16)
"""For topic-projected positions under all-MiniLM-L6-v2; fitted on 466 pairs of Perspectrum and ArgKP
(``scripts/consensus_fit.py``)."""
LEXICAL: Final = SemanticMap(centre=0.32, width=0.15)
"""For cosines of hashed character 3- to 5-grams; fitted on the same pairs."""

_ALIKE: Final = 0.6
_RISE: Final = 4.0
"""A mismatched negation counts from a Jaccard index of 0.6 of content words, and wholly from 0.85."""

SHORT: Final = 40
"""Words; the checks of negation and numbers hold for one-liners only, as longer texts negate many things."""


def answers_agree(first: str, second: str) -> float:
    """1 for the same answer, else 0. Answers come normalised, see :mod:`debate.reply`."""
    return 1.0 if normalised(first) == normalised(second) else 0.0


def stances_agree(first: Stance, second: Stance) -> float:
    """How near two stances are.

    Equal gives 1, strong and plain of one side .75, neutral and a side .5, strong and plain of opposite sides .25,
    mirror images 0: ``(1 + s t / max(s², t²)) / 2``.
    """
    if first is second:
        return 1.0
    s, t = first.score, second.score
    return (1 + s * t / max(s * s, t * t)) / 2


def positions_agree(first: str, second: str, similarity: float, curve: SemanticMap) -> float:
    """How far two one-line positions say the same.

    Identical lines agree by 1. Otherwise the similarity goes through ``curve`` and what embeddings do not see is
    corrected: a negation in one of two lines that share their words, and numbers that differ.

    Args:
        first: A position.
        second: Another.
        similarity: Their (topic-projected) cosine, in [-1, 1].
        curve: Turns a similarity into an agreement.
    """
    if normalised(first) == normalised(second):
        return 1.0
    return curve(similarity) * wording_discount(first, second)


def wording_discount(first: str, second: str) -> float:
    """What is left, in [0, 1], of the agreement of two short texts whose wording is nearly the same.

    Embeddings hardly see one word that turns a sentence round. So where most words are shared, a negation, a deed or a
    judgement of the opposite sign, another number or another name in one of the two takes agreement away, the more the
    more is shared. Texts that share few words are left alone: there, "not" turns nothing round.
    """
    if max(len(words(first)), len(words(second))) >= SHORT:
        return 1.0
    turned = (negations(first) > 0) != (negations(second) > 0)
    pair = opposed(first, second)
    if turned and pair is not None:
        return 1.0  # "discourage it" and "do not promote it" are turned round twice
    kept = 1.0
    if turned:
        kept *= 1 - _alike(content_stems(first), content_stems(second))
    if pair is not None:
        kept *= 1 - _alike(*(content_stems(without(text, frozenset(pair))) for text in (first, second)))
    elif numbers(first) != numbers(second) or renamed(first, second):
        kept *= 1 - _alike(*(content_stems(without_particulars(text)) for text in (first, second))) / 2
    return kept


def _alike(left: frozenset[str], right: frozenset[str]) -> float:
    """How nearly the same two texts' words are, 0 up to an overlap of 0.6 and 1 from 0.85."""
    shared = overlap(left, right) if left or right else 1.0
    return min(1.0, max(0.0, (shared - _ALIKE) * _RISE))
