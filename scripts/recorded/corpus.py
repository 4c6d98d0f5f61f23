"""Where the recorded debates lie, and how their lines are read."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Row(NamedTuple):
    """One line of the table."""

    what: str
    n: int
    found: str
    expected: str
    within: bool | None
    """Whether it is as expected; None where nothing was recorded to compare with."""


class Report(NamedTuple):
    """What one corpus gave."""

    rows: list[Row]
    differences: list[str]
    """Every case in which what was found is not what was recorded, one a line."""


def folder() -> Path | None:
    """The recorded debates, from DEBATE_TEST_DATA or beside the repository; None where there are none."""
    data = Path(os.environ.get("DEBATE_TEST_DATA") or ROOT / ".." / "shared" / "data")
    recorded = (data if data.is_absolute() else ROOT / data).resolve() / "recorded"
    return recorded if recorded.is_dir() else None


def lines(path: Path) -> Iterator[dict[str, object]]:
    """The records of a compressed JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def percent(part: int, whole: int) -> float:
    """A share in per cent, 0 of nothing."""
    return 100 * part / whole if whole else 0.0
