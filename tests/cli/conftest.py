"""The command line inside the test's process: quick, with everything but the process itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Command, Done

from debate.cli.main import run


@pytest.fixture
def debate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``debate("run", …)`` in an empty folder, with an empty home and no key."""
    for name in ("TOGETHER_API_KEY", "OPENAI_API_KEY", "DEBATE_SETTINGS", "TOGETHER_BASE_URL", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Done:
        capsys.readouterr()
        code = run(list(arguments))
        return Done(code, *capsys.readouterr())

    return command
