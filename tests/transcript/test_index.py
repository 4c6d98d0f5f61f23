"""The index of a folder: what each transcript came to, read once."""

from __future__ import annotations

import json
import os
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from debate.assets import example_transcripts
from debate.transcript import index as indexing
from debate.transcript.index import listing
from debate.transcript.log import hash_of
from debate.transcript.reading import load
from debate.transcript.unfinished import unfinished

GOLDEN = example_transcripts() / "format-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with every golden transcript, each changed a second after the one before."""
    made = tmp_path / "transcripts"
    made.mkdir()
    for second, path in enumerate(sorted(GOLDEN.glob("*.jsonl"))):
        copy = Path(shutil.copy(path, made))
        os.utime(copy, (1_700_000_000 + second, 1_700_000_000 + second))
    return made


def test_a_folder_is_listed_with_what_each_run_came_to(folder: Path, tmp_path: Path):
    """Every figure is that of the transcript's own result, in order of change."""
    rows = listing(folder, index=tmp_path / "i.sqlite")
    assert [row.path.name for row in rows] == sorted(path.name for path in GOLDEN.glob("*.jsonl"))
    for row in rows:
        result = load(row.path).result
        assert (row.run, row.status, row.turns) == (result.run_id, result.status, result.turns.attempted)
        assert row.answer == (result.verdict.answer if result.verdict is not None else None)
        assert row.agreement == (result.consensus.agreement if result.consensus is not None else None)
        assert row.cost_usd == result.usage.cost_usd
        assert row.cost_usd is None or isinstance(row.cost_usd, Decimal)


def test_only_what_has_changed_is_read_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A second listing opens no transcript; one that was added, changed or removed is the only one looked at."""
    index = tmp_path / "i.sqlite"
    before = listing(folder, index=index)
    read: list[str] = []
    real = indexing._read

    def counting(path: Path) -> tuple[str | int | float | None, ...]:
        read.append(path.name)
        return real(path)

    monkeypatch.setattr(indexing, "_read", counting)
    assert listing(folder, index=index) == before
    assert read == []
    (folder / "fork.jsonl").unlink()
    shutil.copy(folder / "motion.jsonl", folder / "twin.jsonl")
    lines = (folder / "stopped.jsonl").read_bytes().splitlines()
    (folder / "stopped.jsonl").write_bytes(b"\n".join(lines[:-1]) + b"\n")
    after = listing(folder, index=index)
    assert sorted(read) == ["stopped.jsonl", "twin.jsonl"]
    assert {row.path.name for row in after} == {path.name for path in folder.glob("*.jsonl")}
    assert next(row.status for row in after if row.path.name == "stopped.jsonl") == "running"


@pytest.mark.parametrize("ruin", [b"", b"no database at all", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_ruined_index_is_made_anew(folder: Path, tmp_path: Path, ruin: bytes):
    """Whatever stands in the index file, the listing is right."""
    index = tmp_path / "i.sqlite"
    expected = listing(folder, index=tmp_path / "other.sqlite")
    index.write_bytes(ruin)
    assert listing(folder, index=index) == expected


def test_an_index_that_cannot_be_written_is_done_without(folder: Path, tmp_path: Path):
    """A folder stands where the index should: the listing is worked out in memory."""
    (tmp_path / "i.sqlite").mkdir()
    assert len(listing(folder, index=tmp_path / "i.sqlite")) == len(list(GOLDEN.glob("*.jsonl")))


def test_a_damaged_transcript_is_listed_as_damaged(folder: Path, tmp_path: Path):
    """It neither hides nor stops the others, and says what is wrong."""
    (folder / "motion.jsonl").write_text('{"no": "transcript"}\n')
    (folder / "empty.jsonl").write_text("")
    rows = {row.path.name: row for row in listing(folder, index=tmp_path / "i.sqlite")}
    assert rows["motion.jsonl"].status == rows["empty.jsonl"].status == "damaged"
    assert "not an entry of a transcript" in str(rows["motion.jsonl"].error)
    assert rows["fork.jsonl"].status == "completed"


def test_unfinished_runs_of_the_same_scenario_are_found(tmp_path: Path):
    """Same scenario, same seed, not ended: found by first line and end alone; all others are not."""
    header = load(GOLDEN / "stopped.jsonl").header
    shutil.copy(GOLDEN / "stopped.jsonl", tmp_path / "20260101-motion-aaaa.jsonl")
    shutil.copy(GOLDEN / "motion.jsonl", tmp_path / "20260102-motion-bbbb.jsonl")
    (tmp_path / "20260103-motion-cccc.jsonl").write_text("torn")
    assert unfinished(tmp_path, "motion", header.scenario_hash, 0) == ("golden-stopped",)
    assert unfinished(tmp_path, "motion", header.scenario_hash, 1) == ()
    assert unfinished(tmp_path, "motion", "other", 0) == ()
    assert unfinished(tmp_path / "none", "motion", header.scenario_hash, 0) == ()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"scenario": {}}, "completed"),
        ({"scenario": {"rounds": "none"}}, "completed"),
        ({"scenario": {"rounds": [3, {"group": [{}]}]}}, "completed"),
    ],
)
def test_a_forged_header_does_not_break_reading(tmp_path: Path, change: dict[str, object], status: str):
    """Found by fuzzing: rounds that are none, or scores of rounds that the header does not have."""
    prev, out = "", []
    for text in (GOLDEN / "motion.jsonl").read_text().splitlines():
        line = {**json.loads(text), "prev": prev}
        if line["event"]["kind"] == "run_started":
            line["event"] |= change
        out.append(json.dumps(line).encode())
        prev = hash_of(out[-1])
    path = tmp_path / "forged.jsonl"
    path.write_bytes(b"\n".join(out) + b"\n")
    assert load(path).result.status == status
