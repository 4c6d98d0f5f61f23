"""``--no-cache``, what a rerun says, and ``debate cache``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from commands import Command, Done

REPLY = "I see it so.\nPOSITION: It is so.\nSTANCE: support\nCONFIDENCE: 70"
SCENARIO = """
debate: 1
name: small
motion: It is so.
models: {cheap: "together:openai/gpt-oss-120b"}
participants:
  ana: {role: debater}
  ben: {role: debater}
  cleo: {role: debater}
rounds:
  - {name: opening, who: debater, tier: cheap, hears: nobody}
  - {name: rebuttal, who: debater, tier: cheap, hears: everyone}
  - {name: closing, who: debater, tier: cheap, hears: everyone}
budget: {usd: 1}
"""


class Counting(ThreadingHTTPServer):
    """A server that answers every request alike, and counts them."""

    seen = 0


@pytest.fixture
def server() -> Iterator[Counting]:
    """A server on a loopback socket."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            counting.seen += 1
            message = {"role": "assistant", "content": REPLY}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
            body = json.dumps(
                {"id": "1", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
            )
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            pass

    with Counting(("127.0.0.1", 0), Answer) as counting:
        thread = Thread(target=counting.serve_forever)
        thread.start()
        yield counting
        counting.shutdown()
        thread.join()


@pytest.fixture
def small(debate: Command, server: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """``small("--seed", "1")`` runs a scenario of nine turns against the server."""
    (tmp_path / "small.yaml").write_text(SCENARIO)
    monkeypatch.setenv("TOGETHER_API_KEY", "tgp_v1_0123456789abcdef")
    monkeypatch.setenv("TOGETHER_BASE_URL", f"http://127.0.0.1:{server.server_address[1]}/v1")

    def run(*arguments: str) -> Done:
        return debate("run", "small.yaml", "--no-similarity", *arguments)

    return run


def test_a_rerun_is_not_paid_for_twice_and_says_so(small: Command, server: Counting):
    """The second run sends nothing, costs nothing, and says how to have new answers: another seed, or no cache."""
    first = small()
    assert (first.code, server.seen) == (0, 9)
    assert "from cache" not in first.out
    again = small()
    assert (again.code, server.seen) == (0, 9)
    assert "9/9 from cache; --no-cache or --seed N for new" in " ".join(again.out.split())
    assert small("--seed", "1").code == 0
    assert server.seen == 18
    assert "from cache" not in small("--no-cache").out
    assert server.seen == 27


def test_a_rerun_as_json_has_hits_no_cost_and_what_was_saved(small: Command, server: Counting):
    """What is saved is what the first run cost, to the last digit."""
    first = json.loads(small("--json").out)["usage"]
    again = json.loads(small("--json").out)["usage"]
    assert (first["cache_hits"], again["cache_hits"], server.seen) == (0, 9, 9)
    assert (again["attempts"], again["cost_usd"], again["saved_usd"]) == (0, "0", first["cost_usd"])
    assert float(first["cost_usd"]) > 0


def test_asking_once_more_is_not_answered_from_the_cache(small: Command, debate: Command, server: Counting):
    """A fork that changes nothing wants another sample of its turns, so it is given one."""
    small()
    forked = debate("fork", "last", "--at", "closing", "--yes")
    assert (forked.code, server.seen) == (0, 12), forked.err


def test_settings_turn_it_off_and_move_it(
    small: Command, server: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """``[cache] enabled = false`` is --no-cache for good; ``path`` is meant from the settings' own folder."""
    settings = tmp_path / "settings.toml"
    monkeypatch.setenv("DEBATE_SETTINGS", str(settings))
    settings.write_text("[cache]\nenabled = false\n")
    small()
    small()
    assert server.seen == 18
    settings.write_text('[cache]\npath = "kept/here.sqlite"\n')
    small()
    assert (tmp_path / "kept" / "here.sqlite").exists()


def test_stats_list_prune_and_clear(small: Command, debate: Command, server: Counting):
    """What is kept, how it was used, what it saved; prune lets go of nothing new, clear of all."""
    assert debate("cache").out.startswith("nothing is kept in ")
    small()
    small()
    stats = json.loads(debate("cache", "stats", "--json").out)
    assert (stats["entries"], stats["hits"], stats["misses"], stats["hit_rate"]) == (9, 9, 9, 0.5)
    assert float(stats["saved_usd"]) > 0
    shown = debate("cache", "stats").out
    assert "9 of 18, 50 %" in shown
    assert "together:openai/gpt-oss-120b" in shown
    listed = json.loads(debate("cache", "list", "--json").out)
    assert [row["hits"] for row in listed] == [1] * 9
    assert debate("cache", "list").out.count("together:openai/gpt-oss-120b") == 9
    assert debate("cache", "prune").out.startswith("0 answers let go")
    assert debate("cache", "clear").out.startswith("9 answers let go")
    small()
    assert server.seen == 18


def test_a_spoilt_file_is_no_obstacle_and_clear_mends_it(
    small: Command, debate: Command, server: Counting, tmp_path: Path
):
    """Runs go on without it; ``stats`` says what to do, ``clear`` does it."""
    settings_file = tmp_path / "home" / "debate" / "answers.sqlite"
    settings_file.parent.mkdir(parents=True)
    settings_file.write_bytes(b"nothing of a database" * 100)
    assert small().code == 0
    broken = debate("cache", "stats")
    assert (broken.code, "debate cache clear" in broken.err) == (1, True)
    assert debate("cache", "clear").code == 0
    small()
    assert json.loads(debate("cache", "stats", "--json").out)["entries"] == 9
    assert server.seen == 18


def test_what_cannot_be_done_is_said(debate: Command):
    """An action that does not exist is a usage error."""
    assert debate("cache", "polish").code == 2
