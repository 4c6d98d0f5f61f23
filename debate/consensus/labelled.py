"""Labelled pairs as a person keeps them: JSON lines or CSV, a topic, two positions, and whether they agree."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from debate.consensus.calibration import LabelledPair

_COLUMNS: Final = {"first": ("first", "a"), "second": ("second", "b"), "agree": ("agree", "label")}
"""What each part may be called."""
_LABELS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def read_pairs(path: Path) -> list[LabelledPair]:
    """The pairs of a file: CSV with a head line where its name ends on ``.csv``, else an object a line.

    Each has ``first`` and ``second`` (or ``a`` and ``b``), ``agree`` (or ``label``; true or false, yes or no, 1 or 0),
    and where there is one a ``topic``. Other columns are left alone.

    Raises:
        OSError: If it cannot be read.
        ValueError: As ``file:line: what is wrong``.
    """
    rows = _from_csv(path) if path.suffix.lower() == ".csv" else _from_lines(path)
    return [_pair(row, f"{path}:{line}") for line, row in rows]


def _from_csv(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, row


def _from_lines(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with path.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except ValueError as error:
                raise ValueError(f"{path}:{number}: no JSON: {error}") from None
            if not isinstance(row, dict):
                raise ValueError(f"{path}:{number}: expected an object, found {line.strip()[:40]!r}")  # noqa: TRY004 - a file's content
            yield number, row


def _pair(row: Mapping[str, object], place: str) -> LabelledPair:
    found = {part: _value(row, names, place) for part, names in _COLUMNS.items()}
    label = _LABELS.get(str(found["agree"]).strip().lower())
    if label is None:
        raise ValueError(f"{place}: agree is true or false, yes or no, 1 or 0; found {found['agree']!r}")
    topic = row.get("topic")
    return LabelledPair("" if topic is None else str(topic), str(found["first"]), str(found["second"]), label)


def _value(row: Mapping[str, object], names: tuple[str, ...], place: str) -> object:
    for name in names:
        value = row.get(name)
        if value is not None and str(value).strip():
            return value
    raise ValueError(f"{place}: nothing under {' or '.join(names)}; it has {', '.join(map(str, row)) or 'nothing'}")
