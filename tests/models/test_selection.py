"""The catalogue and choosing from it, and what the source document's optimiser got wrong."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from debate.errors import SettingsError
from debate.models.catalogue import Catalogue, Known, catalogue
from debate.models.selection import alternatives, refuse_retired, select
from debate.scenario.sampling import Needs
from debate.settings import Price, Settings
from debate.settings.facts import ModelFacts

TODAY = date(2026, 11, 23)
CAPABILITIES = ("reasoning", "tools", "vision", "json_schema")
SHORT_NAMES = (
    "llama-3.3-70b-turbo",
    "llama-3.1-405b",
    "llama-3.1-8b",
    "llama-3.2-1b",
    "llama-3.2-90b-vision",
    "mixtral-8x7b",
    "deepseek-r1",
    "deepseek-v3",
    "qwen-2.5-72b",
)


def bundled() -> Catalogue:
    """The catalogue of somebody who set nothing."""
    return catalogue(Settings(), today=TODAY)


def small(**models: tuple[str, str, str]) -> Catalogue:
    """A catalogue of ``name=(price read, price written, capabilities)``."""
    known = {
        f"x:{name}": Known(
            ModelFacts(context=1000 * place, capabilities=tuple(able.split())),
            Price(input=Decimal(read), output=Decimal(written)) if read else None,
        )
        for place, (name, (read, written, able)) in enumerate(models.items(), start=1)
    }
    return Catalogue(known, {}, "2026-11-22", TODAY)


SHELF = small(
    tiny=("0.1", "0.1", ""),
    thinker=("0.2", "0.4", "reasoning"),
    mid=("1", "2", "reasoning tools"),
    upper=("2", "4", "reasoning tools vision"),
    grand=("9", "30", "tools"),
    unpriced=("", "", "reasoning tools vision json_schema"),
)


@pytest.mark.parametrize(
    ("needs", "chosen"),
    [
        ({}, "mid"),
        ({"requires": ["reasoning"], "highest_quality": True}, "upper"),
        ({"highest_quality": True}, "grand"),
        ({"highest_quality": True, "cost_critical": True}, "grand"),
        ({"requires": ["tools"], "cost_critical": True}, "mid"),
        ({"requires": ["tools"], "simple": True}, "mid"),
        ({"requires": ["vision"]}, "upper"),
        ({"cost_critical": True}, "thinker"),
        ({"cost_critical": True, "simple": True}, "tiny"),
        ({"simple": True}, "tiny"),
        ({"context": 5000}, "grand"),
    ],
)
def test_the_first_need_that_is_there_decides(needs: dict[str, object], chosen: str) -> None:
    """What is required always holds; then quality goes before cost, and cost before simplicity."""
    choice = select(Needs.model_validate(needs), SHELF)
    assert choice.model == f"x:{chosen}"
    assert choice.ranking[0] == choice.model
    assert "catalogue of 2026-11-22" in choice.why


def test_a_choice_says_what_was_looked_at() -> None:
    """How it was chosen, out of how many, by what, and what it costs."""
    why = select(Needs(requires=("tools", "reasoning"), cost_critical=True), SHELF).why
    assert why.startswith("the cheapest of 2 that reason and take tools")
    assert "$1 read, $2 written per million tokens" in why


def test_needs_nobody_meets_are_an_error_that_counts() -> None:
    """It says after which need nobody was left."""
    with pytest.raises(SettingsError, match=r"2 of them reason, 0 of them|3 of them reason, .*0 of them"):
        select(Needs(requires=("reasoning", "json_schema")), SHELF)


@hypothesis_settings(deadline=None)
@given(
    st.builds(
        Needs,
        requires=st.lists(st.sampled_from(CAPABILITIES), unique=True).map(tuple),
        highest_quality=st.booleans(),
        cost_critical=st.booleans(),
        simple=st.booleans(),
    )
)
def test_what_is_required_is_never_given_up(needs: Needs) -> None:
    """On the bundled catalogue every combination of needs has a model: served, priced, callable, and able."""
    known = bundled()
    choice = select(needs, known)
    entry = known.models[choice.model]
    assert set(needs.requires) <= set(entry.facts.capabilities)
    assert entry.price is not None
    assert entry.facts.on_condition is None
    assert choice.model not in known.retired


def test_optimizer_short_names_are_no_models() -> None:
    """There they were sent to the API as they stand; here each names what it stood for and what to use instead."""
    known = bundled()
    for name in SHORT_NAMES:
        model = f"together:{name}"
        with pytest.raises(SettingsError, match=r"is no model's id.*catalogue of 2026-11-22.*alternatives: together:"):
            refuse_retired([model], known)
        assert model not in known.models


def test_optimizer_alternatives_serve_what_the_model_was_chosen_for() -> None:
    """In place of the reasoning model stand models that reason, in place of the visual one those that see."""
    known = bundled()
    for name, capability in (
        ("deepseek-r1", "reasoning"),
        ("llama-3.2-90b-vision", "vision"),
        ("mixtral-8x7b", "tools"),
    ):
        instead = alternatives(known.retired[f"together:{name}"], known)
        assert len(instead) == 3
        assert all(capability in known.models[model].facts.capabilities for model in instead)


def test_optimizer_cost_of_an_unknown_model_is_unknown() -> None:
    """There it was that of another model, 0.88 a million; and the table it came from was not defined."""
    assert bundled().estimate_cost("together:nobody/knows-it", 1000, 1000) is None


def test_optimizer_cost_is_exact_and_in_parts() -> None:
    """Money is decimal: what is read, what is written, and their sum; a local model costs nothing."""
    settings = Settings.model_validate({"models": {"ollama:m": {"context": 4096}}})
    known = catalogue(settings, today=TODAY)
    cost = known.estimate_cost("together:openai/gpt-oss-120b", 1_000_001, 3)
    assert cost == (Decimal("0.15000015"), Decimal("0.0000018"), Decimal("0.15000195"))
    local = known.estimate_cost("ollama:m", 10, 10)
    assert local is not None
    assert local.total == 0
    with pytest.raises(ValueError, match="negative"):
        known.estimate_cost("ollama:m", -1, 0)


def test_a_model_retires_on_its_day() -> None:
    """Up to the day before it is served; the day itself it is not, and is refused by its date."""
    settings = Settings.model_validate({"models": {"together:zai-org/GLM-5.3": {"retires": "2027-01-10"}}})
    assert "together:zai-org/GLM-5.3" in catalogue(settings, today=date(2027, 1, 9)).models
    over = catalogue(settings, today=date(2027, 1, 10))
    with pytest.raises(SettingsError, match="served no more since 2027-01-10; alternatives"):
        refuse_retired(["together:zai-org/GLM-5.3"], over)


def test_the_user_knows_better() -> None:
    """Facts in the settings win key by key, bring back what was retired, and add models of one's own."""
    settings = Settings.model_validate(
        {
            "models": {
                "together:zai-org/GLM-5.3": {"context": 99},
                "together:meta-llama/Llama-3.3-70B-Instruct-Turbo": {},
                "ollama:qwen3:4b": {"capabilities": ["reasoning"]},
            }
        }
    )
    known = catalogue(settings, today=TODAY)
    facts = known.models["together:zai-org/GLM-5.3"].facts
    assert (facts.context, facts.max_output) == (99, 128000)
    assert "reasoning" in facts.capabilities
    refuse_retired(["together:meta-llama/Llama-3.3-70B-Instruct-Turbo"], known)
    assert select(Needs(cost_critical=True), known).model == "ollama:qwen3:4b"


def test_an_endpoint_of_ones_own_may_serve_what_the_vendor_does_not() -> None:
    """What Together retired is not refused at another address."""
    moved = Settings().with_endpoint("together", "https://models.example/v1")
    refuse_retired(["together:deepseek-ai/DeepSeek-R1"], catalogue(moved, today=TODAY))
    with pytest.raises(SettingsError, match="dedicated"):
        refuse_retired(["together:deepseek-ai/DeepSeek-R1"], bundled())


def test_models_on_a_condition_are_not_chosen_but_may_be_named() -> None:
    """Some answer only accounts that share their data: none is chosen, and none is refused when it is named."""
    known = bundled()
    conditional = [name for name, entry in known.models.items() if entry.facts.on_condition is not None]
    assert conditional
    refuse_retired(conditional, known)
    assert not set(conditional) & set(select(Needs(simple=True), known).ranking)
