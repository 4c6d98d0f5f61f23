"""The verbs over saved runs: ``resume``, ``fork``, ``rescore``, ``explain``, and the player of ``replay``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Command

from debate.assets import example_transcripts
from debate.cli.player import SECONDS, Player, frames_of
from debate.transcript.reading import load

SMALL = """\
debate: 1
name: small
motion: Tea is better than coffee.
models: {cheap: "simulated:debater"}
participants: {ana: {}, ben: {}, cleo: {}}
rounds:
  - {name: opening, who: debater, hears: nobody}
  - {name: rebuttal, who: debater, repeat: 2}
consensus: {similarity: off}
"""
PLANTED = r"No.\nPOSITION: Never.\nSTANCE: strongly_oppose\nCONFIDENCE: 90"
GOLDEN = example_transcripts() / "format-1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small scenario in it."""
    (tmp_path / "small.yaml").write_text(SMALL)
    return tmp_path


def test_a_stopped_run_names_resume_and_resume_ends_it(debate: Command, folder: Path) -> None:
    """The budget stops it with code 4; the plan of what is left comes first; what was spent counts."""
    stopped = debate("run", "small.yaml", "--max-requests", "4", "--quiet")
    assert stopped.code == 4
    (path,) = (folder / "transcripts").glob("*.jsonl")
    assert f"debate resume {path.stem}" in stopped.out
    still = debate("resume", "last", "--quiet")
    assert (still.code, "has 0 left" in still.err) == (4, True)
    done = debate("resume", "last", "--max-requests", "9")
    assert done.code == 0
    assert done.out.startswith(f"resuming    {path.stem}\nto ask      5 calls")
    assert "budget.requests: was 4, is 9" in done.out
    again = debate("resume", "last")
    assert (again.code, "nothing is left to do" in again.err) == (0, True)


def test_a_run_says_that_the_same_lies_unfinished(debate: Command, folder: Path) -> None:
    """One line names the run that could be resumed, and the new one is held all the same; a seed makes another run."""
    debate("run", "small.yaml", "--max-requests", "4", "--quiet")
    (path,) = (folder / "transcripts").glob("*.jsonl")
    again = debate("run", "small.yaml", "--max-requests", "4", "--quiet")
    assert f"{path.stem} is an unfinished run of the same; debate resume {path.stem} goes on with it" in again.err
    other = debate("run", "small.yaml", "--max-requests", "4", "--quiet", "--seed", "1")
    assert "unfinished" not in other.err


def test_resume_prints_one_object_for_machines(debate: Command, folder: Path) -> None:
    """With --json the plan goes to standard error, and the result alone to standard output."""
    debate("run", "small.yaml", "--max-requests", "4", "--quiet")
    done = debate("resume", "last", "--max-requests", "20", "--json")
    assert json.loads(done.out)["status"] == "completed"
    assert "to ask      5 calls" in done.err
    assert folder.exists()


def test_a_changed_scenario_is_refused_with_what_differs(debate: Command, folder: Path) -> None:
    """The difference is named by its path, and a fork is suggested."""
    debate("run", "small.yaml", "--max-requests", "4", "--quiet")
    (folder / "small.yaml").write_text(SMALL.replace("repeat: 2", "repeat: 3"))
    refused = debate("resume", "last", "--scenario", "small.yaml")
    assert refused.code != 0
    assert "rounds[1].repeat.up_to: was 2, is 3" in refused.err
    assert "debate fork" in refused.err


def test_fork_shows_its_plan_and_needs_yes_outside_a_terminal(debate: Command, folder: Path) -> None:
    """Nothing is asked or written before somebody agreed; then both branches are shown side by side."""
    debate("run", "small.yaml", "--quiet")
    refused = debate("fork", "last", "--plant", f"rebuttal.1/ben={PLANTED}")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert "again       3 turns: rebuttal.2/ana, rebuttal.2/ben, rebuttal.2/cleo" in refused.out
    assert len(list((folder / "transcripts").glob("*.jsonl"))) == 1
    done = debate("fork", "last", "--plant", f"rebuttal.1/ben={PLANTED}", "--yes", "--quiet")
    assert done.code == 0
    assert "rebuttal.1/ben" in done.out
    assert "planted" in done.out
    assert len(list((folder / "transcripts").glob("*.jsonl"))) == 2
    nothing = debate("fork", "last", "--yes")
    assert (nothing.code, "nothing to change" in nothing.err) == (2, True)


