"""Ctrl-C in a real process: once drains, twice aborts, and the transcript is sound either way."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from commands import COMMAND, environment

from debate.transcript.reading import load

SCENARIO = """\
debate: 1
name: slow
motion: Tea is better than coffee.
models: {cheap: "ollama:slow"}
participants: {ana: {}, ben: {}}
rounds:
  - {name: opening, who: debater, hears: nobody}
  - {name: rebuttal, who: debater, repeat: 2}
"""
TEXT = "Tea keeps better.\nPOSITION: Tea is better.\nSTANCE: support\nCONFIDENCE: 80"


class Held:
    """A server that answers when it is let."""

    def __init__(self) -> None:
        self.asked = Event()
        self.let = Event()
        self.url = ""
        self.requests = 0


@pytest.fixture
def held() -> Iterator[Held]:
    """The server."""
    state = Held()

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            state.requests += 1
            state.asked.set()
            state.let.wait(60)
            choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
            usage = {"prompt_tokens": 9, "completion_tokens": 9}
            body = json.dumps({"id": "1", "model": "slow", "choices": [choice], "usage": usage}).encode()
            try:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        yield state
        state.let.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def running(held: Held, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run whose first requests are under way."""
    (tmp_path / "slow.yaml").write_text(SCENARIO)
    command = [*COMMAND, "run", "slow.yaml", "--endpoint", f"ollama={held.url}", "--no-similarity"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while not held.asked.wait(0.05):
            assert process.poll() is None, process.communicate()[1]
        yield process
        process.kill()


def noted(process: subprocess.Popen[str]) -> str:
    """The next line the process says on standard error."""
    assert process.stderr is not None
    return process.stderr.readline()


def test_once_drains(running: subprocess.Popen[str], held: Held, tmp_path: Path) -> None:
    """What is under way is awaited and kept, nothing new is asked, and the exit code says interrupted."""
    running.send_signal(signal.SIGINT)
    assert "no new turn starts" in noted(running)
    held.let.set()
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (130, "")
    assert "stopped     interrupted from the keyboard" in out
    (path,) = (tmp_path / "transcripts").glob("*.jsonl")
    saved = load(path)
    assert saved.state.suspended is not None
    assert saved.state.suspended.reason == "interrupted"
    assert {id_ for id_, turn in saved.state.turns.items() if turn.ended is not None} == {"opening/ana", "opening/ben"}
    assert held.requests == 2


def test_twice_aborts(running: subprocess.Popen[str], held: Held, tmp_path: Path) -> None:
    """A server that never answers cannot keep a person waiting; the transcript says where the run stands."""
    running.send_signal(signal.SIGINT)
    assert "no new turn starts" in noted(running)
    time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert noted(running) == "aborted\n"
    running.communicate(timeout=60)
    assert running.returncode == 130
    assert not held.let.is_set()
    (path,) = (tmp_path / "transcripts").glob("*.jsonl")
    saved = load(path)
    assert saved.state.status == "stopped"
    assert saved.tail.torn == 0
