"""Golden transcripts of every format: they stay readable, and mean what they meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from debate.assets import example_transcripts
from debate.engine.replaying import verify
from debate.errors import TranscriptDamaged, TranscriptError
from debate.transcript import upcasting
from debate.transcript.events import FORMAT
from debate.transcript.log import hash_of
from debate.transcript.reading import load
from debate.transcript.reopening import reopen
from debate.transcript.syncing import Syncer

GOLDEN = sorted(example_transcripts().glob("format-*/*.jsonl"))
EXPECTED = {
    "failed": ("failed", None, 4, 0, 3),
    "fork": ("completed", "against", 13, 0, 0),
    "motion": ("completed", "against", 13, 0, 0),
    "question": ("completed", "A", 8, 1, 0),
    "resumed": ("completed", "A", 8, 0, 0),
    "stopped": ("stopped", None, 6, 0, 0),
}
"""Name to status, verdict, and turns attempted, unreadable and failed."""


def rechained(lines: list[dict[str, object]]) -> bytes:
    """Lines with every ``prev`` set to the hash of the line before."""
    prev, out = "", []
    for line in lines:
        out.append(json.dumps({**line, "prev": prev}).encode())
        prev = hash_of(out[-1])
    return b"\n".join(out) + b"\n"


def lines_of(name: str) -> list[dict[str, object]]:
    """The lines of a golden transcript, as JSON."""
    path = next(path for path in GOLDEN if path.stem == name)
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_golden_transcript_means_what_it_meant(path: Path):
    """Status, verdict and the fate of every turn are read as they were when it was made."""
    saved = load(path)
    result = saved.result
    answer = result.verdict.answer if result.verdict is not None else None
    turns = result.turns
    assert (result.status, answer, turns.attempted, turns.unreadable, turns.failed) == EXPECTED[path.stem]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
async def test_a_golden_transcript_verifies(path: Path):
    """What was read, scored, gated and decided follows from its recorded completions."""
    verification = await verify(load(path))
    assert verification.divergence is None


def test_every_kind_of_event_that_is_written_today_is_in_a_golden_transcript():
    """Whoever changes an event finds out here that old transcripts hold it."""
    kinds = {line["event"]["kind"] for path in GOLDEN for line in map(json.loads, path.read_text().splitlines())}
    batches = {"batch_planned", "batch_submitted"}
    assert kinds | batches >= {
        "run_started", "run_resumed", "run_suspended", "text_stored", "turn_asked", "attempt_failed", "turn_answered",
        "turn_ended", "gate_resolved", "scored", "verdict_reached", "warned", "run_ended",
    }  # fmt: skip


def test_a_newer_format_is_an_error_that_says_so(tmp_path: Path):
    """A transcript of a version to come is not called damaged: the reader is told to upgrade."""
    lines = lines_of("motion")
    lines[0]["event"]["format"] = FORMAT + 1
    (tmp_path / "new.jsonl").write_bytes(rechained(lines))
    with pytest.raises(TranscriptError, match=r"by a newer version of the engine.*upgrade") as caught:
        load(tmp_path / "new.jsonl")
    assert not isinstance(caught.value, TranscriptDamaged)


def test_an_older_format_is_upcast_line_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With a step for it a made-up format 0, which named turns otherwise, folds to the state of today's."""

    def rename(line: upcasting.Line) -> upcasting.Line:
        event = dict(line["event"])
        if event["kind"] == "run_started":
            event["format"] = 1
        if "speech" in event:
            event["turn"] = event.pop("speech")
        return {**line, "event": event}

    lines = lines_of("motion")
    lines[0]["event"]["format"] = 0
    for line in lines:
        if "turn" in line["event"]:
            line["event"]["speech"] = line["event"].pop("turn")
    old = tmp_path / "old.jsonl"
    old.write_bytes(rechained(lines))
    with pytest.raises(TranscriptDamaged, match="no format 0"):
        load(old)
    monkeypatch.setitem(upcasting.STEPS, 0, rename)
    today = load(next(path for path in GOLDEN if path.stem == "motion"))
    assert load(old).state.turns == today.state.turns
    assert load(old).format == 0
    with pytest.raises(TranscriptError, match="fork the run"):
        reopen(old, syncer=Syncer())
