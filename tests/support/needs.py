"""What a test needs from the machine."""

from __future__ import annotations

import os

import pytest


def needs(condition: object, what: str) -> None:
    """Go on if ``condition`` holds; otherwise skip the test, saying why, or fail it where ``CI=true``.

    Args:
        condition: Whether the machine has it.
        what: The thing and how to get it, as ``tmux (apt-get install tmux)``.
    """
    if condition:
        return
    if os.environ.get("CI", "").casefold() in {"1", "true"}:
        pytest.fail(f"needs {what}, and continuous integration must have it", pytrace=False)
    pytest.skip(f"needs {what}")
