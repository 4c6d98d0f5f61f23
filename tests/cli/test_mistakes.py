"""What a person who is new here gets wrong: one line each that says what to do, and never a traceback."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest
from commands import COMMAND, Command, environment

GOOD = """\
debate: 1
name: small
motion: Tea is better than coffee.
models: {cheap: "simulated:debater"}
participants: {ana: {}, ben: {}}
rounds:
  - {name: opening, who: debater, hears: nobody}
"""

MISTAKES = [
    ("a path that is not there", ("run", "smal.yaml"), 2, "there is no file 'smal.yaml'"),
    ("a name that comes close", ("run", "remote-wrok"), 2, "did you mean 'remote-work'?"),
    ("a folder", ("run", "."), 2, ". is a folder; name a scenario file in it"),
    ("no argument", ("run",), 2, "Missing argument 'SCENARIO'"),
    ("a verb that is not there", ("rnu", "good.yaml"), 2, "there is no command 'rnu' (did you mean 'run'?)"),
    ("a flag that is not there", ("run", "good.yaml", "--modle", "a=b"), 2, "--modle"),
    ("a misspelt key", ("run", "misspelt.yaml"), 2, "misspelt.yaml:8:1: unknown key 'grahp'; did you mean 'graph'?"),
    ("not YAML", ("run", "broken.yaml"), 2, "broken.yaml:"),
    ("a template", ("run", "panel"), 2, "panel is a template: give it a motion or a question"),
    ("a missing key", ("run", "remote-work"), 3, "together needs TOGETHER_API_KEY (not set)"),
    ("an unknown tier", ("run", "good.yaml", "--model", "premum=a:b"), 2, "no tier is called 'premum'; tiers: cheap"),
    ("half a --model", ("run", "good.yaml", "--model", "cheap"), 2, "--model takes TIER=MODEL, found 'cheap'"),
    ("no model", ("run", "good.yaml", "--model", "cheap=gpt"), 2, "expected provider:model-id"),
    ("an unknown provider", ("run", "good.yaml", "--model", "cheap=togehter:x"), 2, "did you mean 'together'?"),
    (
        "an unknown simulated model",
        ("run", "good.yaml", "--model", "cheap=simulated:debate"),
        2,
        "did you mean 'debater'",
    ),
    ("--set that leads nowhere", ("run", "good.yaml", "--set", "grahp=ring"), 2, "did you mean 'graph'?"),
    ("a motion and a question", ("run", "good.yaml", "--motion", "a", "--question", "b"), 2, "keep one of them"),
    ("an empty question", ("run", "good.yaml", "--question", ""), 2, "--question is empty"),
    ("nothing to ask", ("ask", " ", "--models", "simulated:debater"), 2, "the question is empty"),
    ("a form that is not there", ("plan", "good.yaml", "--format", "svg"), 2, "'svg' is not one of 'text'"),
    ("no amount of time", ("run", "good.yaml", "--deadline", "soon"), 2, "--deadline"),
    ("money that is none", ("run", "good.yaml", "--max-usd", "lots"), 2, "--max-usd takes US dollars"),
    ("a key without its endpoint", ("run", "good.yaml", "--key-env", "MINE"), 2, "belongs to an --endpoint"),
    ("no such transcript", ("replay", "nothing"), 2, "no run in transcripts/ begins with it"),
    ("no transcript yet", ("replay", "last"), 2, "debate run SCENARIO makes one"),
    ("a scenario as a transcript", ("replay", "good.yaml"), 1, "good.yaml:1: not an entry of a transcript"),
    ("an embedder that is not there", ("run", "good.yaml", "--embedder", "./nowhere"), 2, "nowhere"),
    ("a file that is there", ("init", "good.yaml"), 2, "good.yaml is there already"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good scenario and two bad ones."""
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "misspelt.yaml").write_text(f"{GOOD}grahp: ring\n")
    (tmp_path / "broken.yaml").write_text("debate: [1\n")
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("arguments", "code", "said"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES])
def test_a_mistake_is_said_in_plain_words(debate: Command, arguments: tuple[str, ...], code: int, said: str) -> None:
    """The exit code of its kind; what is wrong and what to do; on standard error, one line a problem."""
    done = debate(*arguments)
    assert done.code == code, done.err
    assert said in done.err
    assert "Traceback" not in done.err + done.out
    assert all(line.strip() for line in done.err.splitlines())


def test_a_refused_key_is_one_line(
    debate: Command, folder: Path, refusing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """401: the run stops at once, with the exit code of authentication, and the key is shown nowhere."""
    monkeypatch.setenv("MY_KEY", "tgp_v1_" + "z" * 40)
    done = debate(
        "run", "good.yaml", "--model", "cheap=together:any", "--endpoint", f"together={refusing}",
        "--key-env", "MY_KEY", "--no-similarity",
    )  # fmt: skip
    assert done.code == 3
    assert "MY_KEY" in done.err
    assert "z" * 40 not in done.out + done.err
    assert all("z" * 40 not in path.read_text() for path in (folder / "transcripts").glob("*.jsonl"))


@pytest.mark.usefixtures("folder")
def test_no_network_is_unavailable(debate: Command) -> None:
    """Nobody listens: after its retries the run stops, resumable, with its own exit code."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/v1"
    Path("settings.toml").write_text("[providers.ollama]\nretries = 0\n")
    os.environ["DEBATE_SETTINGS"] = "settings.toml"
    try:
        done = debate(
            "run", "good.yaml", "--model", "cheap=ollama:any", "--endpoint", f"ollama={url}", "--no-similarity"
        )
    finally:
        del os.environ["DEBATE_SETTINGS"]
    assert done.code == 5, done.err
    assert "the debate stopped: " in done.err


@pytest.mark.parametrize("verb", [("scenarios", "demo"), ("run", "good.yaml", "--no-similarity")])
def test_a_closed_pipe_is_no_error(folder: Path, verb: tuple[str, ...]) -> None:
    """Behind ``| head -1`` nothing complains, and a run goes on to its end."""
    with subprocess.Popen(
        [*COMMAND, *verb], cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(60) == 0
        assert running.stderr.read() == b""
    saved = list((folder / "transcripts").glob("*.jsonl"))
    assert len(saved) == (verb[0] == "run")
    assert all('"kind":"run_ended"' in path.read_text() for path in saved)


def test_a_bug_is_one_line_and_says_how_to_see_more(debate: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside, a person gets a sentence; with --debug the traceback."""

    def broken() -> None:
        raise RuntimeError("the cat\nsat on it")

    monkeypatch.setattr("debate.assets.list_scenarios", broken)
    done = debate("scenarios")
    assert done.code == 1
    assert done.err == "a bug in debate: RuntimeError: the cat sat on it (debate --debug scenarios shows where)\n"
    assert "Traceback" in debate("--debug", "scenarios").err
