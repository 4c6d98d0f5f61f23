"""``debate calibrate``: fit the map from similarity to agreement to pairs of one's own, and say how good it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import to_json

from debate.cli import options
from debate.cli.given import settings_from
from debate.cli.output import say
from debate.consensus.calibration import Calibration, LabelledPair, check_enough, pairs_of, score_pairs
from debate.consensus.calibration import calibrate as fit
from debate.consensus.calibration_store import VALIDATED_FROM, store
from debate.consensus.calibration_view import as_svg, as_text
from debate.consensus.labelled import read_pairs
from debate.engine.embedding import Embedding, is_lexical
from debate.engine.recorded import recorded_casting
from debate.engine.scoring import voices_of
from debate.errors import EmbedderError
from debate.settings.schema import Settings
from debate.transcript.reading import find, load

_HEADER = '"kind":"run_started"'
"""Stands in the first line of a transcript, and in no list of pairs."""


def calibrate(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Labelled pairs (JSON lines or CSV: topic, first, second, agree), or transcripts whose speakers state "
            "positions beside stances or answers.",
        ),
    ],
    *,
    embedder: options.EmbedderName = None,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the reliability curve as SVG.")] = None,
    out: options.Out = None,
    as_json: options.Json = False,
) -> None:
    """Fit the map from similarity to agreement for an embedder, keep it, and print how well it predicts.

    Runs that compare positions with this embedder use it from then on; each transcript records the map it is scored by.
    """
    settings = settings_from(out=out)
    pairs = [pair for name in files for pair in _pairs(name, settings)]
    try:
        found = asyncio.run(_fitted(pairs, Embedding(embedder, settings=settings)))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    assert settings.calibrations is not None, "the user's settings name a folder"
    kept = store(settings.calibrations, found)
    if picture is not None:
        picture.write_text(as_svg(found), "utf-8")
    if as_json:
        say(to_json({**found.model_dump(), "kept": str(kept)}).decode())
        return
    say(as_text(found), "")
    if found.auroc < VALIDATED_FROM:
        say(f"reliability stays low: the AUROC is below {VALIDATED_FROM:g}")
    else:
        say("reliability is medium from now on, as for the default embedder")
    say(f"kept in {kept}", *([f"drawn in {picture}"] if picture is not None else []))


def _pairs(name: str, settings: Settings) -> list[LabelledPair]:
    path = Path(name)
    if path.is_file() and not _is_transcript(path):
        try:
            return read_pairs(path)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    saved = load(find(name, settings.transcripts))
    cast, state = recorded_casting(saved), saved.state
    scored = [i for i in cast.graph.iterations.values() if cast.is_scored(i)]
    return [pair for iteration in scored for pair in pairs_of(cast.topic, voices_of(cast, iteration, state))]


def _is_transcript(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return _HEADER in file.readline()


async def _fitted(pairs: list[LabelledPair], embedding: Embedding) -> Calibration:
    """The map.

    Raises:
        ValueError: If nothing can be fitted.
        debate.errors.EmbedderError: If nothing embeds.
    """
    check_enough(pairs)
    try:
        scorer = await embedding.scorer()
        if scorer.embedder is None or is_lexical(scorer):
            raise EmbedderError("no weights were found, and the lexical embedder has a map of its own: see --embedder")
        scored = await score_pairs(pairs, scorer.embedder)
        name = f"{scorer.embedder.name}@{scorer.embedder.version}"
        return await asyncio.to_thread(fit, scored, embedder=name)
    finally:
        await embedding.aclose()
