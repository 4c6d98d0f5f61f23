"""What embeddings of positions say about a set: how alike, how many, how much reworded. Pure; vectors come in.

These describe wording and content, not who is for and who against: opposite statements of one topic lie close together
(``docs/explanation/consensus.md``). They stand beside the agreement, under names of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from debate.consensus.camps import Camp

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]
    Matrix = npt.NDArray[np.float64]

_TINY: Final = 1e-6
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SemanticMeasures:
    """How alike the positions of one iteration are, for an embedder. Numbers are None for fewer than two positions."""

    n: int
    """Positions compared."""
    embedder: str
    """Name and version."""
    mean_similarity: float | None
    """Mean cosine over pairs, in [-1, 1]."""
    mean_projected: float | None
    """The same after the topic's own component was projected out."""
    vendi: float | None
    """The effective number of positions, from 1 to n: exp of the von Neumann entropy of the projected cosines divided
    by n (the Vendi score, Friedman and Dieng 2023, arXiv 2210.02410)."""


def semantic_measures(vectors: Vectors, *, topic: Vectors | None, embedder: str) -> SemanticMeasures:
    """The measures of ``vectors``, one row a position.

    Args:
        vectors: (n, d) float32.
        topic: (d,) float32, the embedding of the motion or question; None leaves it in.
        embedder: Name and version of what made them.
    """
    n = len(vectors)
    if n < _FEWEST:
        return SemanticMeasures(n=n, embedder=embedder, mean_similarity=None, mean_projected=None, vendi=None)
    projected = cosines(vectors, topic=topic)
    return SemanticMeasures(
        n=n,
        embedder=embedder,
        mean_similarity=_mean_of_pairs(cosines(vectors)),
        mean_projected=_mean_of_pairs(projected),
        vendi=vendi_score(projected),
    )


def cosines(vectors: Vectors, *, topic: Vectors | None = None) -> Matrix:
    """All cosines of the rows of ``vectors``, (n, n) float64 in [-1, 1], the diagonal 1.

    With ``topic`` (d,) each row first loses its component along it: what is left is what a position says *about* the
    topic. A row that holds nothing else becomes zero, and its cosine with every other row 0.
    """
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    rows = vectors.astype(np.float64)
    if topic is not None:
        axis = unit_rows(topic.astype(np.float64)[None, :])[0]
        scale = np.linalg.norm(rows, axis=1, keepdims=True)
        rows = rows - np.outer(rows @ axis, axis)
        rows[np.linalg.norm(rows, axis=1) < _TINY * np.maximum(scale[:, 0], 1.0)] = 0.0
    rows = unit_rows(rows)
    found: Matrix = np.clip(rows @ rows.T, -1.0, 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def vendi_score(kernel: Matrix) -> float:
    """exp(-Σ λ log λ) over the eigenvalues of ``kernel / n``: 1 for n equal items, n for n orthogonal ones."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    values = np.linalg.eigvalsh(kernel / len(kernel))
    entropy = -math.fsum(float(value) * math.log(value) for value in values if value > _TINY)
    return min(float(len(kernel)), max(1.0, math.exp(entropy)))


def semantic_entropy(camps: Sequence[Camp]) -> float | None:
    """The entropy of the camps' shares in nats, the discrete semantic entropy of Farquhar et al. (Nature 630, 2024).

    There the clusters come from mutual entailment, as by the NLI method. None without camps.
    """
    if not camps:
        return None
    return max(0.0, -math.fsum(camp.share * math.log(camp.share) for camp in camps))


def wording_drift(previous: Mapping[str, Vectors], current: Mapping[str, Vectors]) -> float | None:
    """How far participants reworded themselves: the mean of 1 - cosine over those in both, in [0, 2].

    Wording, not opinion: in 120 measured dialogues it did not follow the change of stance (rho 0.10, CI over 0).
    None when nobody is in both.
    """
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    changes = [
        1 - float(cosines(np.stack([previous[name], vector]))[0, 1])
        for name, vector in current.items()
        if name in previous
    ]
    return math.fsum(changes) / len(changes) if changes else None


def _mean_of_pairs(matrix: Matrix) -> float:
    n = len(matrix)
    return float((matrix.sum() - matrix.trace()) / (n * (n - 1)))


def unit_rows(rows: Matrix) -> Matrix:
    """Rows of length 1; a row of zeros stays."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Matrix = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    return unit
