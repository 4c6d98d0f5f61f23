"""The scenarios that come along: each is valid, can be planned without a key, and runs to a verdict."""

from __future__ import annotations

import json

import pytest
from commands import Command

from debate import assets
from debate.graph.plan import Plan
from debate.scenario.reading import read_scenario
from debate.transcript.result import Result

NAMES = assets.list_scenarios()
QUESTION = ("--question", "Which database should a small web shop start with?")


def instead(name: str) -> tuple[str, ...]:
    """What a template has to be given."""
    return QUESTION if read_scenario(assets.scenario(name)).is_template else ()


def test_there_is_one_for_each_kind_of_debate() -> None:
    """Motion, choice, number, open, sides with a judge, a template; simulated and paid."""
    found = [read_scenario(assets.scenario(name)) for name in NAMES]
    assert {s.question.kind for s in found if s.question is not None} >= {"choice", "number", "open"}
    assert any(s.is_template for s in found)
    assert any(p.side == "for" for s in found for p in s.participants.values())
    assert all(s.name == name for s, name in zip(found, NAMES, strict=True))
    assert all(s.description for s in found)


@pytest.mark.parametrize("name", NAMES)
def test_a_packaged_scenario_is_valid_and_can_be_planned(debate: Command, name: str) -> None:
    """Without a key, and with a known cost: no model in it lacks a price."""
    done = debate("validate", name)
    assert (done.code, done.err) == (0, "")
    plan = Plan.model_validate_json(debate("plan", name, *instead(name), "--json").out)
    assert plan.unpriced == ()
    assert plan.cost_usd.most is not None
    assert plan.calls.least >= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_packaged_scenario_runs_to_a_verdict_and_verifies(debate: Command, name: str) -> None:
    """With simulated participants in all places, labelled as such."""
    done = debate("run", name, *instead(name), "--model", "*=simulated:debater", "--no-similarity", "--json")
    assert done.code == 0, done.err
    result = Result.model_validate_json(done.out)
    assert (result.status, result.simulated) == ("completed", True)
    assert result.verdict is not None
    assert result.turns.valid == result.turns.attempted
    assert debate("replay", "last", "--verify").code == 0


def test_the_list_says_what_each_is(debate: Command) -> None:
    """For people and for programs; one by name as it is written."""
    listed = debate("scenarios").out
    assert all(f"{name} " in listed for name in NAMES)
    rows = json.loads(debate("scenarios", "--json").out)["scenarios"]
    assert [row["name"] for row in rows] == list(NAMES)
    assert debate("scenarios", "demo").out == assets.scenario("demo").read_text()
