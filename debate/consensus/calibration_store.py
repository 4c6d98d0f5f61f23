"""Where fitted maps are kept: one JSON file an embedder, in the user's own data folder."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from debate.consensus.calibration import Calibration
from debate.errors import EmbedderError

VALIDATED_FROM = 0.7
"""The AUROC from which on a fitted map counts as validated: just below the 0.73 that positions reach with the default
embedder (``docs/explanation/consensus.md``)."""


def file_for(folder: Path, embedder: str) -> Path:
    """The file of the map for an embedder, named by name and version."""
    return folder / f"{re.sub(r'[^A-Za-z0-9.@_-]', '_', embedder)}.json"


def stored(folder: Path, embedder: str) -> Calibration | None:
    """The map that was fitted for ``embedder``; None when there is none.

    Raises:
        EmbedderError: If there is a file and it cannot be read, or is for another embedder.
    """
    path = file_for(folder, embedder)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise EmbedderError(f"{path}: the calibration cannot be read: {error}") from error
    try:
        found = Calibration.model_validate_json(text)
    except ValidationError:
        raise EmbedderError(f"{path}: this is no calibration; delete it, or run debate calibrate again") from None
    if found.embedder != embedder:
        raise EmbedderError(f"{path}: this calibration is for {found.embedder}, not for {embedder}")
    return found


def store(folder: Path, found: Calibration) -> Path:
    """Keep a map in place of any older one; where.

    Raises:
        EmbedderError: If it cannot be written.
    """
    path = file_for(folder, found.embedder)
    beside = path.with_suffix(".new")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        beside.write_text(found.model_dump_json(indent=2) + "\n", "utf-8")
        beside.replace(path)
    except OSError as error:
        raise EmbedderError(f"{path}: the calibration cannot be written: {error}") from error
    return path
