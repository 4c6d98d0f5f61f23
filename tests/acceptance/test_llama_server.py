"""A real inference server over HTTP: llama.cpp, with a tiny random model."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import llama
import pytest
from holding import letters
from needs import needs
from scripted import scenario

from debate.engine.engine import Engine
from debate.engine.replaying import verify
from debate.models.port import Delta
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings
from debate.transcript.reading import load

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

KEY = "sk-local-0123456789abcdef"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a server that wants a key."""
    needs(llama.INSTALLED, "llama.cpp's server (pip install xllamacpp gguf)")
    model = llama.write_model(tmp_path_factory.mktemp("llama") / "tiny.gguf")
    with llama.serving(model, key=KEY) as address:
        yield address


def settings(url: str, key: str = KEY) -> Settings:
    """Settings in which ``llamacpp`` is that server."""
    made = Settings.model_validate({"providers": {"llamacpp": {"base_url": url, "retries": 1}}, "concurrency": 2})
    return made.with_environment({"LLAMA_API_KEY": key})


def debate(reply_mode: str = "schema") -> Scenario:
    """Four debaters, three rounds and a judge."""
    people = {name: {} for name in ("ana", "ben", "cleo", "dan")}
    return scenario(
        models={"local": {"use": f"llamacpp:{llama.ALIAS}", "temperature": 1.0, "max_tokens": 2000}},
        participants={**people, "referee": {"role": "judge"}},
        graph="ring",
        rounds=[
            {"name": "opening", "who": "debater", "hears": "nobody", "reply_mode": reply_mode},
            {"name": "rebuttal", "who": "debater", "reply_mode": reply_mode},
            {"name": "closing", "who": "debater", "reply_mode": reply_mode},
            {"name": "verdict", "who": "referee", "hears": {"from": "debater"}, "reply_mode": reply_mode},
        ],
        decision={"by": "referee", "else": "plurality"},
        consensus={"similarity": "on"},
    )


async def test_a_debate_over_http_reaches_its_verdict(url: str, tmp_path: Path) -> None:
    """Held to the schema gibberish becomes valid replies; tokens are counted, and the transcript verifies."""
    path = tmp_path / "run.jsonl"
    async with Engine(settings(url), embedder=letters) as engine:
        result = await engine.run(debate(), transcript=path)
    assert result.status == "completed"
    assert result.turns.attempted == 13
    assert result.turns.valid >= 12, "a random text may run into its cap, but hardly ever does"
    assert result.turns.failed == 0
    assert result.verdict is not None
    assert result.verdict.answer in ("for", "against", "neutral")
    assert result.consensus is not None
    assert [score.round for score in result.consensus.by_iteration] == ["opening", "rebuttal", "closing"]
    assert result.consensus.similarity is not None
    usage = result.usage
    assert usage.requests >= 13
    assert usage.prompt_tokens is not None
    assert usage.completion_tokens is not None
    assert usage.prompt_tokens > usage.requests * 100
    saved = load(path)
    answers = [answer for turn in saved.state.turns.values() for answer in turn.answered.values()]
    assert sum(answer.usage.completion_tokens for answer in answers) == usage.completion_tokens
    assert all(answer.model and answer.timing.total > 0 for answer in answers)
    assert KEY not in path.read_text()
    assert (await verify(saved)).divergence is None


async def test_a_streamed_run_says_the_same_things(url: str, tmp_path: Path) -> None:
    """Text arrives piece by piece, and what was streamed is what stands in the transcript."""
    told: dict[str, str] = {}
    short = scenario(
        models={"local": {"use": f"llamacpp:{llama.ALIAS}", "temperature": 1.0, "max_tokens": 60}},
        rounds=[{"name": "opening", "who": "debater", "hears": "nobody", "reply": ["text", "stance"]}],
        failure={"quorum": {"voices": 0, "every_side": False}},
    )
    path = tmp_path / "run.jsonl"
    async with Engine(settings(url), embedder=letters) as engine:
        async for update in engine.stream(short, transcript=path):
            piece = update.update
            event = getattr(piece, "event", None)
            if event is not None and event.kind == "turn_asked":
                told[event.turn] = ""
            if update.turn is not None and isinstance(piece, Delta) and not piece.reasoning:
                told[update.turn] = "" if piece.reset else told[update.turn] + piece.text
    state = load(path).state
    assert state.status == "completed"
    assert told == {turn: known.answered[max(known.answered)].text for turn, known in state.turns.items()}
    assert all(answer.usage is not None for known in state.turns.values() for answer in known.answered.values())


async def test_a_wrong_key_is_one_clear_error(url: str, tmp_path: Path) -> None:
    """A 401 stops the run at once with exit reason ``authentication``, and the key stands nowhere."""
    path = tmp_path / "run.jsonl"
    wrong = "sk-wrong-9876543210fedcba"
    async with Engine(settings(url, wrong), embedder=letters, concurrency=1) as engine:
        result = await engine.run(debate(), transcript=path)
    assert result.status == "stopped"
    assert result.stop_reason == "authentication"
    assert result.verdict is None
    state = load(path).state
    failures = [failure for turn in state.turns.values() for failure in turn.failures]
    assert [failure.status for failure in failures if failure.attempt > 0] == [401]
    assert state.suspended is not None
    assert state.suspended.detail.strip()
    assert wrong not in path.read_text()


RUN = """
import asyncio, os, sys
from pathlib import Path
sys.path[:0] = [sys.argv[3], sys.argv[4]]
from test_llama_server import debate, settings
from holding import letters
from debate.engine.engine import Engine

async def main():
    async with Engine(settings(sys.argv[1]), embedder=letters) as engine:
        await engine.run(debate(), transcript=Path(sys.argv[2]))

asyncio.run(main())
"""


def test_a_killed_run_leaves_a_sound_transcript(url: str, tmp_path: Path) -> None:
    """SIGKILL between two replies: what was answered is there, what was in flight is open, and it verifies."""
    path = tmp_path / "run.jsonl"
    folders = [str(Path(__file__).parent), str(ROOT / "tests" / "support")]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, url, str(path), *folders], env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    try:
        answered = 0
        end = time.monotonic() + 300
        while answered < 5 and time.monotonic() < end:
            assert process.poll() is None, "the run ended before it could be killed"
            written = path.read_bytes() if path.exists() else b""
            answered = written.count(b'"kind":"turn_answered"')
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert answered >= 5
    saved = load(path)
    assert saved.state.status == "running"
    assert sum(1 for turn in saved.state.turns.values() if turn.answered) >= 5
    assert any(turn.open_try is not None for turn in saved.state.turns.values())
    assert json.loads(path.read_bytes().splitlines()[0])["event"]["kind"] == "run_started"
    assert asyncio.run(verify(saved)).divergence is None
