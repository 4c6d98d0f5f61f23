"""Rescoring: other rules, stops, readers and embedders over what was said, with nobody asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from converging import AGAINST, converging
from holding import hold
from scripted import Scripted, scenario

from debate.consensus.embedder import CallableEmbedder
from debate.consensus.score import Scorer
from debate.decision.rule import parse_rule
from debate.engine.rescoring import Question, rescore
from debate.errors import TranscriptError
from debate.scenario.conditions import ShareReached, Unanimous


async def test_each_stop_says_what_it_would_have_decided_and_saved(tmp_path: Path):
    """Stopping earlier decides by the votes of that iteration, and saves the calls and money of all later ones."""
    held = await converging(tmp_path)
    rows = await rescore(held.saved, Question(iterations=("each",)))
    found = [(row.stop, row.verdict.answer, row.calls_saved, row.saved_usd) for row in rows]
    assert found == [
        ("the end", "against", 0, 0),
        ("opening", "for", 9, 9),
        ("rebuttal.1", "against", 6, 6),
        ("rebuttal.2", "against", 3, 3),
        ("closing", "against", 0, 0),
    ]


async def test_a_condition_stops_at_the_first_iteration_it_holds_in(tmp_path: Path):
    """Two thirds hold at once, unanimity after the second rebuttal, and what never holds says so."""
    held = await converging(tmp_path)
    conditions = (ShareReached(share=0.6), Unanimous(), Unanimous.model_validate({"for": 9}))
    rows = await rescore(held.saved, Question(until=conditions))
    assert [row.iteration for row in rows] == [None, "opening", "rebuttal.2", None]
    assert rows[1].stop.startswith("opening: ")
    assert rows[3].stop.startswith("never: ")


async def test_rules_times_iterations_in_one_go(tmp_path: Path):
    """Every rule is worked out for every stop, and the run's own decision stands first."""
    held = await converging(tmp_path)
    rules = tuple(parse_rule(rule) for rule in ("unanimity", "borda", {"weighted": "confidence"}))
    rows = await rescore(held.saved, Question(rules=rules, iterations=("each",)))
    assert len(rows) == 5 * 4
    by = {(row.stop, row.rule): row.verdict for row in rows}
    assert by["the end", "unanimity"].answer == "against"
    assert by["rebuttal.1", "unanimity"].answer is None
    assert by["the end", "borda"].answer is None
    assert by["the end", "borda"].reason == "nobody was asked to vote"
    own = [row for row in rows if row.own]
    assert [row.rule for row in own] == ["plurality"] * 5


async def test_the_judge_cannot_have_heard_what_was_not_said(tmp_path: Path):
    """Stopping before the judge spoke leaves it without a decision, and the row says why."""
    judged = scenario(
        participants={"ana": {}, "ben": {}, "referee": {"role": "judge"}},
        rounds=[
            {"name": "opening", "who": "debater", "hears": "nobody"},
            {"name": "verdict", "who": "referee", "hears": {"from": "debater"}},
        ],
        decision={"by": "referee"},
    )
    held = await hold(judged, Scripted(lines={"referee": AGAINST}), tmp_path)
    rows = await rescore(held.saved, Question(rules=(parse_rule("plurality"),), iterations=("opening",)))
    found = {(row.stop, row.rule): row.verdict for row in rows}
    assert found["the end", "referee"].answer == "against"
    assert found["the end", "plurality"].answer == "for"
    assert found["opening", "referee"].answer is None
    assert "did not speak" in str(found["opening", "referee"].reason)
    assert found["opening", "plurality"].answer == "for"
    assert next(row.calls_saved for row in rows if row.stop == "opening") == 0


async def test_completions_are_read_again_by_another_reader(tmp_path: Path):
    """``current`` reads as this version does; ``loose`` also takes what stands last, and is never the default."""
    asked = scenario(
        motion=None,
        question={"text": "How many?", "kind": "number"},
        failure={"quorum": {"voices": 0}},
    )
    vague = "Some have counted 3 of them, I have seen 4 there."
    held = await hold(asked, Scripted(default=vague), tmp_path)
    rows = await rescore(held.saved, Question(readers=("recorded", "current", "loose")))
    assert [(row.reader, row.verdict.answer, row.unreadable) for row in rows] == [
        ("recorded", None, 6),
        ("current", None, 6),
        ("loose", "4", 0),
    ]


async def test_positions_are_compared_by_other_embedders(tmp_path: Path):
    """Each embedder gives a similarity of its own beside the same verdict."""
    held = await converging(tmp_path)

    def same(texts: list[str]) -> object:
        return np.ones((len(texts), 3), dtype=np.float32)

    def apart(texts: list[str]) -> object:
        return np.eye(len(texts), 8, dtype=np.float32)

    scorers = {"same": Scorer(embedder=CallableEmbedder(same)), "apart": Scorer(embedder=CallableEmbedder(apart))}
    (row,) = await rescore(held.saved, Question(embedders=scorers))
    assert set(row.similarity) == {"same", "apart"}
    assert row.similarity["apart"] == pytest.approx(0.0, abs=0.51)
    assert row.similarity["same"] != row.similarity["apart"]


async def test_an_iteration_that_was_not_held_is_an_error(tmp_path: Path):
    """The error names those that were, and the nearest."""
    held = await converging(tmp_path)
    with pytest.raises(TranscriptError, match=r"did you mean 'rebuttal.2'.*it held opening, rebuttal.1"):
        await rescore(held.saved, Question(iterations=("rebutal.2",)))
