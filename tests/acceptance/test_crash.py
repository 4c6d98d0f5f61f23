"""Two hundred kills: whatever a process was doing when it died, resuming loses nothing and pays for nothing twice."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import random
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from eight_debates import DEBATES, work
from holding import comparable

from debate.engine.replaying import verify
from debate.transcript.events import RunResumed, TurnAsked
from debate.transcript.reading import Saved, load

KILLS = 200
SERVER = Path(__file__).parents[1] / "support" / "counting_server.py"


@pytest.fixture
def url() -> Iterator[str]:
    """A counting server in another process, which no kill touches."""
    with subprocess.Popen([sys.executable, str(SERVER)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        server.kill()


def counts(url: str) -> Counter[str]:
    """How often each prompt was answered so far."""
    with urllib.request.urlopen(f"{url}/counts") as answer:
        return Counter(json.load(answer))


def killed_until_done(folder: Path, url: str, batch: int, drawn: random.Random) -> int:
    """Run the eight debates, killing the process at random moments, until they are done; return the kills."""
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["eight_debates"])
    kills = 0
    while True:
        child = processes.Process(target=work, args=(str(folder), url, batch))
        child.start()
        child.join(drawn.uniform(0.02, 0.8))
        if child.exitcode is not None:
            assert child.exitcode == 0, f"batch {batch} after {kills} kills"
            return kills
        child.kill()
        child.join()
        kills += 1


def reported(saved: Saved) -> Counter[str]:
    """Prompt to how often a resume said that it may have been billed without being answered here."""
    found: Counter[str] = Counter()
    asked: dict[str, str] = {}
    for entry in saved.entries:
        event = entry.event
        if isinstance(event, TurnAsked):
            asked[f"{event.turn}#{event.try_number}"] = event.prompt_hash
        elif isinstance(event, RunResumed):
            found.update(asked[name] for name in event.possibly_billed)
    return found


@pytest.mark.acceptance
@pytest.mark.timeout(900)
def test_two_hundred_kills(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch):
    """No prompt is answered twice but those in flight at a kill, each reported; every result is that of a calm run."""
    # The server that children are forked from imports what they need; it looks for it where this process says.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(SERVER.parent), str(SERVER.parents[2]))))
    drawn = random.Random(7)
    kills = batch = resumes = reports = again = 0
    while kills < KILLS:
        folder = tmp_path / f"killed-{batch}"
        folder.mkdir()
        kills += killed_until_done(folder, url, batch, drawn)
        answered = counts(url)
        saved = [load(folder / f"{number}.jsonl") for number in range(DEBATES)]
        for run in saved:
            may_be_twice = reported(run)
            prompts = {a.prompt_hash for turn in run.state.turns.values() for a in turn.asked.values()}
            for prompt in prompts:
                assert 1 <= answered[prompt] <= 1 + may_be_twice[prompt]
                again += answered[prompt] - 1
            resumes += run.state.resumed
            reports += may_be_twice.total()
            assert run.state.status == "completed"
            assert asyncio.run(verify(run)).divergence is None
        calm = tmp_path / f"calm-{batch}"
        calm.mkdir()
        work(str(calm), url, batch)
        for number, run in enumerate(saved):
            assert comparable(run.state) == comparable(load(calm / f"{number}.jsonl").state)
        batch += 1
    summary = (
        f"{kills} kills, {batch * DEBATES} debates, {resumes} resumes, {again} answered twice of {reports} reported"
    )
    print(summary)  # noqa: T201 - the figures of the test, seen with -s
    assert resumes > 0
    assert reports >= again
