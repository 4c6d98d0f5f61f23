"""Similarity of wording without any weights: hashed character n-grams. It hardly sees meaning, and is labelled so."""

from __future__ import annotations

import asyncio
import math
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from debate.consensus.wording import normalised

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SIZES: Final = (3, 4, 5)
"""Lengths of the n-grams, taken within words padded by a space."""
DIMENSIONS: Final = 4096
"""Buckets the n-grams are hashed into."""


def lexical_similarity(first: str, second: str) -> float:
    """The cosine of two texts' n-gram counts, in [0, 1]; 0 when one has none."""
    a, b = _profile(first), _profile(second)
    dot = math.fsum(value * b[bucket] for bucket, value in a.items() if bucket in b)
    return min(1.0, dot)


class LexicalEmbedder:
    """An embedder of last resort: the same n-grams as a vector. Needs no weights and no worker."""

    name = "lexical"
    version = "char-3-5"

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Unit rows, (n, 4096) float32; a row of zeros for a text without any letter or figure."""
        return await asyncio.to_thread(lexical_vectors, texts)

    async def aclose(self) -> None:
        """Nothing to close."""


def lexical_vectors(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """The n-gram profiles of ``texts``, (n, 4096) float32, rows of length 1 or 0."""
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    for row, text in enumerate(texts):
        for bucket, value in _profile(text).items():
            vectors[row, bucket] = value
    return vectors


@lru_cache(maxsize=1024)
def _profile(text: str) -> dict[int, float]:
    counts: Counter[int] = Counter()
    for word in normalised(text).split():
        padded = f" {word} "
        for size in SIZES:
            for start in range(len(padded) - size + 1):
                counts[zlib.crc32(padded[start : start + size].encode()) % DIMENSIONS] += 1
    length = math.sqrt(math.fsum(count * count for count in counts.values()))
    return {bucket: count / length for bucket, count in counts.items()} if length else {}
