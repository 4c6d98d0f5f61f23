"""What a real server sees of a run whose requests are bounded, and whose answers are kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from model_server import KEY, Script, Server, answers, says, serving
from scripted import motion_reply, scenario

from debate.engine.engine import Engine
from debate.settings.schema import Settings

REFUSED = answers({"error": {"message": "slow down", "code": "rate_limit"}}, 429, retry_after="0.001")
BUSY = answers({"error": {"message": "busy"}}, 503, retry_after="0.001")
SAID = says(motion_reply())


def settings(server: Server, folder: Path, **more: object) -> Settings:
    """Settings whose provider is ``server``."""
    made = Settings.model_validate(
        {
            "providers": {"together": {"base_url": server.url}},
            "cache": {"path": folder / "answers.sqlite"},
            **more,
        }
    )
    return made.with_environment({"TOGETHER_API_KEY": KEY})


@pytest.mark.parametrize("bound", [1, 2, 5])
async def test_a_server_never_sees_more_sends_than_the_budget_allows(tmp_path: Path, bound: int):
    """Refused, busy and answered ones alike, with requests in parallel."""
    scripts: list[Script] = [REFUSED, SAID, BUSY, REFUSED, SAID, SAID, REFUSED, SAID]
    async with serving() as server:
        server.plays(*scripts)
        asked = scenario(models={"cheap": "together:openai/gpt-oss-120b"}, budget={"requests": bound})
        async with Engine(settings(server, tmp_path)) as engine:
            result = await engine.run(asked, transcript=tmp_path / "run.jsonl")
    assert (result.status, result.stop_reason) == ("stopped", "budget")
    assert len(server.received) == bound == result.usage.attempts


async def test_a_program_that_says_so_does_not_pay_twice(tmp_path: Path):
    """Two engines one after the other with ``cache=True``: the second sends nothing. Without it each one asks."""
    asked = scenario(models={"cheap": "together:openai/gpt-oss-120b"}, budget={"usd": "1"})
    async with serving() as server:
        server.plays(SAID)
        for cache, sent in ((True, 6), (True, 6), (None, 12), (False, 18)):
            async with Engine(settings(server, tmp_path), cache=cache) as engine:
                result = await engine.run(asked, transcript=None)
                assert (result.status, len(server.received)) == ("completed", sent)
                assert engine.usage_report().cache_hits == result.usage.cache_hits
            if (cache, sent) == (True, 6) and result.usage.cache_hits:
                assert (result.usage.cache_hits, result.usage.cost_usd) == (6, 0)
                assert result.usage.saved_by_cache_usd == result.usage.saved_usd
                assert result.usage.saved_usd is not None
                assert result.usage.saved_usd > 0


async def test_the_settings_word_counts_where_the_program_says_nothing(tmp_path: Path):
    """``enabled`` in the settings is ``cache=True``; the program's own word comes first."""
    asked = scenario(models={"cheap": "together:openai/gpt-oss-120b"})
    async with serving() as server:
        server.plays(SAID)
        kept = settings(server, tmp_path, cache={"path": tmp_path / "a", "enabled": True})
        for cache, sent in ((None, 6), (None, 6), (False, 12)):
            async with Engine(kept, cache=cache) as engine:
                await engine.run(asked, transcript=None)
            assert len(server.received) == sent
