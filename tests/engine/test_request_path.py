"""A run asks over HTTP as its settings say: scopes, limits, tiers, retries, and what a failure cost."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from pathlib import Path

import pytest
from model_server import KEY, Received, Script, Server, answers, ask, says, serving
from scripted import motion_reply, scenario

from debate.cli.view import PlainLines
from debate.engine.engine import Engine
from debate.engine.loop import Update
from debate.engine.providers import Providers
from debate.errors import SettingsError
from debate.models.port import ModelRef, Waiting
from debate.pool.limits import Limits
from debate.pool.presets import PRESETS
from debate.settings.schema import Settings
from debate.transcript.events import AttemptFailed
from debate.transcript.reading import load

TOGETHER = "https://api.together.ai/v1"


def settings(url: str, environ: dict[str, str] | None = None, **together: object) -> Settings:
    """Settings with ``together`` at ``url``, and a key."""
    given = {"providers": {"together": {"base_url": url, **together}}, "prices": PRICES}
    return Settings.model_validate(given).with_environment({"TOGETHER_API_KEY": KEY, **(environ or {})})


PRICES = {"together:m": {"input": "1", "output": "2"}, "together:n": {"input": "1", "output": "2"}}

SAYS = says(motion_reply())


async def held(server: Server, path: Path, *, deadline: float | None = None, **together: object):
    """Hold a small debate against ``server``; its result, its events, and the waits that were told."""
    waits: list[tuple[str | None, Waiting]] = []

    def listen(turn: str | None, update: Update) -> None:
        if isinstance(update, Waiting):
            waits.append((turn, update))

    async with Engine(settings(server.url, **together)) as engine:
        asked = scenario(models={"cheap": "together:m"})
        run = await engine.prepare(asked, transcript=path / "run.jsonl", deadline=deadline, listener=listen)
        result = await run.hold()
    return result, [entry.event for entry in load(path / "run.jsonl").entries], waits


async def test_a_billed_failure_is_on_the_bill(tmp_path: Path) -> None:
    """An empty answer over HTTP ends its turn, and its tokens and cost are in the transcript and the result."""
    used = {"prompt_tokens": 40, "completion_tokens": 100, "total_tokens": 140}
    async with serving() as server:
        server.plays(says("", finish="length", usage=used), SAYS)
        result, events, _ = await held(server, tmp_path, limits={"concurrency": 1})
    failed = next(event for event in events if isinstance(event, AttemptFailed))
    assert (failed.error, failed.billed, failed.cost_usd) == ("empty", "yes", Decimal("0.00024"))
    assert failed.usage is not None
    assert (failed.usage.prompt_tokens, failed.usage.completion_tokens) == (40, 100)
    assert len(server.received) == 6
    assert result.usage.completion_tokens == 100 + 5 * 3
    assert result.usage.cost_usd == Decimal("0.00024") + 5 * (5 + 2 * 3) / Decimal(1_000_000)


async def test_no_retries_means_one_send(tmp_path: Path) -> None:
    """``retries = 0`` in the settings sends each turn once, whatever the server says; the default sends again."""
    async with serving() as server:
        server.plays(answers({"error": {"message": "busy"}}, 500))
        result, events, _ = await held(server, tmp_path, retries=0)
        assert (result.status, result.stop_reason) == ("stopped", "unavailable")
        assert len(server.received) == 3
        assert {(e.attempt, e.retry_in) for e in events if isinstance(e, AttemptFailed)} == {(1, None)}
    async with serving() as server:
        server.plays(answers({"error": {"message": "busy"}}, 500, retry_after="0"), SAYS)
        (tmp_path / "again").mkdir()
        result, _, _ = await held(server, tmp_path / "again")
    assert result.status == "completed"
    assert len(server.received) == 7


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"requests_per_second": 1}, "qps limit"),
        ({"requests_per_minute": 2}, "rpm limit"),
        ({"tokens_per_minute": 3000}, "tpm limit"),
    ],
)
async def test_waits_name_their_limit_and_seconds(tmp_path: Path, limits: dict[str, float], reason: str) -> None:
    """Who waits for a limit is told which one and how long, and a live view says so; the server sees no more."""
    async with serving() as server:
        server.plays(says(motion_reply(), usage={"prompt_tokens": 900, "completion_tokens": 600}))
        result, _, waits = await held(server, tmp_path, deadline=0.7, limits=limits)
        assert len(server.received) <= 2
    assert result.stop_reason == "deadline"
    turn, wait = next((turn, wait) for turn, wait in waits if wait.reason == reason and wait.seconds > 0)
    assert turn is not None
    said: list[str] = []
    PlainLines(said.append).told(turn, Waiting(wait.reason, 30.0))
    assert reason in said[0]
    assert "30" in said[0]


async def test_what_no_minute_can_take_is_refused_unsent(tmp_path: Path) -> None:
    """A request of more tokens than a minute allows is one clear error, and nothing is sent."""
    async with serving() as server:
        server.plays(SAYS)
        result, events, _ = await held(server, tmp_path, limits={"tokens_per_minute": 500})
        assert server.received == []
    assert result.status == "failed"
    failed = next(event for event in events if isinstance(event, AttemptFailed))
    assert failed.code == "larger_than_tokens_per_minute"
    assert failed.billed == "no"
    assert "may take 500 in a minute; lower max_tokens" in failed.message


async def test_limits_of_an_account_hold_over_its_models(tmp_path: Path) -> None:
    """``account_limits`` bound all models of one key together, where ``limits`` are each model's own."""
    busy = most = 0

    def slow(script: Script) -> Script:
        async def play(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal busy, most
            busy += 1
            most = max(most, busy)
            await asyncio.sleep(0.02)
            busy -= 1
            await script(request, reader, writer)

        return play

    asked = scenario(
        models={"cheap": "together:m"},
        participants={"ana": {}, "ben": {"models": {"cheap": "together:n"}}, "cleo": {}},
    )
    seen = []
    for bounds in ({"limits": {"concurrency": 1}}, {"account_limits": {"concurrency": 1}}):
        async with serving() as server, Engine(settings(server.url, **bounds)) as engine:
            server.plays(slow(SAYS))
            busy = most = 0
            assert (await engine.run(asked, transcript=None)).status == "completed"
            seen.append(most)
    assert seen == [2, 1]


async def test_a_refused_key_is_told_once_for_its_scope(tmp_path: Path) -> None:
    """After a 401 nothing more is sent with that key to that model, and the message names the address, not the key."""
    async with serving() as server:
        server.plays(answers({"error": {"message": f"no such key {KEY}"}}, 401))
        result, events, _ = await held(server, tmp_path, limits={"concurrency": 1})
        assert len(server.received) == 1
    assert result.status != "completed"
    errors = [event for event in events if isinstance(event, AttemptFailed)]
    assert [e.error for e in errors].count("authentication") == 1
    assert KEY not in (tmp_path / "run.jsonl").read_text()


def test_a_scope_is_endpoint_key_and_model() -> None:
    """Providers at one address with one key share a scope and its tightest limits; another key is another scope."""
    both = Settings.model_validate(
        {
            "providers": {
                "together": {"limits": {"requests_per_minute": 60}, "retries": 3},
                "again": {
                    "dialect": "together",
                    "base_url": f"{TOGETHER}/",
                    "key_env": ["SAME_KEY"],
                    "limits": {"requests_per_minute": 30, "concurrency": 7},
                },
                "other": {"dialect": "together", "base_url": TOGETHER, "key_env": ["OTHER_KEY"]},
                "keyless": {"dialect": "together", "base_url": TOGETHER, "key_env": ["UNSET"]},
            }
        }
    ).with_environment({"TOGETHER_API_KEY": KEY, "SAME_KEY": KEY, "OTHER_KEY": "another"})
    providers = Providers(both, {"mine": lambda _request: None})
    one, again, other = (providers.scope_of(ask(f"{name}:m")) for name in ("together", "again", "other"))
    assert one == again != other
    assert (one.endpoint, one.model) == (TOGETHER, "m")
    assert KEY not in "".join(one)
    assert str(one) == f"m at {TOGETHER}"
    assert providers.limits_of(one) == Limits(requests_per_minute=30, concurrency=7)
    assert providers.policy_of(one).retries == 3
    assert providers.limits_of(other) == Limits()
    mine = providers.scope_of(ask("mine:m"))
    assert str(mine) == "mine:m"
    assert providers.limits_of(mine) == Limits(start=None)


def test_a_tier_is_its_numbers(caplog: pytest.LogCaptureFixture) -> None:
    """``TOGETHER_TIER`` sets a tier's limits, over the settings' own tier, and its effect is told once."""
    chosen = settings(TOGETHER, {"TOGETHER_TIER": "free"}, tier="build1", limits={"concurrency": 3})
    providers = Providers(chosen, {})
    with caplog.at_level(logging.WARNING, "debate"):
        for _ in range(2):
            providers.check([ModelRef("together", "m")])
    (told,) = caplog.messages
    assert told.startswith("together: tier free (historical): at most 1 requests a second, 0.3 a minute (one every")
    found = providers.limits_of(providers.scope_of(ask("together:m")))
    assert found.requests_per_minute == PRESETS["free"].requests_per_minute
    assert found.concurrency == 3


@pytest.mark.parametrize(
    ("together", "message"),
    [
        ({"tier": "fre"}, r"providers.together.tier or TOGETHER_TIER: there is no tier 'fre'; did you mean 'free'"),
        ({"tier": "enterprise"}, "the tier 'enterprise' has no numbers of its own"),
        ({"tier": "free", "limits": {"requests_per_minute": 2}}, "'free' and limits of your own are both set"),
    ],
)
async def test_a_tier_that_says_nothing_stops_the_run_before_it_begins(
    tmp_path: Path, together: dict[str, object], message: str
) -> None:
    """An unknown tier, enterprise without numbers, and a tier beside numbers are errors before anything is written."""
    path = tmp_path / "run.jsonl"
    async with Engine(settings(TOGETHER, **together)) as engine:
        with pytest.raises(SettingsError, match=message):
            await engine.run(scenario(models={"cheap": "together:m"}), transcript=path)
    assert not path.exists()


def test_enterprise_takes_the_contracts_numbers() -> None:
    """With rates of one's own, ``enterprise`` is those."""
    providers = Providers(settings(TOGETHER, tier="enterprise", limits={"requests_per_minute": 9000}), {})
    assert providers.limits_of(providers.scope_of(ask("together:m"))) == Limits(requests_per_minute=9000)


async def test_a_simulated_model_that_does_not_exist_is_refused_before_anything_is_asked():
    """A misspelt temper is one clear error with the nearest one, not a debate of failed turns."""
    async with Engine() as engine:
        with pytest.raises(SettingsError, match=r"simulated:debator: there is no such simulated model .*'debater'"):
            await engine.run(scenario(models={"cheap": "simulated:debator"}), transcript=None)
