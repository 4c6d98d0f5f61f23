"""``debate calibrate``: from pairs of one's own to a map that later runs use."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from commands import Command

from debate.settings.load import user_settings
from debate.transcript.reading import load

TOPICS = {
    "trams": ("Build trams.", "The city should lay tram lines.", "Widen the roads.", "Cars need more lanes."),
    "school": ("Start school later.", "Lessons should begin later.", "Keep the early start.", "Begin at eight as now."),
    "meat": ("Tax meat.", "Meat should cost more by a levy.", "Leave meat untaxed.", "Farmers need cheap meat."),
    "parks": ("Plant more trees.", "Parks need new trees.", "Pave the square.", "The market needs a stone floor."),
}


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Labelled pairs: on each topic two positions on either side."""
    path = tmp_path / "pairs.jsonl"
    rows = [
        {"topic": topic, "first": texts[i], "second": texts[j], "agree": i // 2 == j // 2}
        for topic, texts in TOPICS.items()
        for i in range(4)
        for j in range(i)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Maps are kept below the test's own folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.mark.acceptance
@pytest.mark.weights
def test_a_map_is_fitted_kept_drawn_and_used(debate: Command, tmp_path: Path, pairs: Path) -> None:
    """The figures are printed and drawn, the map is kept in the data folder, and the next run records it."""
    done = debate("calibrate", str(pairs), "--picture", "curve.svg")
    assert done.code == 0, done.err
    assert "pairs     24 on 4 topics" in done.out
    assert "AUROC" in done.out
    assert ET.parse(tmp_path / "curve.svg").getroot().tag.endswith("svg")
    (kept,) = (tmp_path / "data" / "debate" / "calibrations").iterdir()
    assert str(kept) in done.out.replace("\n", "")
    found = json.loads(kept.read_text())
    assert found["embedder"].startswith("all-MiniLM-L6-v2@")
    ran = debate("run", "demo", "--model", "*=simulated:debater", "--set", "consensus.method=position", "--json")
    assert ran.code == 0, ran.err
    header = load(Path(json.loads(ran.out)["transcript"])).header
    assert header.curve is not None
    assert (header.curve.centre, header.curve.width) == (found["centre"], found["width"])


def test_what_cannot_be_fitted_is_one_line(debate: Command, tmp_path: Path) -> None:
    """A mistake in the file, and a file that is not there, end with exit code 2 or 1 and nothing kept."""
    (tmp_path / "wrong.jsonl").write_text('{"a": "x"}\n')
    done = debate("calibrate", "wrong.jsonl")
    assert done.code == 2
    assert "wrong.jsonl:1: nothing under second or b" in done.err
    assert len(done.err.splitlines()) == 1
    done = debate("calibrate", "nowhere")
    assert done.code != 0
    assert len(done.err.splitlines()) == 1
    assert user_settings().calibrations == tmp_path / "data" / "debate" / "calibrations"
    assert not (tmp_path / "data").exists()


def test_transcripts_are_labelled_by_what_their_speakers_state(debate: Command, tmp_path: Path) -> None:
    """Positions of saved runs are pairs, labelled by stances or answers; too few of them are refused, saying so."""
    assert debate("run", "demo", "--no-similarity", "--quiet", "--max-requests", "2").code == 4
    done = debate("calibrate", "last")
    assert done.code == 2
    assert "calibration needs 20 pairs" in done.err
    assert "found 1" in done.err
