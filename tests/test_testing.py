"""The public fakes of ``debate.testing``, used as the documentation says."""

from __future__ import annotations

from decimal import Decimal

import pytest
from scripted import scenario

import debate
from debate.errors import ModelError
from debate.testing import FailingModel, ScriptedModel, reply


async def result_of(model: debate.ChatModel) -> debate.Result:
    """Hold the small debate with ``model``, in memory."""
    async with debate.Engine(models={"mine": model}) as engine:
        return await engine.run(scenario(), transcript=None)


async def test_a_script_goes_from_the_turn_to_the_round() -> None:
    """The turn's own line comes first, then the participant's, the iteration's, the round's; then ``otherwise``."""
    model = ScriptedModel(
        {
            "opening/ana": reply(stance="oppose"),
            "ana": reply(stance="neutral"),
            "rebuttal": lambda request: reply(f"{len(request.messages)} messages.", stance="strongly_oppose"),
        },
        otherwise=reply(stance="support"),
    )
    result = await result_of(model)
    stands = {name: turn.ended.reply.stance for name, turn in result.state.turns.items() if turn.ended.reply}
    assert {name: str(stance) for name, stance in stands.items()} == {
        "opening/ana": "oppose",
        "opening/ben": "support",
        "opening/cleo": "support",
        "rebuttal/ana": "neutral",
        "rebuttal/ben": "strongly_oppose",
        "rebuttal/cleo": "strongly_oppose",
    }
    assert len(model.asked) == 6
    (prompt,) = model.prompts("rebuttal/ben")
    assert "An argument." in prompt
    assert result.usage.cost_usd in (None, Decimal(0))


async def test_what_the_script_lacks_fails_its_turn() -> None:
    """A turn without a line fails and says so; an error for a line is raised as it is."""
    result = await result_of(ScriptedModel({"ana": reply(stance="support"), "ben": ModelError("no comment")}))
    reasons = [turn.failures[0].message for turn in result.state.turns.values() if turn.failures]
    assert result.status == "failed"
    assert sorted(reasons) == ["no comment", "the script has no line for opening/cleo"]


async def test_a_failing_model_fails_as_often_as_it_is_told() -> None:
    """After its failures the other model answers, so retries can be seen."""
    behind = ScriptedModel({}, otherwise=reply(stance="support"))
    model = FailingModel(debate.ModelError("no"), times=1, then=behind)
    result = await result_of(model)
    assert (model.failures, len(behind.asked)) == (1, 5)
    assert result.turns.failed == 1
    with pytest.raises(ValueError, match="give `then`"):
        FailingModel(times=1)


async def test_a_model_that_always_fails_stops_the_run() -> None:
    """By default it is a server that is unavailable: the run stops, resumably."""
    async with debate.Engine(models={"mine": FailingModel()}) as engine:
        result = await engine.run(scenario(), transcript=None, deadline=0.2)
    assert result.status == "stopped"
