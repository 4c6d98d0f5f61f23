"""Small statistics: logistic regression, AUROC, Brier score, calibration error, bootstrap by topic. Pure numpy."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_STEPS: Final = 50
_SETTLED: Final = 1e-9
_FEW_TOPICS: Final = 5


def fit_logistic(features: Floats, labels: Floats, weights: Floats | None = None, *, ridge: float = 1e-3) -> Floats:
    """Coefficients and, last, the intercept of a logistic regression, (k + 1,), by Newton's method.

    Args:
        features: (n, k).
        labels: (n,), 0 or 1.
        weights: (n,), how much each row counts; alike by default.
        ridge: Penalty on squared coefficients (not the intercept), which keeps them finite where classes separate.
    """
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    n, k = features.shape
    design = np.hstack([features, np.ones((n, 1))])
    counts = np.ones(n) if weights is None else weights
    penalty = np.diag([ridge] * k + [1e-9])
    found = np.zeros(k + 1)
    for _ in range(_STEPS):
        predicted = logistic(design @ found)
        slope = design.T @ (counts * (labels - predicted)) - penalty @ found
        curvature = design.T @ (design * (counts * predicted * (1 - predicted))[:, None]) + penalty
        step = np.linalg.solve(curvature, slope)
        found += np.clip(step, -5, 5)
        if float(np.abs(step).max()) < _SETTLED:
            break
    result: Floats = found
    return result


def logistic(values: Floats) -> Floats:
    """``1 / (1 + exp(-x))`` for each value."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    result: Floats = 1 / (1 + np.exp(-np.clip(values, -500, 500)))
    return result


def auroc(labels: Floats, scores: Floats) -> float:
    """The chance that a pair labelled 1 scores above one labelled 0, ties counting half; NaN with one class only."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    positive, negative = scores[labels == 1], np.sort(scores[labels == 0])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, side="left")
    upto = np.searchsorted(negative, positive, side="right")
    return float((below + upto).mean() / (2 * len(negative)))


def brier(labels: Floats, scores: Floats) -> float:
    """The mean squared distance of predicted agreement from the label; 0 is perfect, saying one half gives 1/4."""
    return float(((scores - labels) ** 2).mean())


def folds(groups: Sequence[Hashable], count: int) -> Iterator[tuple[list[int], list[int]]]:
    """Training and test rows, each group's rows wholly in one test part; groups are dealt out by falling size."""
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    parts: list[list[int]] = [[] for _ in range(min(count, len(members)))]
    for rows in sorted(members.values(), key=lambda rows: (-len(rows), rows)):
        min(parts, key=len).extend(rows)
    for part in parts:
        held = set(part)
        yield [row for row in range(len(groups)) if row not in held], part


def interval(
    statistic: Callable[[Floats, Floats], float],
    labels: Floats,
    scores: Floats,
    groups: Sequence[Hashable],
    *,
    resamples: int = 500,
    seed: int = 0,
) -> tuple[float, float]:
    """The 95 % percentile interval of ``statistic`` over bootstrap samples of groups (of rows, with few)."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    clusters = [np.array(rows) for rows in members.values()]
    if len(clusters) < _FEW_TOPICS:
        clusters = [np.array([row]) for row in range(len(groups))]
    chance = np.random.default_rng(seed)
    values = []
    for _ in range(resamples):
        rows = np.concatenate([clusters[i] for i in chance.integers(0, len(clusters), len(clusters))])
        value = statistic(labels[rows], scores[rows])
        if value == value:  # noqa: PLR0124 - NaN, where a sample held one class only
            values.append(value)
    if not values:
        return (float("nan"), float("nan"))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
