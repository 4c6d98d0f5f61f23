"""Every key of a scenario's budget, and the engine's own bounds."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from holding import hold
from scripted import Scripted, motion_reply, scenario

from debate.engine.engine import Engine
from debate.errors import RateLimited, SettingsError
from debate.models.port import Completion, Request
from debate.pool.budget import Budget
from debate.settings.schema import Settings
from debate.transcript.usage import Usage

PRICED = {"prices": {"mine:model": {"input": "1", "output": "1000"}}}


class OftenRefused:
    """Refuses every other send with a 429, and counts what it saw."""

    def __init__(self) -> None:
        self.seen = 0

    async def __call__(self, request: Request, /) -> Completion:
        """Answer, or refuse."""
        self.seen += 1
        if request.on_sent is not None:
            request.on_sent()
        if self.seen % 2:
            raise RateLimited("above the rate", status=429, retry_after=0.001)
        return Completion(text=motion_reply(), finish="stop", usage=Usage(prompt_tokens=10, completion_tokens=10))


@pytest.mark.parametrize("bound", [1, 3, 6])
async def test_requests_counts_refused_sends_too(tmp_path: Path, bound: int):
    """A server that answers every other send with 429 sees exactly as many sends as the budget allows."""
    model = OftenRefused()
    held = await hold(scenario(budget={"requests": bound}), model, tmp_path)
    assert (held.result.status, held.result.stop_reason) == ("stopped", "budget")
    assert model.seen == bound == held.result.usage.attempts


async def test_refused_sends_of_before_count_when_a_run_goes_on(tmp_path: Path):
    """Taken up with the same budget of requests, nothing more is sent; with one more, one."""
    model = OftenRefused()
    held = await hold(scenario(budget={"requests": 3}), model, tmp_path)
    assert held.result.transcript is not None
    again = OftenRefused()
    async with Engine(Settings(), models={"mine": again}) as engine:
        stopped = await engine.resume(Path(held.result.transcript))
        assert (stopped.stop_reason, again.seen) == ("budget", 0)
        await engine.resume(Path(held.result.transcript), max_requests=4)
        assert again.seen == 1


async def test_tokens_bounds_prompt_and_completion_together(tmp_path: Path):
    """Tokens are set aside at their most, so those reported never exceed the bound, and the run says budget."""
    large = Completion(text=motion_reply(), finish="stop", usage=Usage(prompt_tokens=2000, completion_tokens=900))
    held = await hold(
        scenario(budget={"tokens": 12_000}, sampling={"max_tokens": 1000}), Scripted(default=large), tmp_path
    )
    assert (held.result.status, held.result.stop_reason) == ("stopped", "budget")
    usage = held.result.usage
    assert usage.prompt_tokens is not None
    assert usage.completion_tokens is not None
    assert 0 < usage.prompt_tokens + usage.completion_tokens <= 12_000


async def test_seconds_ends_a_run_that_would_take_longer(tmp_path: Path):
    """A speaker who would speak for an hour is cut off, and the run can go on."""
    held = await hold(scenario(budget={"seconds": 0.2}), Scripted(seconds={"ana": 3600}), tmp_path)
    assert (held.result.status, held.result.stop_reason) == ("stopped", "deadline")


async def test_an_account_of_the_engine_bounds_all_its_runs_together(tmp_path: Path):
    """What one run spent is gone for the next."""
    model = Scripted()
    async with Engine(Settings(), models={"mine": model}, account=Budget(requests=4)) as engine:
        first = await engine.run(scenario(), transcript=tmp_path / "one.jsonl")
        second = await engine.run(scenario(), transcript=tmp_path / "two.jsonl")
    assert (first.stop_reason, second.stop_reason) == ("budget", "budget")
    assert len(model.asked) == 4


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        ({"requests": 4}, "budget"),
        ({"tokens": 2500}, "budget"),
        ({"usd": "1.04"}, "budget"),
        ({"seconds": 0.2}, "deadline"),
    ],
    ids=["requests", "tokens", "usd", "seconds"],
)
async def test_the_settings_bound_an_engine(tmp_path: Path, bounds: dict[str, object], reason: str):
    """Each bound of the settings' budget stops what one engine does, whatever the scenarios say."""
    settings = Settings.model_validate({**PRICED, "budget": bounds})
    model = Scripted(seconds={"ana": 3600 if "seconds" in bounds else 0})
    async with Engine(settings, models={"mine": model}) as engine:
        result = await engine.run(scenario(sampling={"max_tokens": 1000}), transcript=tmp_path / "run.jsonl")
    assert (result.status, result.stop_reason) == ("stopped", reason)


async def test_money_of_an_engine_needs_prices_before_anything_is_asked(tmp_path: Path):
    """A bound on the engine's money and a model of unknown price: an error up front, naming the model."""
    model = Scripted()
    for settings, account in (
        (Settings.model_validate({"budget": {"usd": "1"}}), None),
        (Settings(), Budget(usd=Decimal(1))),
    ):
        async with Engine(settings, models={"mine": model}, account=account) as engine:
            with pytest.raises(SettingsError, match="mine:model"):
                await engine.run(scenario(), transcript=tmp_path / "run.jsonl")
    assert model.asked == []
