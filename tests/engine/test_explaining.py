"""Explaining: who moved after hearing whom, whether the verdict holds otherwise, and what was lost."""

from __future__ import annotations

from pathlib import Path

from converging import AGAINST, converging
from holding import hold
from scripted import UNREADABLE, Scripted, failing, motion_reply, scenario

from debate.engine.explaining import explain
from debate.models.port import Completion


async def test_movement_is_shown_with_who_was_heard(tmp_path: Path):
    """Ben moves to where cleo stood after hearing ana and cleo, and each could be the reason to a half."""
    held = await converging(tmp_path)
    first = explain(held.saved).steps[0]
    assert (first.before, first.after, first.movement.moved) == ("opening", "rebuttal.1", ("ben",))
    assert first.heard["ben"] == ("ana", "cleo")
    (together,) = first.movement.co_movements
    assert (together.speaker, together.hearer, together.credit) == ("cleo", "ben", 0.5)


async def test_a_verdict_is_held_against_other_rules_and_without_each_voter(tmp_path: Path):
    """Two against one holds by plurality and majority, not by unanimity; without one of the two it is a tie."""
    split = scenario(participants={"ana": {}, "ben": {}, "cleo": {}})
    held = await hold(split, Scripted(lines={"cleo": AGAINST}), tmp_path)
    explained = explain(held.saved)
    rules = {other.name: other.holds for other in explained.rules}
    assert rules["majority"]
    assert not rules["unanimity"]
    assert "plurality" not in rules
    without = {other.name: other for other in explained.without}
    assert without["cleo"].holds
    assert not without["ana"].holds
    assert without["ana"].verdict.tied == ("against", "for")
    assert without["ana"].verdict.denominator == 2
    held_by = sum(rules.values())
    assert (
        explained.headline == f"holds under {held_by} of {len(rules)} other rules; without ana: tie; without ben: tie"
    )


async def test_what_was_lost_is_listed_with_its_reason(tmp_path: Path):
    """Failed, unreadable, mended and cut-off turns are each named."""
    lines = {
        "opening/ana": failing("no such model"),
        "opening/ben#1": UNREADABLE,
        "opening/ben#2": motion_reply(),
        "opening/cleo": UNREADABLE,
        "rebuttal/ana": Completion(text=motion_reply(), finish="length"),
    }
    lenient = scenario(failure={"quorum": {"voices": 0}})
    held = await hold(lenient, Scripted(lines=lines), tmp_path)
    lost = {(one.turn, one.what): one.detail for one in explain(held.saved).lost}
    assert lost["opening/ana", "failed"] == "no such model"
    assert ("opening/ben", "repaired") in lost
    assert ("opening/cleo", "unreadable") in lost
    assert ("rebuttal/ana", "cut") in lost
    assert not any(turn in ("rebuttal/ben", "rebuttal/cleo") for turn, _ in lost)


async def test_a_run_without_a_verdict_is_explained_too(tmp_path: Path):
    """A stopped run has no verdict to hold against anything, and says so."""
    held = await hold(scenario(budget={"requests": 4}), Scripted(), tmp_path)
    explained = explain(held.saved)
    assert explained.headline == "no verdict was reached"
    assert explained.rules == explained.without == ()
    assert [one.what for one in explained.lost] == ["open", "open"]
