"""The source document's tiers, as a table."""

from __future__ import annotations

import pytest

from debate.errors import SettingsError
from debate.pool.limits import Limits
from debate.pool.presets import PRESETS, effect, preset


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("free", (1, 0.3, 10_000)),
        ("build1", (10, 3, 100_000)),
        ("build2", (10, 60, 1_000_000)),
        ("build3_4", (10, 400, 10_000_000)),
        ("build5_plus", (10, 1200, 50_000_000)),
    ],
)
def test_the_table_is_the_source_documents(name: str, numbers: tuple[float, float, int]):
    """Five tiers with the numbers it had."""
    limits = preset(name)
    assert (limits.requests_per_second, limits.requests_per_minute, limits.tokens_per_minute) == numbers


def test_every_tier_says_what_it_does():
    """One line, that says it is historical."""
    assert effect("free", PRESETS["free"]) == (
        "tier free (historical): at most 1 requests a second, 0.3 a minute (one every 200 s), 10,000 tokens a minute, "
        "for each model"
    )
    assert all(effect(name, limits).startswith(f"tier {name} (historical)") for name, limits in PRESETS.items())


def test_enterprise_is_what_the_contract_says():
    """It takes the user's numbers, and needs some."""
    own = Limits(requests_per_minute=9000)
    assert preset("enterprise", own=own) is own
    for nothing in (None, Limits(concurrency=5)):
        with pytest.raises(SettingsError, match="requests_per_second, requests_per_minute or tokens_per_minute"):
            preset("enterprise", own=nothing)


def test_a_tier_and_numbers_of_ones_own_conflict():
    """Explicit settings that contradict each other fail early, naming both."""
    with pytest.raises(SettingsError, match="tier 'free' and limits of your own are both set"):
        preset("free", own=Limits(requests_per_second=1))


def test_an_unknown_tier_lists_the_known_ones():
    """With the nearest, where one is near."""
    with pytest.raises(SettingsError, match="free, build1, build2, build3_4, build5_plus, enterprise"):
        preset("gold")
