"""The embedder port, and any callable as an embedder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from debate.errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]


class EmbedderPort(Protocol):
    """Turns texts into vectors whose cosine says how near their content is."""

    @property
    def name(self) -> str:
        """As a person knows it."""
        ...

    @property
    def version(self) -> str:
        """What tells two sets of weights of one name apart, as the start of their hash."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, (n, d) float32.

        Raises:
            EmbedderError: If there is no honest vector for every text.
        """
        ...

    async def aclose(self) -> None:
        """Give back what it holds; safe to call twice."""
        ...


class CallableEmbedder:
    """Any callable ``list[str] -> (n, d) array`` as an embedder. It runs in a thread."""

    def __init__(self, encode: Callable[[list[str]], object], *, name: str | None = None, version: str = "") -> None:
        self.name = name if name is not None else getattr(encode, "__qualname__", type(encode).__qualname__)
        self.version = version
        self._encode = encode

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """One row a text, (n, d) float32.

        Raises:
            EmbedderError: If the callable raised, or gave anything but one finite row a text.
        """
        return await asyncio.to_thread(self._checked, list(texts))

    async def aclose(self) -> None:
        """Nothing to close: the callable is its owner's."""

    def _checked(self, texts: list[str]) -> Vectors:
        import numpy as np  # noqa: PLC0415 - structured scores never need it

        try:
            found = np.asarray(self._encode(texts), dtype=np.float32)
        except Exception as error:
            raise EmbedderError(f"the embedder {self.name!r} failed: {error!r}") from error
        if not texts and found.size == 0:
            return found.reshape(0, found.shape[1] if found.ndim == 2 else 0)  # noqa: PLR2004 - a matrix
        check_vectors(found, len(texts), name=self.name)
        return found


def check_vectors(vectors: Vectors, count: int, *, name: str) -> None:
    """Refuse anything but ``count`` finite rows.

    Raises:
        EmbedderError: Saying what was found.
    """
    import numpy as np  # noqa: PLC0415 - structured scores never need it

    if vectors.ndim != 2 or vectors.shape[0] != count or vectors.shape[1] == 0:  # noqa: PLR2004 - a matrix
        raise EmbedderError(f"the embedder {name!r} gave shape {vectors.shape}, expected ({count}, d)")
    if not np.isfinite(vectors).all():
        raise EmbedderError(f"the embedder {name!r} gave values that are not finite")
