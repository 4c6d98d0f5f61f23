"""What servers list, laid over the catalogue where the settings ask for it."""

from __future__ import annotations

import logging
from datetime import date
from decimal import Decimal

import pytest
from model_server import KEY, Server, answers

from debate.models.catalogue import catalogue
from debate.models.listing import with_listed
from debate.settings.schema import Settings

TODAY = date(2026, 11, 23)
ROWS = [
    {
        "id": "openai/gpt-oss-120b",
        "type": "chat",
        "context_length": 99,
        "pricing": {"hourly": 0, "input": 0.2, "output": 0.9, "cached_input": 0.1, "base": 0, "finetune": 0},
    },
    {"id": "new/one", "type": "chat", "context_length": 4096, "pricing": {"input": 0, "output": 0}},
    {"id": "new/picture", "type": "image", "context_length": 77, "pricing": {"input": 1, "output": 1}},
    {"id": "deepseek-ai/DeepSeek-R1", "type": "chat", "context_length": 5, "pricing": {"input": 3, "output": 7}},
]


def asking(url: str, **more: object) -> Settings:
    """Settings that ask this server for its models."""
    made = Settings.model_validate({"providers": {"together": {"base_url": url, "list_models": True}}, **more})
    return made.with_environment({"TOGETHER_API_KEY": KEY})


async def test_listed_prices_and_contexts_win_over_the_bundled_ones(server: Server) -> None:
    """Exactly, with who said it and when; 0 is no price, a picture is no debater."""
    server.plays(answers(ROWS))
    settings = await with_listed(asking(server.url), today=TODAY)
    price = settings.price_of("together", "openai/gpt-oss-120b")
    assert price is not None
    assert (price.input, price.output, price.cached_input) == (Decimal("0.2"), Decimal("0.9"), Decimal("0.1"))
    assert (price.source, price.as_of) == ("listed by together", "2026-11-23")
    known = catalogue(settings, today=TODAY)
    assert known.models["together:openai/gpt-oss-120b"].facts.context == 99
    assert "reasoning" in known.models["together:openai/gpt-oss-120b"].facts.capabilities
    assert known.models["together:new/one"].price is None
    assert known.models["together:new/one"].facts.context == 4096
    assert "together:new/picture" not in known.models


async def test_the_user_s_own_word_wins_over_the_server_s(server: Server) -> None:
    """Prices and facts of the settings stay as they are."""
    server.plays(answers(ROWS))
    own = {
        "prices": {"together:openai/gpt-oss-120b": {"input": "5", "output": "5"}},
        "models": {"together:openai/gpt-oss-120b": {"context": 7}},
    }
    settings = await with_listed(asking(server.url, **own), today=TODAY)
    entry = catalogue(settings, today=TODAY).models["together:openai/gpt-oss-120b"]
    assert entry.facts.context == 7
    assert entry.price is not None
    assert entry.price.input == 5


async def test_being_listed_does_not_bring_a_retired_model_back(server: Server) -> None:
    """A list is no proof that a model can be called: one that the user says is retired stays so."""
    server.plays(answers(ROWS))
    own = {"models": {"together:new/one": {"retires": "2026-11-01"}}}
    settings = await with_listed(asking(server.url, **own), today=TODAY)
    assert settings.models["together:new/one"].context is None
    assert "together:new/one" in catalogue(settings, today=TODAY).retired


async def test_openrouter_lists_prices_for_one_token(server: Server) -> None:
    """They are read as USD per million, like all others."""
    server.plays(answers({"data": [{"id": "x/y", "pricing": {"prompt": "0.0000025", "completion": "0.00001"}}]}))
    made = Settings.model_validate({"providers": {"openrouter": {"base_url": server.url, "list_models": True}}})
    settings = await with_listed(made.with_environment({"OPENROUTER_API_KEY": KEY}), today=TODAY)
    price = settings.price_of("openrouter", "x/y")
    assert price is not None
    assert (price.input, price.output) == (Decimal("2.5"), Decimal(10))


async def test_a_server_that_does_not_list_changes_nothing_and_is_told(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """What is bundled counts, and the log says why."""
    server.plays(answers({"error": {"message": "no list here"}}, 404))
    before = asking(server.url)
    with caplog.at_level(logging.WARNING, logger="debate"):
        settings = await with_listed(before, today=TODAY)
    assert settings.prices == before.prices
    assert "together does not list its models, so what is bundled counts" in caplog.text


async def test_nobody_is_asked_who_was_not_to_be(server: Server) -> None:
    """Without list_models the settings come back as they are, and no request was made."""
    server.plays(answers(ROWS))
    settings = Settings.model_validate({"providers": {"together": {"base_url": server.url}}})
    assert await with_listed(settings, today=TODAY) is settings
    assert server.received == []
