"""``auto`` models and retired ones on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commands import Command

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


def test_plan_explains_the_choice_on_the_bundled_catalogue_alone(debate: Command, tmp_path: Path) -> None:
    """Without a key or a network the plan names each model that was chosen, why, and what it costs."""
    (tmp_path / "chosen.yaml").write_text(FILE)
    done = debate("plan", "chosen.yaml")
    assert done.code == 0, done.err
    assert "chosen from the catalogue" in done.out
    assert "models.picked: together:Qwen/Qwen3.5-9B, the cheapest of 9 that reason" in done.out
    assert "models.judge: together:moonshotai/Kimi-K3, the dearest of " in done.out
    plan: dict[str, Any] = json.loads(debate("plan", "chosen.yaml", "--json").out)
    assert [line.partition(":")[0] for line in plan["chosen"]] == ["models.picked", "models.judge"]
    assert plan["cost_usd"]["most"] is not None


def test_a_model_on_the_command_line_takes_the_place_of_the_choice(debate: Command, tmp_path: Path) -> None:
    """--model names it, so nothing is left to be chosen for that tier."""
    (tmp_path / "chosen.yaml").write_text(FILE)
    done = debate("plan", "chosen.yaml", "--model", "picked=simulated:debater")
    assert "simulated:debater" in done.out
    assert "models.picked" not in done.out
    assert "models.judge" in done.out


def test_a_retired_model_is_refused_before_anything_is_spent(debate: Command, tmp_path: Path) -> None:
    """Plan and run say so in one line, with models to use instead."""
    (tmp_path / "chosen.yaml").write_text(FILE)
    for verb in ("plan", "run"):
        done = debate(verb, "chosen.yaml", "--model", "picked=together:deepseek-r1")
        assert done.code == 2
        assert "together:deepseek-r1 is no model's id" in done.err
        assert "alternatives: together:" in done.err
        assert done.err.count("\n") == 1
