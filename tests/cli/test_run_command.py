"""``debate run`` and ``debate replay``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Command

from debate.transcript.result import Result

SMALL = """\
debate: 1
name: small
motion: Tea is better than coffee.
models: {cheap: "together:openai/gpt-oss-120b"}
participants: {ana: {}, ben: {}, cleo: {}}
rounds:
  - {name: opening, who: debater, hears: nobody}
  - {name: rebuttal, who: debater, repeat: 2}
"""
FREE = ("--model", "*=simulated:debater", "--no-similarity")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small scenario in it."""
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


def test_a_run_in_a_pipe_says_what_happens_and_ends_with_what_it_came_to(debate: Command, folder: Path) -> None:
    """Plain lines, no escape codes; at the end verdict, dissent, agreement, what it took, the path, what is next."""
    done = debate("run", "small.yaml", *FREE)
    assert (done.code, done.err) == (0, "")
    assert "\x1b" not in done.out
    assert "simulated: tests the machinery, not the argument" in done.out
    for words in ("opening/ana", "rebuttal.2/cleo", "verdict     ", "dissent     ", "agreement   ", "used        "):
        assert words in done.out
    (path,) = (folder / "transcripts").glob("*.jsonl")
    assert f"transcript  transcripts/{path.name}" in done.out
    assert f"debate replay {path.stem} --verify" in done.out


def test_json_is_one_object_and_nothing_else(debate: Command, folder: Path) -> None:
    """A program reads standard output with one call; nothing else is said anywhere."""
    done = debate("run", "small.yaml", *FREE, "--json")
    assert (done.code, done.err) == (0, "")
    result = Result.model_validate_json(done.out)
    assert (result.status, result.simulated, result.turns.valid) == ("completed", True, 9)
    assert done.out.count("\n") == 1


def test_quiet_leaves_the_result(debate: Command, folder: Path) -> None:
    """No progress, but what the run came to."""
    done = debate("run", "small.yaml", *FREE, "--quiet")
    assert "opening/ana" not in done.out
    assert "verdict     " in done.out


def test_a_seed_decides_what_is_said(debate: Command, folder: Path) -> None:
    """The same seed gives the same debate, another one another."""
    said = []
    for seed in ("1", "1", "2"):
        done = debate("run", "small.yaml", *FREE, "--seed", seed, "--quiet")
        assert done.code == 0
        said.append(debate("replay", "last").out.partition("opening")[2].partition("used  ")[0])
    assert said[0] == said[1] != said[2]


def test_without_a_key_it_says_what_there_is_to_do(debate: Command, folder: Path) -> None:
    """One line with the ways to go on, the exit code of authentication, and no transcript."""
    done = debate("run", "small.yaml")
    assert done.code == 3
    assert done.err == (
        "together needs TOGETHER_API_KEY (not set). Set it · local: --model cheap=ollama:qwen3:4b · "
        "free: --model '*=simulated:debater'\n"
    )
    assert not (folder / "transcripts").exists()


def test_a_budget_that_is_reached_stops_the_run(debate: Command, folder: Path) -> None:
    """Exit code 4; what was asked until then is there, and no more was sent than allowed."""
    done = debate("run", "small.yaml", *FREE, "--max-requests", "4", "--json")
    result = Result.model_validate_json(done.out)
    assert (done.code, result.status, result.stop_reason) == (4, "stopped", "budget")
    assert result.usage.requests <= 4


def test_a_flag_only_tightens_the_budget(debate: Command, folder: Path) -> None:
    """The scenario's bound of two holds though the flag says a hundred."""
    done = debate("run", "small.yaml", *FREE, "--set", "budget.requests=2", "--max-requests", "100")
    assert done.code == 4


def test_a_deadline_stops_the_run(debate: Command, folder: Path) -> None:
    """A server that never answers in time: the run ends at the deadline, resumable, with the exit code of a budget."""
    import socket  # noqa: PLC0415 - for this test alone

    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        done = debate(
            "run", "small.yaml", "--model", "cheap=ollama:any", "--endpoint", f"ollama={url}", "--deadline", "0.5",
            "--no-similarity", "--json",
        )  # fmt: skip
    assert done.code == 4, done.err
    assert json.loads(done.out)["stop_reason"] == "deadline"


@pytest.mark.parametrize("name", ["last", "prefix", "path"])
def test_replay_takes_a_path_a_prefix_or_last(debate: Command, folder: Path, name: str) -> None:
    """However a transcript is named, the same debate is told."""
    debate("run", "small.yaml", *FREE, "--quiet")
    (path,) = (folder / "transcripts").glob("*.jsonl")
    named = {"last": "last", "prefix": path.stem[:-2], "path": str(path)}[name]
    done = debate("replay", named)
    assert (done.code, done.err) == (0, "")
    assert "ana (simulated:debater): " in done.out
    assert "verdict     " in done.out


def test_replay_verifies_and_finds_what_was_changed(debate: Command, folder: Path) -> None:
    """A sound transcript verifies; one byte of a reply makes the chain break, said at its line, without a traceback."""
    debate("run", "small.yaml", *FREE, "--quiet")
    assert "verified" in debate("replay", "last", "--verify").out
    (path,) = (folder / "transcripts").glob("*.jsonl")
    path.write_text(path.read_text().replace("(Simulated reply.)", "(Simulated answer.)", 1))
    done = debate("replay", "last", "--verify")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "does not follow from the line before" in done.err


def test_events_are_json_lines_and_may_be_cut_off(debate: Command, folder: Path) -> None:
    """Every line is an entry; a reader that goes away, as head does, is no error."""
    debate("run", "small.yaml", *FREE, "--quiet")
    done = debate("replay", "last", "--events")
    entries = [json.loads(line) for line in done.out.splitlines()]
    assert entries[0]["event"]["kind"] == "run_started"
    assert entries[-1]["event"]["kind"] == "run_ended"


def test_replay_as_json_gives_the_result_again(debate: Command, folder: Path) -> None:
    """The object of the run and that of its replay differ in nothing but the time it took."""
    ran = json.loads(debate("run", "small.yaml", *FREE, "--json").out)
    again = json.loads(debate("replay", "last", "--json").out)
    ran.pop("wall_seconds")
    again.pop("wall_seconds")
    assert ran == again


def test_a_new_origin_gets_no_key(debate: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Together's key stays where it belongs: the run goes on without it and is refused by nobody but the server."""
    monkeypatch.setenv("TOGETHER_API_KEY", "tgp_v1_" + "a" * 40)
    done = debate(
        "run", "small.yaml", "--endpoint", "together=http://127.0.0.1:9/v1", "--no-similarity", "--set",
        "failure.turn=abort", "--deadline", "1",
    )  # fmt: skip
    assert done.code in (1, 4, 5)
    assert "a" * 40 not in done.out + done.err
    assert all("a" * 40 not in path.read_text() for path in (folder / "transcripts").glob("*.jsonl"))
