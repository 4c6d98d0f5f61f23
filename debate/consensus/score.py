"""Scoring a set of voices: embed what the method compares, then measure."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from debate.consensus.embedder import EmbedderPort
from debate.consensus.measures import Measures, Similarity, measure
from debate.consensus.method import Method, Reliability
from debate.consensus.nli import NliJudge
from debate.consensus.pair import MINILM, SemanticMap
from debate.consensus.semantic import SemanticMeasures, cosines, semantic_measures, wording_drift
from debate.consensus.voices import Voice

if TYPE_CHECKING:
    from debate.consensus.semantic import Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """What a run's voices are scored with. Holds nothing open that it made itself."""

    embedder: EmbedderPort | None = None
    nli: NliJudge | None = None
    curve: SemanticMap = MINILM
    """The semantic map of the embedder: the default's, or one that was fitted for it."""
    validated: bool = True
    """Whether the validity of this embedder with this map was measured; if not, scores that use it are of low
    reliability."""

    async def score(
        self, voices: Sequence[Voice], method: Method, *, topic: str = "", choices: int | None = None
    ) -> Measures:
        """Measure how far ``voices`` agree.

        Raises:
            debate.errors.EmbedderError: If the method needs vectors and there are none.
            ValueError: If the method needs an embedder or a judge that was not given.
        """
        if method.structured:
            return measure(voices, method, topic=topic, choices=choices)
        # The others look at every pair of texts word by word: milliseconds, which add up over many debates on one loop.
        if method is Method.LEXICAL:
            return await asyncio.to_thread(measure, voices, method, topic=topic, embedder="lexical@char-3-5")
        texts = [method.compared(voice) or "" for voice in voices]
        if method is Method.NLI:
            if self.nli is None:
                raise ValueError("the method 'nli' needs the weights of a cross-encoder")
            similarity: Similarity = await self.nli.matrix(texts)
            judge = f"{self.nli.name}@{self.nli.version}"
            return await asyncio.to_thread(measure, voices, method, topic=topic, similarity=similarity, embedder=judge)
        embedder = self._need(method)
        if method is Method.TEXT:
            from debate.consensus.freetext import text_agreements  # noqa: PLC0415 - most runs read no free text

            similarity = await text_agreements(texts, topic=topic, embedder=embedder)
        else:
            similarity = (await self._projected(texts, topic, embedder)).tolist()
        reliability: Reliability | None = None if self.validated else "low"
        return await asyncio.to_thread(
            measure,
            voices,
            method,
            topic=topic,
            similarity=similarity,
            curve=self.curve,
            embedder=f"{embedder.name}@{embedder.version}",
            reliability=reliability,
        )

    async def similarity(self, voices: Sequence[Voice], *, topic: str = "") -> SemanticMeasures:
        """How alike the voices' positions are to the embedder, beside any method's agreement.

        Raises:
            debate.errors.EmbedderError: If there are no vectors.
        """
        embedder = self._need(Method.POSITION)
        positions = [voice.position for voice in voices if voice.position is not None and voice.position.strip()]
        vectors = await embedder.embed([topic, *positions])
        return await asyncio.to_thread(
            semantic_measures,
            vectors[1:],
            topic=vectors[0] if topic else None,
            embedder=f"{embedder.name}@{embedder.version}",
        )

    async def drift(self, previous: Sequence[Voice], current: Sequence[Voice]) -> float | None:
        """How far participants reworded their positions, see :func:`debate.consensus.semantic.wording_drift`.

        Raises:
            debate.errors.EmbedderError: If there are no vectors.
        """
        embedder = self._need(Method.POSITION)
        sides = [
            {voice.participant: voice.position for voice in voices if (voice.position or "").strip()}
            for voices in (previous, current)
        ]
        texts = [text for side in sides for text in side.values() if text is not None]
        rows = iter(await embedder.embed(texts))
        before, after = ({name: next(rows) for name in side} for side in sides)
        return await asyncio.to_thread(wording_drift, before, after)

    async def _projected(self, texts: list[str], topic: str, embedder: EmbedderPort) -> Matrix:
        vectors = await embedder.embed([topic, *texts])
        return await asyncio.to_thread(cosines, vectors[1:], topic=vectors[0] if topic else None)

    def _need(self, method: Method) -> EmbedderPort:
        if self.embedder is None:
            raise ValueError(f"the method {method.value!r} needs an embedder")
        return self.embedder


async def compare(
    iterations: Sequence[Sequence[Voice]],
    scorers: Mapping[str, Scorer],
    method: Method,
    *,
    topic: str = "",
    choices: int | None = None,
) -> dict[str, tuple[Measures, ...]]:
    """Score the same iterations with several scorers: two embedders on one transcript.

    Returns:
        For each scorer's name the measures of each iteration, in order.
    """
    return {
        name: tuple([await scorer.score(voices, method, topic=topic, choices=choices) for voices in iterations])
        for name, scorer in scorers.items()
    }
