"""What a plan promises: its bounds hold whatever the gates decide."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import virtual_time
from holding import hold_in_memory
from hypothesis import given
from hypothesis import strategies as st
from scripted import Scripted, motion_reply, scenario
from strategies import few, scenarios

from debate.engine.casting import casting
from debate.engine.planning import plan_of
from debate.models.port import Completion, ModelRef, Request
from debate.models.simulated import SimulatedModel
from debate.scenario.schema import Scenario
from debate.settings.prices import Price

SIMULATED = SimulatedModel()


async def simulated(request: Request) -> Completion:
    """A simulated debater in the place of any model."""
    return await SIMULATED(replace(request, model=ModelRef.parse("simulated:debater")))


@few
@given(scenarios(failures=False), st.integers(0, 50))
def test_a_run_stays_within_its_plan(asked: Scenario, seed: int) -> None:
    """Calls and tokens of a simulated run lie between the plan's least and most; every model it asks is planned."""
    held = virtual_time.run(hold_in_memory(asked, simulated, seed=seed))
    planned = plan_of(casting(asked, seed=seed), {})
    spoken = [event for event in held.of("turn_asked") if event.try_kind != "repair"]
    assert planned.calls.least <= len(spoken) <= planned.calls.most
    repaired = len(held.of("turn_asked")) - len(spoken)
    assert repaired <= planned.repairs_at_most
    assert {event.model for event in spoken} <= set(planned.by_model)
    for model, part in planned.by_model.items():
        mine = [event for event in spoken if event.model == model]
        assert part.calls.least <= len(mine) <= part.calls.most
    asked_first = {(event.turn, event.try_number) for event in spoken}
    answered = [event for event in held.of("turn_answered") if (event.turn, event.try_number) in asked_first]
    read = sum(event.usage.prompt_tokens or 0 for event in answered)
    written = sum(event.usage.completion_tokens or 0 for event in answered)
    assert planned.prompt_tokens.least <= read <= planned.prompt_tokens.most
    assert planned.completion_tokens.least <= written <= planned.completion_tokens.most


def test_a_tier_that_a_gate_may_take_is_in_the_bounds() -> None:
    """An escalation raises what may be spent at most and not what is spent at least; both models are named."""
    models = {"cheap": "mine:small", "dear": {"use": "mine:large", "max_tokens": 4000}}
    opening = {"name": "opening", "who": "debater", "hears": "nobody", "tier": "cheap"}
    closing = {"name": "closing", "who": "debater", "tier": "cheap"}
    gated = {**closing, "escalate": {"when": {"not": "unanimous"}, "to": "dear"}}
    prices = {
        "mine:small": Price(input=Decimal(1), output=Decimal(1)),
        "mine:large": Price(input=Decimal(9), output=Decimal(9)),
    }
    plain = plan_of(casting(scenario(models=models, rounds=[opening, closing])), prices)
    raised = plan_of(casting(scenario(models=models, rounds=[opening, gated])), prices)
    assert raised.cost_usd.least == plain.cost_usd.least
    assert raised.cost_usd.most > plain.cost_usd.most  # type: ignore[operator]
    assert (raised.by_model["mine:large"].calls.least, raised.by_model["mine:large"].calls.most) == (0, 3)
    assert (raised.by_model["mine:small"].calls.least, raised.by_model["mine:small"].calls.most) == (3, 6)
    assert raised.calls.most == plain.calls.most == 6


async def test_a_budget_of_hearing_bounds_the_prompt() -> None:
    """What may be shown at most lowers what a plan expects to be read, and a real run is within it."""
    people = {"panel": {"count": 6}}
    opening = {"name": "opening", "who": "debater", "hears": "nobody"}
    whole = scenario(participants=people, rounds=[opening, {"name": "closing", "who": "debater", "hears": "everyone"}])
    hears = {"from": "everyone", "budget": {"tokens": 100}}
    cut = scenario(participants=people, rounds=[opening, {"name": "closing", "who": "debater", "hears": hears}])
    assert plan_of(casting(cut), {}).prompt_tokens.most < plan_of(casting(whole), {}).prompt_tokens.most
    model = Scripted(default=motion_reply(text="word " * 500))
    await hold_in_memory(cut, model)
    read = sum(len("".join(m.content for m in request.messages).encode()) // 4 for request in model.asked)
    assert read <= plan_of(casting(cut), {}).prompt_tokens.most
