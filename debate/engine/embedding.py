"""The embedder of an engine: found by looking at files, opened when the first run needs it, shared by all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from debate.consensus.embedder import CallableEmbedder
from debate.consensus.encoder import WorkerEmbedder
from debate.consensus.lexical import LexicalEmbedder
from debate.consensus.resolve import open_embedder, resolve_embedder
from debate.consensus.score import Scorer
from debate.engine.casting import Casting
from debate.errors import EmbedderError

LOG: Final = logging.getLogger("debate")

EmbedderChoice = str | Path | Callable[[list[str]], object] | None
"""A name or folder of weights, any callable ``list[str] -> (n, d) array``, or None to look for the default weights."""


class Embedding:
    """Finds, opens and closes what embeds. Scores wait for it; turns never do."""

    def __init__(self, choice: EmbedderChoice) -> None:
        self._choice = choice
        self._finding: Future[Scorer] | None = None

    @property
    def is_explicit(self) -> bool:
        """Whether somebody asked for this one, so that another may not stand in for it."""
        return self._choice is not None

    def begin(self) -> Future[Scorer]:
        """Look for the embedder and begin to load it, in the background; later calls change nothing."""
        if self._finding is None:
            thread = ThreadPoolExecutor(1, thread_name_prefix="debate-embedder")
            self._finding = thread.submit(self._find)
            thread.shutdown(wait=False)
        return self._finding

    async def scorer(self) -> Scorer:
        """What scores with the embedder, once it is there.

        Raises:
            debate.errors.EmbedderError: If what was asked for explicitly cannot be had.
        """
        return await asyncio.wrap_future(self.begin())

    def _find(self) -> Scorer:
        if callable(self._choice):
            return Scorer(embedder=CallableEmbedder(self._choice), validated=False)
        found = resolve_embedder(self._choice, allow_download=True)
        LOG.info("%s", found.note)
        embedder = open_embedder(found)
        if isinstance(embedder, WorkerEmbedder):
            embedder.start()
        return Scorer(embedder=embedder, validated=found.validated)

    async def aclose(self) -> None:
        """End the embedder, if one was opened."""
        if self._finding is None:
            return
        try:
            scorer = await asyncio.wrap_future(self._finding)
        except EmbedderError:
            return
        if scorer.embedder is not None:
            await scorer.embedder.aclose()


def is_lexical(scorer: Scorer) -> bool:
    """Whether no weights were found, so that only wording can be compared."""
    return isinstance(scorer.embedder, LexicalEmbedder)


def name_of(scorer: Scorer) -> str:
    """The embedder's name and version."""
    assert scorer.embedder is not None, "every scorer made here has an embedder"
    return f"{scorer.embedder.name}@{scorer.embedder.version}"


async def with_embedder(cast: Casting, embedding: Embedding) -> tuple[Casting, str | None]:
    """The casting as what embeds leaves it, and the name for the run's header.

    The embedder is looked for only where a header must know it: if scores need one, or the user named one.

    Raises:
        debate.errors.EmbedderError: If what was asked for explicitly cannot be had.
    """
    if not cast.embeds or (cast.method.structured and not embedding.is_explicit):
        return cast, None
    scorer = await embedding.scorer()
    return replace(cast, wording_only=is_lexical(scorer)), name_of(scorer)


async def check_embedder(cast: Casting, recorded: str | None, embedding: Embedding) -> None:
    """Refuse to go on with another embedder than the run began with: only scores by the same one can be compared.

    Raises:
        debate.errors.EmbedderError: Naming both.
    """
    if cast.method.structured or not cast.embeds:
        return
    found = name_of(await embedding.scorer())
    if found != recorded:
        raise EmbedderError(
            f"the run began with the embedder {recorded}, and here is {found}: give the first one with --embedder, "
            "or fork the run to score it with another"
        )
