"""Models that a scenario leaves to be chosen, and those that cannot be asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted import Scripted, scenario

from debate.engine.choosing import with_choices
from debate.engine.engine import Engine
from debate.errors import SettingsError
from debate.library import read
from debate.scenario.reading import parse_scenario
from debate.settings.schema import Settings
from debate.transcript.events import Warned

MINE = Settings.model_validate(
    {
        "models": {
            "mine:small": {"capabilities": ["reasoning"]},
            "mine:large": {"capabilities": ["reasoning", "tools"], "context": 8000},
        },
        "prices": {
            "mine:small": {"input": "0.001", "output": "0.001"},
            "mine:large": {"input": "90", "output": "90"},
        },
    }
)
AUTO = {"auto": {"requires": ["reasoning"], "cost_critical": True}}
FILE = """\
debate: 1
name: chosen
motion: Tests tell the truth.
models:
  picked: {auto: {requires: [reasoning], cost_critical: true}}
  judge: {auto: {highest_quality: true}, max_tokens: 500}
participants: {ana: {}, ben: {}, cleo: {role: judge}}
rounds:
  - {name: opening, who: debater, tier: picked, hears: nobody}
  - {name: verdict, who: judge, tier: judge}
decision: cleo
"""


async def test_a_model_is_chosen_before_the_run_and_the_transcript_says_why(tmp_path: Path) -> None:
    """The cheapest that reasons is asked; header and a note in the result name it, and the run reads back alike."""
    model = Scripted()
    path = tmp_path / "run.jsonl"
    async with Engine(MINE, models={"mine": model}) as engine:
        result = await engine.run(scenario(models={"cheap": AUTO}), transcript=path)
    assert {str(request.model) for request in model.asked} == {"mine:small"}
    events = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert events[0]["scenario"]["models"]["cheap"]["use"] == "mine:small"
    (noted,) = [event for event in events if event["kind"] == "warned"]
    assert noted["code"] == "model_chosen"
    assert noted["message"].startswith("models.cheap: mine:small, the cheapest of ")
    assert noted["message"] in result.warnings
    assert read(path).state.header is not None


async def test_a_run_goes_on_with_the_model_that_was_chosen(tmp_path: Path) -> None:
    """When the catalogue has changed meanwhile, the scenario is still the same, and the model too."""
    path, asked = tmp_path / "run.jsonl", scenario(models={"cheap": AUTO}, budget={"requests": 3})
    async with Engine(MINE, models={"mine": Scripted()}) as engine:
        stopped = await engine.run(asked, transcript=path)
    assert stopped.status == "stopped"
    cheaper = MINE.model_copy(
        update={"prices": {**MINE.prices, "mine:small": MINE.prices["mine:large"]}, "models": {**MINE.models}}
    )
    model = Scripted()
    async with Engine(cheaper, models={"mine": model}) as engine:
        done = await engine.resume(path, scenario=asked, max_requests=20)
    assert done.status == "completed"
    assert {str(request.model) for request in model.asked} == {"mine:small"}
    chosen = [event for event in done.state.warnings if isinstance(event, Warned) and event.code == "model_chosen"]
    assert len(chosen) == 1


def test_needs_nobody_meets_name_the_tier() -> None:
    """The error says which model of the scenario cannot be chosen."""
    asked = scenario(models={"cheap": {"auto": {"context": 10**9}}})
    with pytest.raises(SettingsError, match=r"^models\.cheap: no model will do: .*0 of them hold 1,000,000,000"):
        with_choices(asked)


def test_a_model_is_named_or_chosen() -> None:
    """Neither is a mistake at its place, and so is a capability nobody has."""
    for text, said in (("{max_tokens: 5}", "use: provider:model-id"), ("{auto: {requires: [flying]}}", "flying")):
        with pytest.raises(Exception, match=said):
            parse_scenario(FILE.replace("{auto: {requires: [reasoning], cost_critical: true}}", text), name="chosen")


async def test_a_cap_that_nothing_fits_beside_is_refused() -> None:
    """More tokens than the model writes or holds cannot be asked for."""
    asked = scenario(models={"cheap": {"use": "mine:large", "max_tokens": 9000}})
    async with Engine(MINE, models={"mine": Scripted()}) as engine:
        with pytest.raises(SettingsError, match="opening: max_tokens is 9000, and mine:large holds 8000 at most"):
            await engine.run(asked, transcript=None)
