"""Transcripts on disk: nothing sound is lost, and whatever is wrong is named by its line."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from facts import NOW, header, small_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from debate.errors import TranscriptDamaged, TranscriptError, TranscriptLocked, TranscriptNotFound
from debate.transcript.events import Entry, RunStarted, TextStored
from debate.transcript.log import FileLog, hash_of, line_of
from debate.transcript.reading import Reader, find, load, repair
from debate.transcript.reopening import reopen
from debate.transcript.state import fold
from debate.transcript.syncing import Syncer

ROOT = Path(__file__).parents[2]


@pytest.fixture
def syncer() -> Iterator[Syncer]:
    """A thread that syncs, ended with the test."""
    made = Syncer()
    yield made
    made.close()


def write(path: Path, syncer: Syncer) -> Path:
    """The small run as a transcript."""
    log = FileLog(path, syncer=syncer, now=lambda: NOW)
    for event in small_run():
        log.append(event)
    log.close()
    return path


def lines(path: Path) -> list[bytes]:
    """A file's lines, with their ends."""
    return path.read_bytes().splitlines(keepends=True)


def test_what_was_written_is_read(tmp_path: Path, syncer: Syncer) -> None:
    """Events come back in order and fold to the same state; the file is its owner's alone."""
    path = write(tmp_path / "new" / "run.jsonl", syncer)
    saved = load(path)
    assert [entry.event for entry in saved.entries] == small_run()
    assert saved.state == fold(small_run()).frozen()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (saved.tail.torn, saved.tail.unterminated, saved.tail.size) == (0, False, path.stat().st_size)


def test_a_torn_last_line_at_every_byte(tmp_path: Path, syncer: Syncer) -> None:
    """Cut anywhere, a transcript keeps every line that was finished; the rest is reported, and mended for going on."""
    whole = write(tmp_path / "run.jsonl", syncer).read_bytes()
    ends = [0]
    for line in whole.splitlines(keepends=True):
        ends.append(ends[-1] + len(line))
    path = tmp_path / "torn.jsonl"
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        sound = sum(1 for end in ends[1:] if size >= end - 1)
        if sound == 0:
            with pytest.raises(TranscriptDamaged, match=r"run_started"):
                load(path)
            continue
        saved = load(path)
        assert [entry.event for entry in saved.entries] == small_run()[:sound]
        kept = saved.tail.size
        assert kept == min(size, ends[sound])
        assert saved.tail.torn == size - kept
        assert saved.tail.unterminated == (kept == ends[sound] - 1)
        repair(path, saved.tail)
        assert path.read_bytes() == whole[: ends[sound]]


def test_a_mended_transcript_goes_on(tmp_path: Path, syncer: Syncer) -> None:
    """After a torn line was cut off, what is appended follows from the last sound one."""
    path = write(tmp_path / "run.jsonl", syncer)
    path.write_bytes(path.read_bytes()[:-30])
    log, saved = reopen(path, syncer=syncer)
    assert saved.tail.torn > 0
    log.append(small_run()[-1])
    log.close()
    assert [entry.event for entry in load(path).entries] == small_run()


def test_a_changed_byte_is_found_wherever_it_is(tmp_path: Path, syncer: Syncer) -> None:
    """Every byte before the last line stands under a hash: whichever is changed, a line at or after it is named."""
    whole = bytearray(write(tmp_path / "run.jsonl", syncer).read_bytes())
    path = tmp_path / "changed.jsonl"
    last = len(whole) - len(whole.splitlines(keepends=True)[-1])
    line = 1
    for at in range(last):
        changed = bytearray(whole)
        changed[at] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(TranscriptDamaged) as damage:
            load(path)
        assert damage.value.line in (line, line + 1)
        line += whole[at] == ord("\n")


@pytest.mark.parametrize("missing", [1, 4, 7])
def test_a_missing_line_is_named(tmp_path: Path, syncer: Syncer, missing: int) -> None:
    """A line taken out of the middle is missed at its place, in words a person can act on."""
    path = write(tmp_path / "run.jsonl", syncer)
    kept = lines(path)
    del kept[missing]
    path.write_bytes(b"".join(kept))
    with pytest.raises(TranscriptDamaged, match="lines are missing") as damage:
        load(path)
    assert damage.value.line == missing + 1
    assert str(path) in str(damage.value)


@pytest.mark.parametrize("damage", [b"", b"{}", b"not json", b"\xff\xfe", b"[1, 2", b'{"seq": 3}'])
def test_a_damaged_middle_line_is_named(tmp_path: Path, syncer: Syncer, damage: bytes) -> None:
    """A line that is no entry is named by its number, unless it is the last and was never finished."""
    path = write(tmp_path / "run.jsonl", syncer)
    kept = lines(path)
    kept[3] = damage + b"\n"
    path.write_bytes(b"".join(kept))
    with pytest.raises(TranscriptDamaged) as found:
        load(path)
    assert found.value.line == 4


