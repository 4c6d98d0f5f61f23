"""Fitting the two constants of the semantic map to a user's own pairs, and saying how good the fit is.

Brier score, reliability and calibration error are those of predictions for topics left out of the fit, so that they
promise nothing the next topic would not keep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from debate.consensus.embedder import EmbedderPort
from debate.consensus.fitting import auroc, brier, fit_logistic, folds, interval
from debate.consensus.pair import SemanticMap, answers_agree, wording_discount
from debate.consensus.semantic import cosines
from debate.consensus.voices import Voice

if TYPE_CHECKING:
    from debate.consensus.fitting import Floats

FEWEST: Final = 20
"""Pairs below which two constants are not fitted."""
_FOLDS: Final = 10
_BINS: Final = 10


class LabelledPair(NamedTuple):
    """Two positions on a topic, and whether they say the same."""

    topic: str
    first: str
    second: str
    agree: bool


class ScoredPair(NamedTuple):
    """A labelled pair with its similarity."""

    topic: str
    similarity: float
    """Topic-projected cosine."""
    agree: bool
    kept: float = 1.0
    """What the check of negations, numbers and names leaves of its agreement, in [0, 1]."""


class Bin(BaseModel):
    """One point of the reliability curve: pairs whose predicted agreement lies between two bounds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float
    high: float
    pairs: int
    predicted: float
    """Mean predicted agreement."""
    agreeing: float
    """The part of the pairs that do agree."""


class Calibration(BaseModel):
    """A semantic map fitted for one embedder, with how well it predicts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    embedder: str
    """Name and version; the map holds for no other."""
    centre: float
    width: float
    pairs: int
    topics: int
    auroc: float
    auroc_interval: tuple[float, float]
    """95 %, over bootstrap samples of topics."""
    brier: float
    brier_interval: tuple[float, float]
    ece: float
    """Expected calibration error: the mean distance of the reliability curve from the diagonal, weighted by pairs."""
    bins: tuple[Bin, ...]

    @property
    def curve(self) -> SemanticMap:
        """The map."""
        return SemanticMap(centre=self.centre, width=self.width)


async def score_pairs(pairs: Sequence[LabelledPair], embedder: EmbedderPort) -> list[ScoredPair]:
    """The projected similarity of each pair; each distinct text is embedded once.

    Raises:
        debate.errors.EmbedderError: If there are no vectors.
    """
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.topic, pair.first, pair.second)))
    vectors = dict(zip(texts, await embedder.embed(texts), strict=True))

    def score() -> list[ScoredPair]:
        import numpy as np  # noqa: PLC0415 - structured scores never need it

        return [
            ScoredPair(
                topic=pair.topic,
                similarity=float(
                    cosines(
                        np.stack([vectors[pair.first], vectors[pair.second]]),
                        topic=vectors[pair.topic] if pair.topic else None,
                    )[0, 1]
                ),
                agree=pair.agree,
                kept=wording_discount(pair.first, pair.second),
            )
            for pair in pairs
        ]

    return await asyncio.to_thread(score)


def pairs_of(topic: str, voices: Sequence[Voice]) -> list[LabelledPair]:
    """Labelled pairs of one iteration: the positions of two voices agree if their answers, or ballots, are the same.

    Voices without a position, or without an answer and a stance, make no pair; nor do two neutrals, who may be neutral
    for opposite reasons.
    """
    found = []
    for first, second in combinations(voices, 2):
        if first.position is None or second.position is None:
            continue
        if first.answer is not None and second.answer is not None:
            agree = answers_agree(first.answer, second.answer) == 1
        elif first.stance is not None and second.stance is not None and (first.stance.score or second.stance.score):
            agree = first.stance.ballot == second.stance.ballot
        else:
            continue
        found.append(LabelledPair(topic, first.position, second.position, agree))
    return found


def check_enough(pairs: Sequence[LabelledPair] | Sequence[ScoredPair]) -> None:
    """Refuse what cannot be fitted, before anything is embedded.

    Raises:
        ValueError: With too few pairs, or one class only.
    """
    if len(pairs) < FEWEST or len({pair.agree for pair in pairs}) < 2:  # noqa: PLR2004 - both classes
        raise ValueError(f"calibration needs {FEWEST} pairs, some that agree and some that do not; found {len(pairs)}")


def calibrate(pairs: Sequence[ScoredPair], *, embedder: str, seed: int = 0) -> Calibration:
    """Fit the map's two constants by logistic regression, and measure the fit on what was left out of it.

    Pairs that the wording check marks down are left out of the fit, as that check and not the map decides them; the
    measures are of both together.

    Raises:
        ValueError: With too few pairs, one class only, or a similarity that does not rise with agreement.
    """
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    check_enough(pairs)
    similarity = np.array([pair.similarity for pair in pairs], dtype=np.float64)
    labels = np.array([float(pair.agree) for pair in pairs])
    kept = np.array([pair.kept for pair in pairs], dtype=np.float64)
    topics = [pair.topic for pair in pairs]
    groups = topics if len(set(topics)) > 1 else list(range(len(pairs)))
    curve = _fit(similarity, labels, kept)
    predicted = np.zeros(len(pairs))
    for train, test in folds(groups, _FOLDS):
        part = _fit(similarity[train], labels[train], kept[train])
        predicted[test] = [part(float(similarity[row])) * kept[row] for row in test]
    final = np.array([curve(float(s)) for s in similarity]) * kept
    bins = reliability_bins(labels, predicted)
    return Calibration(
        embedder=embedder,
        centre=curve.centre,
        width=curve.width,
        pairs=len(pairs),
        topics=len(set(topics)),
        auroc=auroc(labels, final),
        auroc_interval=interval(auroc, labels, final, topics, seed=seed),
        brier=brier(labels, predicted),
        brier_interval=interval(brier, labels, predicted, topics, seed=seed),
        ece=sum(one.pairs * abs(one.predicted - one.agreeing) for one in bins) / len(pairs),
        bins=bins,
    )


def reliability_bins(labels: Floats, predicted: Floats) -> tuple[Bin, ...]:
    """The reliability curve over ten equal ranges of predicted agreement; empty ranges are left out."""
    rows = (predicted * _BINS).astype(int).clip(0, _BINS - 1)
    return tuple(
        Bin(
            low=index / _BINS,
            high=(index + 1) / _BINS,
            pairs=int((rows == index).sum()),
            predicted=float(predicted[rows == index].mean()),
            agreeing=float(labels[rows == index].mean()),
        )
        for index in range(_BINS)
        if (rows == index).any()
    )


def _fit(similarity: Floats, labels: Floats, kept: Floats) -> SemanticMap:
    whole = kept == 1
    if len(set(labels[whole].tolist())) < 2:  # noqa: PLR2004 - both classes
        raise ValueError("calibration needs pairs of both kinds that differ in more than a negation or a number")
    slope, intercept = fit_logistic(similarity[whole][:, None], labels[whole])
    if slope <= 0:
        raise ValueError("the similarity of these pairs does not rise with their agreement, so no map fits them")
    return SemanticMap(centre=float(-intercept / slope), width=float(1 / slope))
