"""The command line in a process of its own, as a person runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_CACHE = TemporaryDirectory(prefix="debate-cache-")
COMMAND = (sys.executable, "-c", "from debate.cli.main import main; main()")


def environment(**more: str) -> dict[str, str]:
    """An environment without keys, settings or proxies, and with this checkout's package."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "LANG", "LC_ALL", "TMPDIR"}}
    ours = {"PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": _CACHE.name}
    return {**kept, **ours, **more}


def debate(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run ``debate`` to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=dict(environment() if env is None else env),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


class Done(NamedTuple):
    """What a command ended with."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]