@pytest.mark.parametrize(
    ("first", "line"), [([], 1), ([TextStored(hash="h", what="text", text="t")], 1), ([header(), header()], 2)]
)
def test_one_header_comes_first(tmp_path: Path, first: list[RunStarted | TextStored], line: int) -> None:
    """A transcript begins with its header, and has no second one."""
    path, prev = tmp_path / "run.jsonl", ""
    with path.open("wb") as file:
        for seq, event in enumerate(first):
            written = line_of(Entry(seq=seq, at=NOW, prev=prev, event=event))
            prev = hash_of(written)
            file.write(written + b"\n")
    with pytest.raises(TranscriptDamaged, match="run_started") as damage:
        load(path)
    assert damage.value.line == line


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=200), at=st.integers(0, 3000), cut=st.integers(0, 200))
def test_any_bytes_give_only_our_errors(tmp_path: Path, noise: bytes, at: int, cut: int) -> None:
    """Whatever stands in a file, reading it gives entries or an error of ours, never another."""
    sound = tmp_path / "sound.jsonl"
    if not sound.exists():
        syncer = Syncer()
        write(sound, syncer)
        syncer.close()
    whole = sound.read_bytes()
    path = tmp_path / "noise.jsonl"
    for data in (noise, whole[:at] + noise + whole[at + cut :]):
        path.write_bytes(data)
        with suppress(TranscriptError):
            load(path)


HOSTILE = [
    b'{"seq":0,"at":"2026-01-01T00:00:00Z","prev":"","event":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    b"[" * 100_000,
    b'{"seq":' + b"9" * 5000 + b',"at":0,"prev":"","event":{"kind":"run_ended","status":"completed"}}',
    b'{"seq":0,"at":1e400,"prev":"","event":{"kind":"run_ended","status":"completed"}}',
    b'{"seq":0,"at":"2026-01-01T00:00:00Z","prev":"\\ud800","event":{"kind":"run_ended","status":"completed"}}',
    b"\x00" * 1000,
]


