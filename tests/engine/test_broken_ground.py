"""What a run stands on gives way: the transcript cannot be written, or something blocks the loop."""

from __future__ import annotations

from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from holding import hold, letters
from scripted import Scripted, failing, scenario

from debate.engine.engine import Engine
from debate.errors import TranscriptError
from debate.transcript.events import Entry, Event
from debate.transcript.log import FileLog
from debate.transcript.reading import load


@pytest.mark.timeout(30)
@pytest.mark.parametrize("fits", range(1, 30, 2))
async def test_a_disk_that_fills_up_at_any_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fits: int) -> None:
    """Whichever line does not fit, the error is the transcript's, nobody hangs, and what is written is sound."""
    path = tmp_path / "run.jsonl"
    real, written = FileLog.append, 0

    def append(self: FileLog, event: Event) -> Entry:
        nonlocal written
        if written >= fits:
            raise TranscriptError(f"{path}: no space left on device")
        written += 1
        return real(self, event)

    monkeypatch.setattr(FileLog, "append", append)
    model = Scripted({"ben": failing()}, seconds={"cleo": 0.01})
    with pytest.raises(TranscriptError, match="no space left"):
        await hold(scenario(), model, tmp_path)
    assert model.in_flight == 0
    assert len(load(path).entries) == fits


async def test_a_full_disk_at_the_deadline_does_not_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where saying that a run is stopped fails, it ends with that error."""
    real = FileLog.append

    def append(self: FileLog, event: Event) -> Entry:
        if event.kind == "run_suspended":
            raise TranscriptError("no space left on device")
        return real(self, event)

    monkeypatch.setattr(FileLog, "append", append)
    with pytest.raises(TranscriptError, match="no space left"):
        await hold(scenario(), Scripted(seconds={"ben": 3600.0}), tmp_path, deadline=0.2)


async def test_nothing_blocks_the_loop(tmp_path: Path) -> None:
    """A whole run, with an embedder and a transcript, makes no blocking call in the event loop but its own lines."""
    asked = scenario(consensus={"similarity": "on"})
    async with Engine(models={"mine": Scripted()}, embedder=letters) as engine:
        run = await engine.prepare(asked, transcript=tmp_path / "run.jsonl")
        with blockbuster_ctx("debate") as blocking:
            # Lines go to the page cache by design, so that a killed process loses nothing; syncs are the thread's.
            blocking.functions["os.write"].can_block_in("debate/transcript/log.py", "_write_all")
            # Held for the time of a few set operations, never over a sync.
            holders = {"dirty", "synced", "forget"}
            blocking.functions["threading.Lock.acquire"].can_block_in("debate/transcript/syncing.py", holders)
            result = await run.hold()
    assert result.status == "completed"
