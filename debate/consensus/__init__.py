"""How far voices agree: embedders, agreement, camps, movement. It never calls a chat model."""

from __future__ import annotations

from importlib import import_module

_PLACES = {"agreement": "evaluation", "consensus": "evaluation"}

__all__ = ["agreement", "consensus"]


def __getattr__(name: str) -> object:
    """Find a public name where it is defined, on first use (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
