"""The library over saved runs, without an event loop of one's own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from scripted import Scripted, motion_reply, scenario

import debate


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A run that its budget stopped after four of six turns."""
    path = tmp_path / "run.jsonl"
    result = debate.run(scenario(budget={"requests": 4}), models={"mine": Scripted()}, transcript=path)
    assert result.status == "stopped"
    return path


def test_a_run_is_resumed_by_path_or_transcript(stopped: Path):
    """The budget is raised on purpose, and what was spent counts; a run that has ended is given back as it is."""
    model = Scripted()
    ended = debate.resume(debate.read(stopped), max_requests=6, models={"mine": model})
    assert (ended.status, len(model.asked)) == ("completed", 2)
    assert debate.resume(stopped).verdict == ended.verdict


def test_another_scenario_is_refused(stopped: Path):
    """What the run is believed to be of must be what it is of."""
    with pytest.raises(debate.ScenarioChanged):
        debate.resume(stopped, scenario=scenario(), models={"mine": Scripted()})


def test_a_run_is_forked_rescored_and_explained(stopped: Path, tmp_path: Path):
    """A planted reply moves the verdict of the fork; the saved run is decided otherwise, and explained."""
    debate.resume(stopped, max_requests=6, models={"mine": Scripted()})
    model = Scripted(lines={"rebuttal": motion_reply("oppose")})
    forked = debate.fork(
        stopped,
        planted={"opening/ana": motion_reply("strongly_oppose")},
        overrides={"budget.requests": "9"},
        models={"mine": model},
        to=tmp_path / "fork.jsonl",
    )
    assert forked.verdict is not None
    assert forked.verdict.answer == "against"
    assert forked.usage.recorded == 2
    rows = debate.rescore(stopped, decisions=["unanimity", {"supermajority": "2/3"}], stops=["opening"])
    assert len(rows) == 6
    assert debate.explain(stopped).headline.startswith("holds under")


def test_money_is_raised_in_decimal(tmp_path: Path):
    """A budget of money goes on where it stopped."""
    settings = debate.Settings.model_validate({"prices": {"mine:model": {"input": "0", "output": "1000"}}})
    asked = scenario(budget={"usd": "0.05"}, sampling={"max_tokens": 20})
    path = tmp_path / "run.jsonl"
    first = debate.run(asked, models={"mine": Scripted()}, settings=settings, transcript=path)
    assert first.stop_reason == "budget"
    ended = debate.resume(path, max_usd=Decimal("0.20"), models={"mine": Scripted()}, settings=settings)
    assert ended.status == "completed"
    assert ended.usage.cost_usd is not None
    assert ended.usage.cost_usd <= Decimal("0.20")
