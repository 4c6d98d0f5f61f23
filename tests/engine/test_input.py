"""Texts a debate is given: bounds, cuts that are seen, and nothing else changed."""

from __future__ import annotations

import logging
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scripted import Scripted, scenario

from debate.engine.engine import Engine
from debate.errors import ScenarioError
from debate.scenario.limits import cut
from debate.settings.schema import Settings


async def held(settings: Settings, **changes: object):
    """What was asked in a debate under ``settings``, and its result."""
    model = Scripted()
    async with Engine(settings, models={"mine": model}) as engine:
        result = await engine.run(scenario(**changes), transcript=None)
    return model, result


async def test_a_text_that_is_too_long_is_an_error_at_its_place() -> None:
    """Each is named with both numbers and what to do, before anything is asked; none is cut unasked."""
    settings = Settings.model_validate({"input": {"longest": 100}})
    participants = {"ana": {"persona": "p" * 101}, "ben": {"private": "q" * 5000}, "cleo": {}}
    with pytest.raises(ScenarioError) as caught:
        await held(settings, context="c " * 60, participants=participants)
    said = [str(problem) for problem in caught.value.problems]
    assert [line.partition(":")[0] for line in said] == [
        "context",
        "participants.ana.persona",
        "participants.ben.private",
    ]
    assert "5,000 characters, and 100 are allowed" in said[2]
    assert 'over_long = "cut"' in said[2]


async def test_a_cut_is_seen_by_everyone(caplog: pytest.LogCaptureFixture) -> None:
    """By choice it is cut instead: the prompt and the transcript say how much is missing, and the log that it was."""
    settings = Settings.model_validate({"input": {"longest": 200, "over_long": "cut"}})
    with caplog.at_level(logging.WARNING, logger="debate"):
        model, result = await held(settings, context="word " * 100)
    assert "more characters, cut here]" in model.prompt("opening/ana") + model.system("opening/ana")
    assert result.state.header is not None
    assert "more characters, cut here]" in str(result.state.header.scenario["context"])
    assert "context: cut to" in caplog.text


@hypothesis_settings(deadline=None)
@given(st.text(min_size=101, max_size=2000), st.integers(100, 1900))
def test_a_cut_text_begins_as_it_did_and_is_no_longer_than_allowed(text: str, longest: int) -> None:
    """What is kept is a beginning; what the mark says is missing and what is kept are the whole."""
    if len(text) <= longest:
        return
    short = cut(text, longest)
    kept, _, mark = short.rpartition("\n[… ")
    assert len(short) <= longest
    assert text.startswith(kept)
    assert int(mark.split(" ")[0].replace(",", "")) + len(kept) == len(text)


async def test_sanitizer_leaves_what_a_text_means_alone() -> None:
    """There trim() and stripping changed texts; here blanks, code, JSON and scripts stay, and what nobody sees goes."""
    kept = '  def f(x):\n      return {"a": [1, 2]}  # naïve 日本語 👩\u200d👩\u200d👧 \u0928\u092e\n'
    model, _ = await held(Settings(), context=kept + "a\x00b\x1bc\u202ed\ud800e")
    prompt = model.prompt("opening/ana") + model.system("opening/ana")
    for line in kept.splitlines():
        assert line.strip() in prompt
    assert "      return" in prompt
    assert "abcd\ufffde" in prompt


async def test_sanitizer_cuts_no_character_in_two() -> None:
    """There a cut could leave half a surrogate pair; here what is left of any text can be sent."""
    assert cut("👩" * 500, 100).encode("utf-8")


async def test_a_turn_that_does_not_fit_fails_alone_and_costs_nothing() -> None:
    """A model that holds little fails its turn with the reason; the others speak, and it was never asked."""
    settings = Settings.model_validate(
        {
            "models": {"mine:tiny": {"context": 600}},
            "prices": {name: {"input": "1", "output": "1"} for name in ("mine:tiny", "mine:model")},
        }
    )
    participants = {"ana": {"models": {"cheap": "mine:tiny"}}, "ben": {}, "cleo": {}}
    model, result = await held(
        settings, participants=participants, sampling={"max_tokens": 300}, context="word " * 1000
    )
    assert {request.model.id for request in model.asked} == {"model"}
    ended = result.state.turns["opening/ana"].ended
    assert ended is not None
    assert (ended.outcome, ended.error) == ("failed", "context")
    assert result.usage.cost_usd is not None
    assert result.usage.cost_usd > Decimal(0)
