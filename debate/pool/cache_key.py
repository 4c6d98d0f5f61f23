"""What makes two requests the same question to the same server, as one hash. Pure."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Final

from debate.models.port import Request

_VERSION: Final = 1
"""Counts up whenever a request of the same fields means something else."""


def cache_key(request: Request, endpoint: str) -> str | None:
    """SHA-256 of ``request`` as canonical JSON; None for one that is like no other.

    Everything that is sent belongs to it: a field that is added to requests belongs to it from then on. Whoever asks
    the same at a temperature above 0 wants another sample, so the run's seed, the turn and the try belong to it too,
    unless the temperature is 0. A temperature that is not given is the provider's, which is not 0.

    Args:
        request: What is asked.
        endpoint: The base URL it is sent to.
    """
    turn = request.turn
    if request.temperature != 0 and turn is None:
        return None
    sample = None if request.temperature == 0 or turn is None else [turn.seed, turn.turn, turn.try_number]
    sent = {field.name: getattr(request, field.name) for field in dataclasses.fields(request) if field.compare}
    whole = {"version": _VERSION, "endpoint": endpoint, "sample": sample, **sent}
    # ASCII, because half a surrogate pair has no UTF-8.
    return hashlib.sha256(json.dumps(_plain(whole), sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _plain(value: object) -> object:
    """``value`` as what JSON has, so that equal values are written alike: 1 and 1.0 are the same temperature."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"a request holds a {type(value).__name__}, which has no canonical form")
