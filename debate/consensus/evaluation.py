"""Two free texts or a set of them, scored by plain synchronous calls: for evaluation scripts and notebooks.

The embedder is the one a run would use without settings, found at the first call, shared by the process and ended with
it. Inside a run, use :class:`debate.consensus.score.Scorer`.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from debate.consensus.embedder import EmbedderPort
from debate.consensus.encoder import EncoderWorker
from debate.consensus.freetext import prose_agreement, texts_to_embed
from debate.consensus.prose import read_prose
from debate.consensus.resolve import open_embedder, resolve_embedder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class FreeTextAgreement:
    """``agreement(topic, a, b)``, and ``agreement.batch`` for many at once."""

    def __init__(self) -> None:
        self._embedder: EmbedderPort | None = None
        # Protects the embedder against two threads that make the first call together.
        self._lock = threading.Lock()

    def __call__(self, topic: str, first: str, second: str) -> float:
        """How far two free texts agree on ``topic`` (which may be empty), in [0, 1].

        Raises:
            debate.errors.EmbedderError: If no embedding could be computed.
        """
        return self.batch([(topic, first, second)])[0]

    def batch(self, triples: Sequence[tuple[str, str, str]]) -> list[float]:
        """The agreement of each ``(topic, first, second)``; each distinct sentence is embedded once."""
        read = [(topic, read_prose(topic, first), read_prose(topic, second)) for topic, first, second in triples]
        needed = texts_to_embed([(topic, one) for topic, *both in read for one in both])
        vectors = dict(zip(needed, self._embed(needed), strict=True))
        return [prose_agreement(topic, first, second, vectors) for topic, first, second in read]

    def _embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        with self._lock:
            if self._embedder is None:
                worker = EncoderWorker()
                self._embedder = open_embedder(resolve_embedder(None, allow_download=True), worker=worker)
                atexit.register(worker.close)
        # A thread of its own, as the caller may stand inside a running event loop.
        found: list[npt.NDArray[np.float32]] = []
        failed: list[BaseException] = []
        embedder = self._embedder

        def run() -> None:
            try:
                found.append(asyncio.run(embedder.embed(texts)))
            except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
                failed.append(error)

        thread = threading.Thread(target=run, name="debate-evaluation")
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return found[0]


agreement = FreeTextAgreement()
"""``agreement(topic, a, b) -> float``."""


def consensus(topic: str, texts: Sequence[str]) -> float:
    """The mean agreement of all pairs of free texts, in [0, 1].

    Raises:
        ValueError: For fewer than two texts, which have no agreement.
    """
    if len(texts) < 2:  # noqa: PLR2004 - a pair
        raise ValueError(f"agreement needs two texts, found {len(texts)}")
    found = agreement.batch([(topic, first, second) for first, second in combinations(texts, 2)])
    return sum(found) / len(found)
