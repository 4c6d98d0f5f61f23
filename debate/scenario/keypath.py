"""Where in a scenario something stands: ``rounds[1].hears``."""

from __future__ import annotations

import re

KeyPath = tuple[str | int, ...]
"""Keys of mappings and indices of lists (from 0), from the outside in."""

_STEP = re.compile(r"\[(\d{1,6})\]|(?:^|\.)([^.\[\]]+)")


def format_path(path: KeyPath) -> str:
    """The path as a person writes it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def parse_path(text: str) -> KeyPath:
    """Read ``rounds[1].repeat.up_to``.

    Raises:
        ValueError: If the text is not of that form.
    """
    steps: list[str | int] = []
    end = 0
    for match in _STEP.finditer(text):
        if match.start() != end:
            break
        index, key = match.groups()
        steps.append(key.strip() if index is None else int(index))
        end = match.end()
    if not steps or end != len(text) or "" in steps:
        raise ValueError(f"expected a path such as rounds[1].repeat.up_to, found {text!r}")
    return tuple(steps)
