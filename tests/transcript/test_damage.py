"""What a killed process, a full disk or a careless hand does to a transcript, and what is made of it."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from debate.assets import example_transcripts
from debate.errors import TranscriptDamaged, TranscriptLocked, TranscriptNotFound
from debate.transcript.reading import load
from debate.transcript.reopening import reopen
from debate.transcript.syncing import Syncer

GOLDEN = example_transcripts() / "format-1" / "stopped.jsonl"


@pytest.mark.parametrize("step", [37, pytest.param(1, marks=pytest.mark.acceptance)])
def test_torn_at_any_byte_the_sound_part_is_read(tmp_path: Path, step: int):
    """Cut off anywhere, a transcript reads up to its last whole line, and the rest is counted as torn."""
    data = GOLDEN.read_bytes()
    ends = [place + 1 for place, byte in enumerate(data) if byte == ord("\n")]
    near_ends = {end + offset for end in ends for offset in (-2, -1, 0, 1)}
    sizes = sorted({*range(1, len(data), step), *(size for size in near_ends if 0 < size < len(data))})
    path = tmp_path / "torn.jsonl"
    for size in sizes:
        path.write_bytes(data[:size])
        whole = sum(end <= size for end in ends)
        # A last line that lacks its line end alone is whole.
        whole += size + 1 in ends
        if whole == 0:
            with pytest.raises(TranscriptDamaged, match="begins with run_started"):
                load(path)
            continue
        saved = load(path)
        assert len(saved.entries) == whole, size
        assert saved.tail.size + saved.tail.torn == size
        assert saved.tail.unterminated == (size + 1 in ends)


@pytest.mark.parametrize("missing", [1, 2, 40])
def test_a_mended_tail_can_be_appended_to(tmp_path: Path, missing: int):
    """Reopening cuts off a torn line, or ends one that lacks only its end, and what follows chains on."""
    path = tmp_path / "run.jsonl"
    data = GOLDEN.read_bytes()
    path.write_bytes(data[:-missing])
    before = load(path)
    syncer = Syncer()
    log, saved = reopen(path, syncer=syncer)
    last = json.loads(data.splitlines()[-1])["event"]
    assert saved.entries == before.entries
    log.append(load(GOLDEN).entries[-1].event)
    log.close()
    syncer.close()
    again = load(path)
    assert len(again.entries) == len(before.entries) + 1
    assert again.tail.torn == 0
    assert again.entries[-1].event.kind == last["kind"]


@pytest.mark.parametrize("change", ["flip", "drop", "swap", "double"])
def test_a_line_that_was_changed_dropped_or_moved_is_found(tmp_path: Path, change: str):
    """The chain of hashes shows any change before the last line, and the error names the line."""
    lines = GOLDEN.read_bytes().splitlines()
    match change:
        case "flip":
            lines[9] = lines[9].replace(b'"at":"2026', b'"at":"2027')
        case "drop":
            del lines[9]
        case "swap":
            lines[9], lines[10] = lines[10], lines[9]
        case _:
            lines.insert(9, lines[9])
    path = tmp_path / "changed.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    with pytest.raises(TranscriptDamaged) as caught:
        load(path)
    assert caught.value.line in (10, 11)


def test_a_second_process_cannot_write_the_same_run(tmp_path: Path):
    """The lock is the operating system's: it holds between processes, and goes with the one that held it."""
    path = tmp_path / "run.jsonl"
    path.write_bytes(GOLDEN.read_bytes())
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom debate.transcript.reopening import reopen\n"
        "from debate.transcript.syncing import Syncer\n"
        "log, _ = reopen(Path(sys.argv[1]), syncer=Syncer())\nprint('locked', flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(TranscriptLocked, match="another process"):
            reopen(path, syncer=Syncer())
        other.kill()
        other.wait()
    reopen(path, syncer=Syncer()).log.close()


def test_what_is_not_there_cannot_be_reopened(tmp_path: Path):
    """A wrong path is said to be one, and no file is made."""
    with pytest.raises(TranscriptNotFound):
        reopen(tmp_path / "none.jsonl", syncer=Syncer())
    assert not (tmp_path / "none.jsonl").exists()


FULL_DISK = """
import asyncio, logging, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from scripted import Scripted, motion_reply, scenario
from debate.engine.engine import Engine
from debate.errors import TranscriptUnwritten

async def main():
    model = Scripted(default=motion_reply(text="An argument that was paid for. " * 200))
    async with Engine(models={"mine": model}) as engine:
        try:
            await engine.run(scenario(), transcript=Path(sys.argv[1]))
        except TranscriptUnwritten as error:
            print(error)
            print(error.line)
asyncio.run(main())
"""


def held_elsewhere(path: Path, bound: int = resource.RLIM_INFINITY) -> subprocess.CompletedProcess[str]:
    """Hold a run in a process whose files may have ``bound`` bytes."""
    return subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(Path(__file__).parents[1] / "support")],
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bound, bound)),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def test_a_full_disk_loses_nothing_that_was_paid_for(tmp_path: Path):
    """The error names the turn and keeps the line; what was written before is sound and can be resumed."""
    whole, path = tmp_path / "whole.jsonl", tmp_path / "run.jsonl"
    whole_run = held_elsewhere(whole)
    assert whole_run.stdout == ""
    # The first answer does not fit; nothing before it differs in length from run to run.
    bound = whole.read_bytes().index(b'"kind":"turn_answered"') + 100
    done = held_elsewhere(path, bound)
    message, line, *_ = done.stdout.splitlines()
    kept = json.loads(line)["event"]
    assert kept["kind"] == "turn_answered"
    assert f"turn_answered of {kept['turn']} could not be written: File too large" in message
    assert "An argument that was paid for." in kept["text"]
    saved = load(path)
    assert path.stat().st_size <= bound
    assert saved.tail.torn == 0
    assert kept["turn"] not in [id_ for id_, turn in saved.state.turns.items() if turn.answered]
