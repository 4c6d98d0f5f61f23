"""What an engine used over all its runs."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from holding import hold
from scripted import Scripted, failing, motion_reply, scenario

from debate.engine.engine import Engine
from debate.models.port import Completion
from debate.settings.schema import Settings
from debate.transcript.reading import load
from debate.transcript.usage import Usage

SETTINGS = Settings.model_validate({"prices": {"mine:model": {"input": "1", "output": "4"}}})
ANSWER = Completion(text=motion_reply(), finish="stop", usage=Usage(prompt_tokens=100, completion_tokens=50))


async def test_the_report_is_the_sum_of_the_results(tmp_path: Path):
    """Two runs, one of which stopped at its budget: requests, tokens and money are theirs together."""
    async with Engine(SETTINGS, models={"mine": Scripted(default=ANSWER)}) as engine:
        assert (engine.usage_report().runs, engine.usage_report().cost_usd) == (0, None)
        results = [
            await engine.run(scenario(), transcript=tmp_path / "one.jsonl"),
            await engine.run(scenario(budget={"requests": 4}), transcript=tmp_path / "two.jsonl"),
        ]
        report = engine.usage_report()
    used = [result.usage for result in results]
    assert report.runs == 2
    assert report.requests == report.attempts == sum(usage.requests for usage in used)
    assert report.cost_usd == sum((usage.cost_usd or Decimal(0) for usage in used), Decimal(0))
    assert report.by_participant["ana"].requests == sum(usage.by_participant["ana"].requests for usage in used)
    assert set(report.by_model) == {"mine:model"}
    assert report.latency_p95 is not None


async def test_a_run_under_way_is_in_the_report(tmp_path: Path):
    """What it has used so far counts at once."""
    seen: list[int] = []

    async with Engine(SETTINGS, models={"mine": Scripted(default=ANSWER)}) as engine:
        run = await engine.prepare(
            scenario(),
            transcript=tmp_path / "run.jsonl",
            listener=lambda turn, update: seen.append(engine.usage_report().requests),
        )
        assert engine.usage_report().runs == 1
        result = await run.hold()
    assert seen == sorted(seen)
    assert seen[-1] == result.usage.requests


async def test_what_was_used_before_is_not_the_engines(tmp_path: Path):
    """An engine that takes a run up again reports what it asked itself, and a fork reports nothing it copied."""
    first = await hold(scenario(budget={"requests": 4}), Scripted(default=ANSWER), tmp_path, settings=SETTINGS)
    assert first.result.transcript is not None
    path = Path(first.result.transcript)
    again = Scripted(default=ANSWER)
    async with Engine(SETTINGS, models={"mine": again}) as engine:
        result = await engine.resume(path, max_requests=100)
        assert engine.usage_report().requests == len(again.asked) == result.usage.requests - 4
    forking = Scripted(default=ANSWER)
    async with Engine(SETTINGS, models={"mine": forking}) as engine:
        last = list(result.state.turns)[-1]
        await engine.fork(load(path), last, transcript=tmp_path / "fork.jsonl")
        assert engine.usage_report().requests == len(forking.asked) > 0


async def test_errors_are_told_by_class(tmp_path: Path):
    """A speaker whose model refuses once: one error in two sends, one retry, under its own name."""
    model = Scripted({"ana": failing("refused")}, default=ANSWER)
    held = await hold(scenario(), model, tmp_path, settings=SETTINGS)
    usage = held.result.usage
    assert usage.errors == usage.by_participant["ana"].errors == {"refused": usage.by_participant["ana"].attempts}
    assert usage.by_participant["ana"].error_rate == 1.0
    assert usage.by_participant["ben"].error_rate == 0.0
