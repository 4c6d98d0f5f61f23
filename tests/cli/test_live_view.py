"""The live view: what it knows, how it fits a terminal, and how it looks in a real one."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import COMMAND, environment
from hypothesis import given
from hypothesis import strategies as st
from needs import needs

from debate import assets
from debate.cli.picture import picture
from debate.cli.watching import TAIL, Watch
from debate.engine.casting import Casting, casting
from debate.engine.starting import asking
from debate.models.port import Delta, Waiting
from debate.report.words import columns
from debate.scenario.reading import read_scenario
from debate.transcript.events import Entry, Recipe, Sampled, TurnAsked
from debate.transcript.log import utc_now


@pytest.fixture(scope="module")
def cast() -> Casting:
    """The casting of a packaged scenario."""
    return casting(asking(read_scenario(assets.scenario("demo"))))


def asked(turn: str) -> Entry:
    """The event of a turn being asked."""
    event = TurnAsked(
        turn=turn,
        model="simulated:debater",
        recipe=Recipe(template="opening"),
        prompt_hash="",
        sampling=Sampled(max_tokens=9),
    )
    return Entry(seq=0, at=utc_now(), prev="", event=event)


def drawn(watch: Watch, *, width: int = 80, height: int = 30, now: float = 0.0) -> str:
    """The picture as plain text."""
    return picture(watch, now=now, elapsed=3.0, width=width, height=height).plain


def test_who_speaks_is_marked_and_its_text_streams(cast: Casting) -> None:
    """The seat says so, and the end of the text stands below."""
    watch = Watch(cast)
    watch.told(None, asked("opening/ana"), now=0.0)
    assert " · ana      is asked" in drawn(watch)
    watch.told("opening/ana", Delta("Buses are "), now=0.0)
    watch.told("opening/ana", Delta("full."), now=0.0)
    assert " ▸ ana      speaks" in drawn(watch)
    assert "Buses are full." in drawn(watch)


def test_a_retry_voids_what_was_shown(cast: Casting) -> None:
    """After a reset only the new text stands there; thinking is not mixed with the reply."""
    watch = Watch(cast)
    watch.told(None, asked("opening/ana"), now=0.0)
    watch.told("opening/ana", Delta("hm, let me see", reasoning=True), now=0.0)
    assert "thinks" in drawn(watch)
    watch.told("opening/ana", Delta("Wrong start"), now=0.0)
    watch.told("opening/ana", Delta("", reset=True), now=0.0)
    watch.told("opening/ana", Delta("Right start"), now=0.0)
    assert "Right start" in drawn(watch)
    assert "Wrong start" not in drawn(watch)
    assert "let me see" not in drawn(watch)


def test_a_wait_runs_down_with_its_reason(cast: Casting) -> None:
    """So that nobody thinks it hangs."""
    watch = Watch(cast)
    watch.told("opening/ben", Waiting("paused after 429", 20.0), now=100.0)
    assert "waits: paused after 429, 15 s" in drawn(watch, now=105.0)
    assert "waits" not in drawn(watch, now=120.5)


def test_what_a_model_says_cannot_command_the_terminal(cast: Casting) -> None:
    """Escape sequences, bells and marks that turn the reading direction are left out."""
    watch = Watch(cast)
    watch.told(None, asked("opening/ana"), now=0.0)
    watch.told("opening/ana", Delta("\x1b[2J\x07a\x9b31m\u202eb"), now=0.0)
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(drawn(watch))


@given(
    text=st.text(max_size=3 * TAIL),
    width=st.integers(30, 250),
    height=st.integers(5, 60),
)
def test_the_picture_fits_any_terminal(cast: Casting, text: str, width: int, height: int) -> None:
    """Whatever is said, in wide letters or without blanks: no line is wider than the terminal."""
    watch = Watch(cast)
    watch.told(None, asked("opening/ana"), now=0.0)
    watch.told("opening/ana", Delta(text), now=0.0)
    lines = drawn(watch, width=width, height=height).splitlines()
    assert max(map(columns, lines)) <= width
    assert len(lines) <= max(height, 16)


class Terminal:
    """A real terminal, with the demo running in it."""

    def __init__(self, width: int, folder: Path) -> None:
        self._socket = str(folder / "tmux")
        variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment(HOME=str(folder)).items())
        demo = f"env {variables} {shlex.join([*COMMAND, 'demo', '--out', str(folder)])}; echo ENDED $?; sleep 60"
        self._tmux("new-session", "-d", "-x", str(width), "-y", "40", demo)
        self._tmux("set-option", "-g", "history-limit", "5000")

    def screen(self, *, history: bool = False) -> str:
        """What stands on it now, with ``history`` also what scrolled away."""
        return self._tmux("capture-pane", "-p", "-J", *(("-S", "-") if history else ()))

    def wait_for(self, *words: str) -> str:
        """The screen as soon as all ``words`` stand on it."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            shown = self.screen()
            if all(word in shown for word in words):
                return shown
            time.sleep(0.05)
        raise AssertionError(f"{words} never stood on the screen:\n{self.screen()}")

    def close(self) -> None:
        """End this terminal alone."""
        self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-u", "-S", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment(TERM="xterm")).stdout


@pytest.fixture(params=[80, 200])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Terminal, int]]:
    """A terminal of 80 and of 200 columns."""
    needs(shutil.which("tmux"), "tmux (apt-get install tmux)")
    opened = Terminal(request.param, tmp_path)
    yield opened, request.param
    opened.close()


@pytest.mark.acceptance
def test_the_demo_in_a_real_terminal(terminal: tuple[Terminal, int]) -> None:
    """While it runs: who speaks, streaming text, agreement so far, tokens, cost, time. Afterwards the result."""
    screen, width = terminal
    live = screen.wait_for("rebuttal.1 ·", "▸ ana", "agreement 0.33", "tokens · $0 · ", "(Simulated reply.)")
    for name in ("ana", "ben", "cleo", "dan", "referee"):
        assert f" {name} " in live
    assert "hears dan" in live
    assert ("simulated:stubborn" in live) == (width == 200)
    screen.wait_for("ENDED 0")
    told = screen.screen(history=True)
    assert "verdict     against, by referee" in told
    assert "should / should not" in told
    assert "turns over" not in told, "the picture went away when the run ended"
    assert "simulated: tests the machinery, not the argument" in told.replace("\n", " ")
