"""Agreement by natural-language inference: does one position entail the other, or contradict it?

The weights are the user's choice (settings or a flag); any cross-encoder whose outputs are named entailment, neutral
and contradiction will do. They are loaded in the same worker process as the embedder's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

from debate.consensus.encoder import EncoderWorker
from debate.consensus.weights import version_of


class NliJudge:
    """A cross-encoder in the worker process."""

    def __init__(self, path: Path, *, name: str | None = None, worker: EncoderWorker | None = None) -> None:
        self.name = name if name is not None else path.name
        self.version = version_of(path)
        self._path = str(path.resolve())
        self._worker = worker or EncoderWorker()
        self._owns_worker = worker is None

    def start(self) -> None:
        """Begin loading in the background; what goes wrong is told by the first ``agreements``."""
        self._worker.submit("nli", self._path, ())

    async def agreements(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Agreement of each pair in [0, 1]: ``(1 + entailment - contradiction) / 2``, the mean of both directions.

        A pair of which neither follows from or contradicts the other is at 1/2.

        Raises:
            debate.errors.EmbedderError: If the weights are not those of an NLI model, or the worker ended.
        """
        if not pairs:
            return []
        both = [direction for first, second in pairs for direction in ((first, second), (second, first))]
        rows = await asyncio.wrap_future(self._worker.submit("nli", self._path, both))
        entailed = (1 + rows[:, 0].astype(float) - rows[:, 2].astype(float)) / 2
        means = (entailed[0::2] + entailed[1::2]) / 2
        return [min(1.0, max(0.0, float(value))) for value in means]

    async def matrix(self, texts: Sequence[str]) -> list[list[float]]:
        """Agreements of all pairs, symmetric, the diagonal 1."""
        order = list(combinations(range(len(texts)), 2))
        found = await self.agreements([(texts[i], texts[j]) for i, j in order])
        result = [[1.0] * len(texts) for _ in texts]
        for (i, j), value in zip(order, found, strict=True):
            result[i][j] = result[j][i] = value
        return result

    async def aclose(self) -> None:
        """End the worker, unless it was given and belongs to somebody else."""
        if self._owns_worker:
            await asyncio.to_thread(self._worker.close)
