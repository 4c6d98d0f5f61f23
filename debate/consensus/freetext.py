"""Agreement of free texts without a footer: of low reliability, and labelled so.

In this order: stances stated in footers, answers stated in words, and else three weak signs added up on the scale of
log-odds: the sides the texts take, how near their best-matching sentences are once the topic is projected out, and how
far apart they are on an axis from ill to well spoken of. The four constants were fitted by logistic regression on human
arguments and checked on topics left out (``scripts/consensus_fit.py``); see ``docs/explanation/consensus.md``.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

from debate.consensus.embedder import EmbedderPort
from debate.consensus.pair import SemanticMap, stances_agree, wording_discount
from debate.consensus.prose import Prose, read_prose, stated_agreement
from debate.consensus.semantic import unit_rows
from debate.consensus.wording import normalised

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]
    Matrix = npt.NDArray[np.float64]

SIDES: Final = 1.5
"""Log-odds of agreeing when both texts lean wholly to one side."""
SAID: Final = 1.8
"""The same when both speakers say where they stand: such pairs were read right in 86 % (log-odds 1.8)."""
NEARNESS: Final = 3.2
"""Log-odds for a unit of projected cosine."""
VALENCE: Final = 5.4
"""Log-odds taken away for a unit of distance on the axis of valence."""
BASE: Final = -0.35
"""Log-odds of agreeing when nothing else is known."""
SPREAD: Final = 0.17
"""Standard deviation of projected cosines within a topic: by it the best of several sentences is nearer by chance."""
PLAIN: Final = SemanticMap(centre=0.6, width=0.15)
"""For texts without a topic: there is no side to take and nothing to project out."""

_SUBJECTS: Final = ("It is {}.", "This would be {} for society.")
_WELL: Final = (
    "good", "great", "beneficial", "effective", "fair", "just", "safe", "important", "valuable", "necessary", "moral",
    "useful", "successful", "healthy", "right", "legitimate", "reasonable", "acceptable", "affordable", "progressive",
)  # fmt: skip
_ILL: Final = (
    "bad", "terrible", "harmful", "ineffective", "unfair", "unjust", "dangerous", "pointless", "worthless",
    "unnecessary", "immoral", "useless", "unsuccessful", "unhealthy", "wrong", "illegitimate", "unreasonable",
    "unacceptable", "expensive", "oppressive",
)  # fmt: skip
_DEEDS: Final = (
    ("benefits", "helps", "protects", "improves", "saves", "empowers", "strengthens", "supports"),
    ("harms", "hurts", "endangers", "damages", "costs", "oppresses", "weakens", "undermines"),
)


def pole_texts() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sentences that speak well and ill; the difference of their mean embeddings is the axis of valence."""
    well, ill = (
        tuple(subject.format(word) for word in ends for subject in _SUBJECTS)
        + tuple(
            f"{start} {deed} {end}." for deed in deeds for start, end in (("It", "people"), ("This", "our society"))
        )
        for ends, deeds in ((_WELL, _DEEDS[0]), (_ILL, _DEEDS[1]))
    )
    return well, ill


async def text_agreements(texts: Sequence[str], *, topic: str, embedder: EmbedderPort) -> list[list[float]]:
    """Agreements of all pairs of ``texts``, symmetric, in [0, 1], the diagonal 1.

    Raises:
        debate.errors.EmbedderError: If there are no vectors.
    """
    prose = await asyncio.to_thread(lambda: [read_prose(topic, text) for text in texts])
    needed = texts_to_embed([(topic, one) for one in prose])
    rows = await embedder.embed(needed)
    vectors = dict(zip(needed, rows, strict=True))
    return await asyncio.to_thread(_matrix, prose, topic, vectors)


def texts_to_embed(read: Iterable[tuple[str, Prose]]) -> list[str]:
    """Every distinct text :func:`prose_agreement` needs a vector of, for these topics and texts."""
    well, ill = pole_texts()
    topics_and_sentences = (text for topic, one in read for text in (topic, *one.sentences))
    return list(dict.fromkeys([*well, *ill, *topics_and_sentences]))


def prose_agreement(topic: str, first: Prose, second: Prose, vectors: Mapping[str, Vectors]) -> float:
    """How far two texts agree on ``topic``, in [0, 1].

    Args:
        topic: The motion or question; empty for none.
        first: What was read of a text.
        second: And of another.
        vectors: (d,) for each of :func:`texts_to_embed`.
    """
    if normalised(first.text) == normalised(second.text):
        return 1.0
    if first.stance is not None and second.stance is not None:
        return stances_agree(first.stance, second.stance)
    same = stated_agreement(first, second)
    if same is not None:
        return 1.0 if same else 0.0
    left, right = sentence_rows(topic, first, vectors), sentence_rows(topic, second, vectors)
    near = best_match(left, right)
    discount = wording_discount(" ".join(first.sentences), " ".join(second.sentences))
    if not topic:
        return PLAIN(near) * discount
    apart = abs(valence(left, vectors) - valence(right, vectors))
    both_say = first.said is not None and second.said is not None
    odds = BASE + (SAID if both_say else SIDES) * first.side * second.side + NEARNESS * near - VALENCE * apart
    return discount / (1 + math.exp(-odds))


def best_match(left: Matrix, right: Matrix) -> float:
    """The mean cosine of each sentence with the nearest of the other text, less what the choice alone accounts for.

    The greatest of n cosines is greater by chance: by about ``SPREAD`` times the expected maximum of n standard normals
    (Blom's approximation), which is taken off, so that long texts are on the scale of one-liners.
    """
    cosines = left @ right.T
    there = float(cosines.max(axis=1).mean()) - SPREAD * _expected_maximum(cosines.shape[1])
    back = float(cosines.max(axis=0).mean()) - SPREAD * _expected_maximum(cosines.shape[0])
    return (there + back) / 2


def _expected_maximum(n: int) -> float:
    return NormalDist().inv_cdf((n - 0.375) / (n + 0.25))


def _matrix(prose: Sequence[Prose], topic: str, vectors: Mapping[str, Vectors]) -> list[list[float]]:
    result = [[1.0] * len(prose) for _ in prose]
    for i, first in enumerate(prose):
        for j in range(i + 1, len(prose)):
            result[i][j] = result[j][i] = prose_agreement(topic, first, prose[j], vectors)
    return result


def sentence_rows(topic: str, one: Prose, vectors: Mapping[str, Vectors]) -> Matrix:
    """Unit rows of a text's sentences without their component along the topic, (n, d)."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    rows = np.stack([vectors[sentence] for sentence in one.sentences]).astype(np.float64)
    if topic:
        axis = unit_rows(vectors[topic].astype(np.float64)[None, :])[0]
        rows = rows - np.outer(rows @ axis, axis)
    return unit_rows(rows)


def valence(rows: Matrix, vectors: Mapping[str, Vectors]) -> float:
    """How well a text speaks of things, in [-1, 1]: the mean cosine of its sentences with the axis from ill to well."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    well, ill = pole_texts()
    up, down = (np.stack([vectors[text] for text in pole]).mean(axis=0, keepdims=True) for pole in (well, ill))
    return float((rows @ unit_rows(up - down)[0]).mean())
