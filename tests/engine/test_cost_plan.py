"""Cost plans: which tier speaks in which round, what that saves, and the source document's cost-optimised debate."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from scripted import Scripted, scenario

from debate.engine.casting import casting
from debate.engine.engine import Engine
from debate.engine.planning import plan_of
from debate.engine.starting import asking
from debate.errors import ScenarioError
from debate.report.outcome import result_lines
from debate.report.planned import plan_lines
from debate.scenario.reading import parse_scenario
from debate.settings.prices import Price
from debate.settings.schema import Settings

MODELS = {"cheap": "mine:small", "premium": "mine:large"}
ROUNDS = [
    {"name": "opening", "who": "debater", "hears": "nobody"},
    {"name": "rebuttal", "who": "debater", "repeat": 2},
    {"name": "closing", "who": "debater"},
]
PRICES = {
    "mine:small": Price(input=Decimal(1), output=Decimal(1)),
    "mine:large": Price(input=Decimal(10), output=Decimal(10)),
}
SETTINGS = Settings(prices=PRICES)
PLAN = {"cheap_rounds": 2}


def planned(**changes: object) -> object:
    """A debate under a cost plan."""
    return scenario(**{"models": MODELS, "rounds": ROUNDS, "cost_plan": PLAN, **changes})


async def held(tmp_path: Path, **changes: object):
    """One that was run: what was asked, and the result."""
    model = Scripted()
    async with Engine(SETTINGS, models={"mine": model}) as engine:
        result = await engine.run(planned(**changes), transcript=tmp_path / "run.jsonl")
    return model, result


async def test_the_first_rounds_are_cheap_and_the_rest_premium(tmp_path: Path) -> None:
    """Rounds are counted as declared, every repeat with its round; the transcript reads back with its plan."""
    model, result = await held(tmp_path)
    asked = {request.turn.round: request.model.id for request in model.asked if request.turn is not None}
    assert asked == {"opening": "small", "rebuttal": "small", "closing": "large"}
    assert result.state.header is not None
    assert result.state.header.scenario["cost_plan"] == PLAN
    assert {turn.asked[1].tier for turn in result.state.turns.values()} == {"cheap", "premium"}


async def test_what_it_saved_is_the_tokens_of_the_cheap_rounds_at_the_other_price(tmp_path: Path) -> None:
    """The sum over the cheap turns of their tokens times the difference of prices, nine dollars a million."""
    _, result = await held(tmp_path)
    cheap = [turn.answered[1].usage for id_, turn in result.state.turns.items() if not id_.startswith("closing")]
    tokens = sum(used.prompt_tokens + used.completion_tokens for used in cheap)
    assert len(cheap) == 9
    assert result.usage.saved_by_cost_plan_usd == Decimal(9) * tokens / 1_000_000
    assert any("the cost plan saved $0.0" in line for line in result_lines(result))


async def test_one_s_own_premium_model_is_what_it_is_compared_with(tmp_path: Path) -> None:
    """A participant with a ladder of its own, and its clones, are compared with that."""
    participants = {
        "ana": {"models": {"premium": "mine:small"}},
        "ben": {"count": 2, "models": {"premium": "mine:small"}},
    }
    _, result = await held(tmp_path, participants=participants)
    assert result.usage.saved_by_cost_plan_usd == 0


async def test_without_a_plan_or_a_price_nothing_is_claimed(tmp_path: Path) -> None:
    """No plan: null. A premium model without a price: unknown, which is null too."""
    _, result = await held(tmp_path, cost_plan=None, rounds=[{**r, "tier": "cheap"} for r in ROUNDS])
    assert result.usage.saved_by_cost_plan_usd is None
    model = Scripted()
    settings = Settings(prices={"mine:small": PRICES["mine:small"]})
    async with Engine(settings, models={"mine": model}) as engine:
        result = await engine.run(planned(), transcript=None)
    assert result.usage.saved_by_cost_plan_usd is None


def test_the_plan_shows_what_it_saves_against_all_premium() -> None:
    """The same debate with every round on premium, at the plan's own estimate."""
    cast = casting(asking(planned()))
    made = plan_of(cast, PRICES)
    assert made.all_premium_usd is not None
    assert made.cost_usd.expected < made.all_premium_usd.expected
    dear = casting(asking(planned(cost_plan={"cheap_rounds": 0})))
    assert plan_of(dear, PRICES).cost_usd == made.all_premium_usd
    text = "\n".join(plan_lines(made, topic="t", budget=None, scored=True, width=None))
    assert "the cost plan saves about $0.0" in text
    assert "against all-premium" in text


YAML = """\
debate: 1
name: planned
motion: Thrift pays.
models: {cheap: simulated:debater, premium: simulated:debater}
participants: {ana: {}, ben: {}}
rounds:
  - {name: opening, who: debater}
  - group:
      - {name: caucus, who: debater}
    name: caucuses
  - {name: closing, who: debater}
cost_plan: {cheap_rounds: 2}
"""


def test_rounds_of_groups_count() -> None:
    """A round in a group is a round."""
    tiers = {step.name: step.tier for step in parse_scenario(YAML, name="planned").steps}
    assert tiers == {"opening": "cheap", "caucus": "cheap", "closing": "premium"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("who: debater}\n  - group", "who: debater, tier: premium}\n  - group"),
            r"7:.*cost_plan says .*\(cheap\).*drop",
        ),
        (("cheap_rounds: 2", "cheap_rounds: 4"), r"12:.*there are 3 rounds, found 4"),
        ((", premium: simulated:debater", ""), r"12:.*ana, ben has no model for the tier 'premium'"),
        (("cheap_rounds: 2", "cheap_round: 2"), r"cheap_rounds"),
    ],
)
def test_what_a_plan_cannot_mean_is_a_mistake_at_its_place(change: tuple[str, str], said: str) -> None:
    """A round with a tier of its own, more rounds than there are, a tier nobody has, a misspelt key."""
    with pytest.raises(ScenarioError, match=said):
        parse_scenario(YAML.replace(*change), name="planned")


async def test_cost_optimized_debate_passes_the_cheap_rounds_on(tmp_path: Path) -> None:
    """There the premium rounds argued with nothing, as no transcript was handed on; here they hear the cheap ones."""
    model, _ = await held(tmp_path)
    closing = [request for request in model.asked if request.turn is not None and request.turn.round == "closing"]
    assert len(closing) == 3
    assert all("An argument." in request.messages[-1].content for request in closing)
    assert all(len(request.turn.heard) >= 2 for request in closing if request.turn is not None)