@pytest.mark.parametrize("line", HOSTILE)
def test_hostile_lines_give_our_errors(tmp_path: Path, line: bytes) -> None:
    """Deep nesting, huge numbers and half characters are damage like any other."""
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(line + b"\n")
    with pytest.raises(TranscriptDamaged):
        load(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file and a folder are told apart from a damaged transcript."""
    with pytest.raises(TranscriptNotFound):
        load(tmp_path / "none.jsonl")
    with pytest.raises(TranscriptError):
        load(tmp_path)


class TestFinding:
    """``TRANSCRIPT`` arguments take a path, a run id's beginning, or ``last``."""

    def saved(self, folder: Path, *names: str) -> None:
        """Empty files, each younger than the one before."""
        for age, name in enumerate(names):
            path = folder / f"{name}.jsonl"
            path.write_text("")
            os.utime(path, (age, age))

    def test_by_path_prefix_and_last(self, tmp_path: Path) -> None:
        """Each of the three ways finds the file that is meant."""
        self.saved(tmp_path, "20260102-b", "20260101-a", "20260103-c")
        assert find("last", tmp_path).stem == "20260103-c"
        assert find("20260101", tmp_path).stem == "20260101-a"
        assert find(str(tmp_path / "20260102-b.jsonl"), Path("elsewhere")).stem == "20260102-b"

    def test_a_whole_id_is_not_ambiguous(self, tmp_path: Path) -> None:
        """An id that begins another one still means itself."""
        self.saved(tmp_path, "run-1", "run-10")
        assert find("run-1", tmp_path).stem == "run-1"

    @pytest.mark.parametrize(
        ("name", "words"),
        [("2026", "2 runs"), ("1999", "begins with it"), ("no/such.jsonl", "no such transcript")],
    )
    def test_what_cannot_be_found_says_so(self, tmp_path: Path, name: str, words: str) -> None:
        """Nothing that fits, and more than one that does, are errors that say what to write instead."""
        self.saved(tmp_path, "20260101-a", "20260102-b")
        with pytest.raises(TranscriptNotFound, match=words):
            find(name, tmp_path)

    def test_last_of_nothing(self, tmp_path: Path) -> None:
        """With no transcript yet, ``last`` says how to make one."""
        with pytest.raises(TranscriptNotFound, match="debate run"):
            find("last", tmp_path / "none")


class TestWriting:
    """One writer, all of a line or none of it."""

    def test_a_second_writer_is_locked_out(self, tmp_path: Path, syncer: Syncer) -> None:
        """While one process holds a transcript, another cannot take it up; afterwards it can."""
        path = tmp_path / "run.jsonl"
        log = FileLog(path, syncer=syncer)
        log.append(header())
        script = (
            "import sys; from pathlib import Path; from debate.transcript.reopening import reopen;"
            "from debate.transcript.syncing import Syncer; from debate.errors import TranscriptLocked\n"
            "s = Syncer()\n"
            "try: reopen(Path(sys.argv[1]), syncer=s).log.close()\n"
            "except TranscriptLocked as error: print(error); sys.exit(9)\n"
            "finally: s.close()\n"
        )
        second = run_python(script, str(path))
        assert second.returncode == 9
        assert "another process is writing" in second.stdout
        with pytest.raises(TranscriptLocked):
            reopen(path, syncer=syncer)
        log.close()
        assert run_python(script, str(path)).returncode == 0

    def test_an_existing_file_is_never_overwritten(self, tmp_path: Path, syncer: Syncer) -> None:
        """A new run refuses a file that is there, whatever is in it."""
        path = tmp_path / "run.jsonl"
        path.write_text("precious")
        with pytest.raises(TranscriptError, match=r"run\.jsonl"):
            FileLog(path, syncer=syncer)
        assert path.read_text() == "precious"

    def test_a_full_disk(self, tmp_path: Path) -> None:
        """Where a line does not fit, the error names the file, and everything up to there is sound."""
        path = tmp_path / "run.jsonl"
        script = (
            "import sys, resource; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
            "from debate.transcript.log import FileLog; from debate.transcript.syncing import Syncer\n"
            "from debate.errors import TranscriptError; from facts import header, asked\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
            "s = Syncer(); log = FileLog(Path(sys.argv[1]), syncer=s); log.append(header()); n = 1\n"
            "try:\n"
            "    while True: log.append(asked(f'opening/p{n}')); n += 1\n"
            "except TranscriptError as error: print(n); print(error)\n"
            "log.close(); s.close()\n"
        )
        done = run_python(script, str(path), str(ROOT / "tests" / "support"))
        assert done.returncode == 0, done.stderr
        count, message = done.stdout.splitlines()
        assert str(path) in message
        saved = load(path)
        assert len(saved.entries) == int(count) > 3
        assert saved.tail.torn == 0

    async def test_a_sync_that_failed_is_not_forgotten(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An error of the disk while nobody waits is raised at the next sync: it may never be reported again."""
        syncer = Syncer(interval=0.0)
        log = FileLog(tmp_path / "run.jsonl", syncer=syncer)

        def broken(_fd: int) -> None:
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(os, "fsync", broken)
        log.append(header())
        with pytest.raises(TranscriptError, match="Input/output"):
            await log.sync()
        monkeypatch.undo()
        with pytest.raises(TranscriptError, match="Input/output"):
            await log.sync()
        with pytest.raises(TranscriptError, match="Input/output"):
            log.close()
        log.close()
        syncer.close()

    async def test_many_writers_share_few_syncs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Lines written within one interval cost one sync a file, and every file is synced when asked."""
        synced: list[int] = []
        real = os.fsync

        def counting(fd: int) -> None:
            synced.append(fd)
            real(fd)

        monkeypatch.setattr(os, "fsync", counting)
        syncer = Syncer(interval=0.2)
        logs = [FileLog(tmp_path / f"run{n}.jsonl", syncer=syncer) for n in range(4)]
        for _ in range(50):
            for log in logs:
                log.append(header())
        for log in logs:
            await log.sync()
            log.close()
        syncer.close()
        assert len(logs) <= len(synced) < 40


def run_python(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


KILLED = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from scripted import Scripted, scenario
from debate.engine.engine import Engine

async def main():
    people = {f"p{n}": {} for n in range(6)}
    rounds = [{"name": "talk", "who": "debater", "repeat": 100}]
    model = Scripted(seconds={name: 0.002 * n for n, name in enumerate(people)})
    async with Engine(models={"mine": model}) as engine:
        await engine.run(scenario(participants=people, rounds=rounds), transcript=Path(sys.argv[1]))

asyncio.run(main())
"""


@pytest.mark.parametrize("at", [5_000, 60_000])
def test_a_killed_process_loses_nothing(tmp_path: Path, at: int) -> None:
    """SIGKILL in the middle of a run: every line before it is there, the chain holds, and turns in flight are open."""
    path = tmp_path / "run.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), str(ROOT / "tests" / "support")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        seen = 0
        while seen < at:
            assert process.poll() is None, "the run ended before it could be killed"
            seen = path.stat().st_size if path.exists() else 0
            time.sleep(0.001)
        before = path.read_bytes()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    saved = load(path)
    assert path.read_bytes().startswith(before)
    assert saved.state.status == "running"
    last = Reader(path)
    assert len(list(last)) == len(saved.entries)
    asked = [entry.event.turn for entry in saved.entries if entry.event.kind == "turn_asked"]
    over = {entry.event.turn for entry in saved.entries if entry.event.kind in ("turn_answered", "turn_ended")}
    assert {id_ for id_, turn in saved.state.turns.items() if turn.open_try is not None} == set(asked) - over


def test_lines_are_plain_json(tmp_path: Path, syncer: Syncer) -> None:
    """Each line can be read by any JSON reader, and holds seq, at, prev and event."""
    for number, line in enumerate(lines(write(tmp_path / "run.jsonl", syncer))):
        entry = json.loads(line)
        assert list(entry) == ["seq", "at", "prev", "event"]
        assert entry["seq"] == number


def test_limits_are_put_back() -> None:
    """No test leaves this process with a smaller disk than it had."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] in (resource.RLIM_INFINITY, -1)
