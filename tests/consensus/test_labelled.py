"""Labelled pairs are read from JSON lines and CSV, and each mistake is named at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from debate.consensus.calibration import LabelledPair
from debate.consensus.labelled import read_pairs


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "p.jsonl",
            '{"topic": "T", "first": "A, b.", "second": "C.", "agree": 1}\n\n{"a": "D", "b": "E", "label": 0}\n',
        ),
        ("p.csv", '\ufefftopic,first,second,agree,note\nT,"A, b.",C.,yes,x\n,D,E,False,\n'),
    ],
)
def test_both_forms_say_the_same(tmp_path: Path, name: str, text: str) -> None:
    """The topic may be missing, labels may be words or numbers, other columns do not matter."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert read_pairs(path) == [LabelledPair("T", "A, b.", "C.", agree=True), LabelledPair("", "D", "E", agree=False)]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.jsonl", '{"a": "x", "b": "y", "agree": 1}\n{"a": "x"\n', r"p\.jsonl:2: no JSON"),
        ("p.jsonl", "[1]\n", r"p\.jsonl:1: expected an object, found '\[1\]'"),
        ("p.jsonl", '{"a": "x", "agree": 1}', r"p\.jsonl:1: nothing under second or b; it has a, agree"),
        ("p.csv", "first,second,agree\nx,y,perhaps\n", r"p\.csv:2: agree is true or false.*found 'perhaps'"),
    ],
)
def test_a_mistake_is_named_at_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    """Nothing is skipped silently."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_pairs(path)
