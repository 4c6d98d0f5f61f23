"""Agreement of free texts without a footer. Of low reliability, and labelled so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from debate.consensus.embedder import EmbedderPort
from debate.consensus.pair import MINILM, positions_agree
from debate.consensus.semantic import cosines

if TYPE_CHECKING:
    from debate.consensus.semantic import Matrix

_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+|\n+")


def sentences(text: str) -> list[str]:
    """The sentences of ``text``, cut at full stops and line breaks."""
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


async def text_agreements(texts: Sequence[str], *, topic: str, embedder: EmbedderPort) -> list[list[float]]:
    """Agreements of all pairs of ``texts`` by their last sentences, symmetric, the diagonal 1.

    Raises:
        debate.errors.EmbedderError: If there are no vectors.
    """
    ends = [(sentences(text) or [""])[-1] for text in texts]
    vectors = await embedder.embed([topic, *ends])
    near: Matrix = await asyncio.to_thread(cosines, vectors[1:], topic=vectors[0] if topic else None)
    return [
        [1.0 if i == j else positions_agree(ends[i], ends[j], float(near[i, j]), MINILM) for j in range(len(ends))]
        for i in range(len(ends))
    ]
