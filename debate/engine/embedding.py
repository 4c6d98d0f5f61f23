"""The embedder of an engine: found by looking at files, opened when the first run needs it, shared by all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from debate.consensus.embedder import CallableEmbedder
from debate.consensus.encoder import WorkerEmbedder
from debate.consensus.lexical import LexicalEmbedder
from debate.consensus.method import Method
from debate.consensus.nli import NliJudge
from debate.consensus.resolve import open_embedder, resolve_embedder, resolve_judge
from debate.consensus.score import Scorer
from debate.engine.casting import Casting
from debate.errors import EmbedderError, SettingsError
from debate.settings.schema import Settings
from debate.transcript.events import Curve, RunStarted

LOG: Final = logging.getLogger("debate")

T = TypeVar("T")

EmbedderChoice = str | Path | Callable[[list[str]], object] | None
"""A name or folder of weights, any callable ``list[str] -> (n, d) array``, or None to look for the default weights."""


class Scale(NamedTuple):
    """What a run's positions are measured with, as its header holds it."""

    embedder: str | None = None
    judge: str | None = None
    curve: Curve | None = None


class Embedding:
    """Finds, opens and closes what embeds, and what judges. Scores wait for it; turns never do.

    Args:
        choice: What embeds; None for the settings' choice.
        nli: Name or folder of the cross-encoder; None for the settings'.
        settings: Where the hub's variables, the fitted maps and the defaults of the other two are.
    """

    def __init__(
        self, choice: EmbedderChoice = None, *, nli: str | Path | None = None, settings: Settings | None = None
    ) -> None:
        self._settings = settings if settings is not None else Settings()
        self._choice = choice if choice is not None else self._settings.embedder
        self._nli = nli if nli is not None else self._settings.nli
        self._finding: Future[Scorer] | None = None
        self._judge: Future[NliJudge] | None = None

    @property
    def is_explicit(self) -> bool:
        """Whether somebody asked for this one, so that another may not stand in for it."""
        return self._choice is not None

    def begin(self) -> Future[Scorer]:
        """Look for the embedder and begin to load it, in the background; later calls change nothing."""
        if self._finding is None:
            self._finding = _in_background(self._find)
        return self._finding

    async def scorer(self) -> Scorer:
        """What scores with the embedder, once it is there, by the default embedder's map.

        Raises:
            debate.errors.EmbedderError: If what was asked for explicitly cannot be had.
        """
        return await asyncio.wrap_future(self.begin())

    async def judging(self) -> Scorer:
        """The same with the cross-encoder, which begins to load.

        Raises:
            debate.errors.SettingsError: If none is named.
            debate.errors.EmbedderError: If the one that is named cannot be had.
        """
        if self._nli is None:
            raise SettingsError(
                "consensus.method is nli, and no weights are named for it: give a folder or a hub name with --nli, or "
                'as nli = "…" in the settings'
            )
        scorer = await self.scorer()
        if self._judge is None:
            nli, shared = self._nli, scorer.embedder
            worker = shared.worker if isinstance(shared, WorkerEmbedder) else None

            def find() -> NliJudge:
                settings = self._settings
                found = resolve_judge(nli, allow_download=settings.may_download, environment=settings.hub)
                judge = NliJudge(found.path, name=found.name, worker=worker)
                judge.start()
                return judge

            self._judge = _in_background(find)
        judge = await asyncio.wrap_future(self._judge)
        return replace(scorer, nli=judge)

    async def curve(self) -> Curve | None:
        """The map that was fitted for the embedder, when there is one.

        Raises:
            debate.errors.EmbedderError: If it cannot be read.
        """
        folder = self._settings.calibrations
        scorer = await self.scorer()
        if folder is None or is_lexical(scorer):
            return None
        from debate.consensus.calibration_store import VALIDATED_FROM, stored  # noqa: PLC0415 - numpy, seldom needed

        found = await asyncio.to_thread(stored, folder, name_of(scorer))
        if found is None:
            return None
        return Curve(centre=found.centre, width=found.width, validated=found.auroc >= VALIDATED_FROM)

    def _find(self) -> Scorer:
        if callable(self._choice):
            return Scorer(embedder=CallableEmbedder(self._choice), validated=False)
        settings = self._settings
        found = resolve_embedder(self._choice, allow_download=settings.may_download, environment=settings.hub)
        LOG.info("%s", found.note)
        embedder = open_embedder(found)
        if isinstance(embedder, WorkerEmbedder):
            embedder.start()
        return Scorer(embedder=embedder, validated=found.validated)

    async def aclose(self) -> None:
        """End what was opened."""
        with suppress(EmbedderError):
            if self._judge is not None:
                judge = await asyncio.wrap_future(self._judge)
                await judge.aclose()
        with suppress(EmbedderError):
            if self._finding is not None:
                scorer = await asyncio.wrap_future(self._finding)
                if scorer.embedder is not None:
                    await scorer.embedder.aclose()


def _in_background(find: Callable[[], T]) -> Future[T]:
    thread = ThreadPoolExecutor(1, thread_name_prefix="debate-embedder")
    found = thread.submit(find)
    thread.shutdown(wait=False)
    return found


def is_lexical(scorer: Scorer) -> bool:
    """Whether no weights were found, so that only wording can be compared."""
    return isinstance(scorer.embedder, LexicalEmbedder)


def name_of(scorer: Scorer) -> str:
    """The embedder's name and version."""
    assert scorer.embedder is not None, "every scorer made here has an embedder"
    return f"{scorer.embedder.name}@{scorer.embedder.version}"


async def with_embedder(cast: Casting, embedding: Embedding) -> tuple[Casting, Scale]:
    """The casting as what embeds leaves it, and the scale for the run's header.

    The embedder is looked for only where a header must know it: if scores need one, or the user named one.

    Raises:
        debate.errors.SettingsError: If no cross-encoder is named for the method ``nli``.
        debate.errors.EmbedderError: If what was asked for explicitly cannot be had.
    """
    if not cast.embeds or (cast.method.structured and not embedding.is_explicit):
        return cast, Scale()
    scorer = await embedding.scorer()
    cast = replace(cast, wording_only=is_lexical(scorer))
    return cast, await _scale(cast, embedding)


async def check_embedder(cast: Casting, recorded: RunStarted, embedding: Embedding) -> None:
    """Refuse to go on with another embedder than the run began with: only scores by the same one can be compared.

    Raises:
        debate.errors.EmbedderError: Naming both.
    """
    if cast.method.structured or not cast.embeds:
        return
    found = await _scale(cast, embedding)
    if found.embedder != recorded.embedder:
        raise EmbedderError(
            f"the run began with the embedder {recorded.embedder}, and here is {found.embedder}: give the first one "
            "with --embedder, or fork the run to score it with another"
        )
    if found.judge != recorded.judge:
        raise EmbedderError(
            f"the run began with the cross-encoder {recorded.judge}, and here is {found.judge}: give the first one "
            "with --nli, or fork the run to score it with another"
        )


async def _scale(cast: Casting, embedding: Embedding) -> Scale:
    if cast.method is Method.NLI:
        scorer = await embedding.judging()
        assert scorer.nli is not None, "it judges"
        return Scale(embedder=name_of(scorer), judge=f"{scorer.nli.name}@{scorer.nli.version}")
    curve = await embedding.curve() if cast.method is Method.POSITION else None
    return Scale(embedder=name_of(await embedding.scorer()), curve=curve)
