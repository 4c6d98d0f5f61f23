"""What a test needs from the machine is skipped loudly, and never silently in CI."""

from __future__ import annotations

import pytest
from needs import needs


def test_what_is_there_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens where the machine has it."""
    monkeypatch.setenv("CI", "true")
    needs(object(), "nothing")


def test_what_is_missing_skips_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside CI a developer may lack it."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs tmux"):
        needs(None, "tmux")


def test_what_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI a missing server would hide what was not tested."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs tmux"):
        needs(None, "tmux")