def test_fork_takes_models_prompts_and_sets(debate: Command, folder: Path) -> None:
    """Each changes what is asked; a file stands in for a prompt."""
    debate("run", "small.yaml", "--quiet")
    first = next((folder / "transcripts").glob("*.jsonl"))
    (folder / "brief.md.j2").write_text("Answer in one line.\n{{ footer }}")
    model = debate("fork", first.stem, "--model", "cheap=simulated:stubborn", "--yes", "--json")
    assert json.loads(model.out)["usage"]["requests"] == 9
    prompt = debate("fork", first.stem, "--prompt", "rebuttal=brief.md.j2", "--at", "rebuttal.2", "--yes", "--json")
    assert json.loads(prompt.out)["usage"]["requests"] == 3
    sets = debate("fork", first.stem, "--set", "participants.ana.persona=A cat.", "--yes", "--json")
    assert json.loads(sets.out)["usage"]["requests"] == 7


def test_rescore_is_a_table_and_an_object(debate: Command) -> None:
    """Rules times stops over several transcripts in one command, offline."""
    table = debate(
        "rescore", str(GOLDEN), "--decision", "borda", "--decision", "{supermajority: 2/3}", "--stop", "each"
    )
    assert table.code == 0
    assert "golden-motion" in table.out
    assert "supermajority" in table.out
    done = debate("rescore", str(GOLDEN / "motion.jsonl"), "--decision", "plurality", "--stop", "rebuttal.2", "--json")
    rows = json.loads(done.out)["rows"]
    assert [(row["stop"], row["rule"], row["own"]) for row in rows] == [
        ("the end", "referee", True),
        ("the end", "plurality", False),
        ("rebuttal.2", "referee", True),
        ("rebuttal.2", "plurality", False),
    ]
    assert rows[3]["calls_saved"] == 3
    wrong = debate("rescore", "last", "--decision", "{supermajority: many}")
    assert wrong.code == 2


def test_explain_says_who_moved_and_whether_the_verdict_holds(debate: Command) -> None:
    """Movement comes with its caveat, the verdict with the rules it holds under."""
    done = debate("explain", str(GOLDEN / "question.jsonl"))
    assert done.code == 0
    assert "holds under" in done.out
    assert "panel.2: B → A after hearing" in done.out or "panel.2: A → B after hearing" in done.out
    assert "an association: they might have moved anyway" in done.out
    assert "second/panel.4  unreadable" in done.out
    told = json.loads(debate("explain", str(GOLDEN / "question.jsonl"), "--json").out)
    assert told["headline"].startswith("holds under")


def test_the_player_needs_a_terminal(debate: Command) -> None:
    """In a pipe there is nobody to press keys."""
    refused = debate("replay", str(GOLDEN / "motion.jsonl"), "--play")
    assert (refused.code, "needs a terminal" in refused.err) == (2, True)


def test_the_player_steps_seeks_and_pauses():
    """Every key does what it says, by turn and by round, and the ends hold."""
    frames = frames_of(load(GOLDEN / "motion.jsonl").entries)
    player = Player(frames)
    assert player.frame is frames[0]
    assert player.heard == "having heard nobody"
    player.press("left")
    assert player.place == 0
    player.press("down")
    assert player.frame is not None
    assert player.frame.round == "rebuttal.1"
    assert player.heard.startswith("after hearing ")
    player.press("right")
    player.press("up")
    assert player.place == 3
    player.press("up")
    assert player.place == 0
    player.press("end")
    player.press("right")
    assert player.place == len(frames) - 1
    player.seek(0.5)
    assert player.place == round(0.5 * (len(frames) - 1))
    player.press("space")
    assert not player.playing
    assert "⏸" in player.status
    player.press("quit")
    assert player.over


def test_the_player_plays_at_its_speed_and_pauses_at_the_end():
    """A turn stands for its seconds, half as long at double speed; after the last nothing moves."""
    frames = frames_of(load(GOLDEN / "stopped.jsonl").entries)
    player = Player(frames)
    assert not player.tick(SECONDS - 0.1)
    assert player.tick(0.2)
    assert player.place == 1
    player.press("faster")
    assert player.speed == 2.0
    assert player.tick(SECONDS / 2)
    player.press("slower")
    player.press("slower")
    assert player.speed == 0.5
    assert not player.tick(SECONDS)
    player.press("end")
    assert player.tick(2 * SECONDS)
    assert not player.playing
    assert not player.tick(100.0)


def test_a_run_without_turns_can_be_played():
    """A run killed before anybody was asked shows that no turn was held."""
    player = Player(())
    for key in ("right", "left", "up", "down", "home", "end"):
        player.press(key)
    assert player.frame is None
    assert player.status == "no turn was held"
