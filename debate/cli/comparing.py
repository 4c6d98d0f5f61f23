"""What cosine similarity says of two sentences, beside how far they agree: the real embedder on a few pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from debate.consensus.method import Method
from debate.consensus.resolve import open_embedder, resolve_embedder
from debate.consensus.score import Scorer
from debate.consensus.voices import Voice

MOTION: Final = "Cities should close their centres to private cars."

PAIRS: Final = (
    (
        "should / should not",
        "Cities should ban private cars from their centres.",
        "Cities should not ban private cars from their centres.",
    ),
    (
        "the same in other words",
        "Cities should ban private cars from their centres.",
        "Private cars have no place in city centres and should be banned there.",
    ),
    (
        "for / against, by their reasons alone",
        "A ban makes the air cleaner for residents.",
        "A ban ruins the shops.",
    ),
)
"""What a pair shows, and its two sentences."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One pair."""

    what: str
    cosine: float | None
    agreement: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The pairs, and what embedded them."""

    embedder: str
    pairs: tuple[Compared, ...]


async def compare(setting: str | None) -> Comparison:
    """Compare :data:`PAIRS` with the embedder that is set, or the default one.

    Raises:
        debate.errors.EmbedderError: If nothing can embed.
    """
    found = resolve_embedder(setting, allow_download=True)
    embedder = open_embedder(found)
    scorer = Scorer(embedder=embedder, validated=found.validated)
    try:
        pairs = []
        for what, first, second in PAIRS:
            voices = [Voice(participant="one", position=first), Voice(participant="other", position=second)]
            method = Method.LEXICAL if found.path is None else Method.POSITION
            measured = await scorer.score(voices, method, topic=MOTION)
            alike = await scorer.similarity(voices)
            pairs.append(Compared(what, alike.mean_similarity, measured.agreement))
    finally:
        await embedder.aclose()
    return Comparison(found.note, tuple(pairs))
