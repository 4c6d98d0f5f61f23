"""``recorded:RUN`` as a model: a run repeated from another one's answers."""

from pathlib import Path

from debate.engine.engine import Engine
from debate.scenario.reading import parse_scenario
from debate.settings.schema import Settings

TEA = """
debate: 1
name: tea
motion: Offices should serve tea.
models: {cheap: simulated:debater}
participants: {ana: {}, ben: {}, cleo: {}}
rounds:
  - {name: opening, who: debater, hears: nobody}
  - {name: rebuttal, who: debater, repeat: 2}
consensus: {similarity: off}
"""


async def test_a_run_is_repeated_from_the_answers_of_another(tmp_path: Path) -> None:
    """The same replies give the same verdict; nothing is sent, and each answer says that it was recorded."""
    async with Engine(Settings(transcripts=tmp_path)) as engine:
        first = await engine.run(parse_scenario(TEA), seed=5)
        again = parse_scenario(TEA, overrides=[("models.cheap", f"recorded:{first.run_id}")])
        second = await engine.run(again, seed=6)
    assert second.verdict == first.verdict
    assert second.usage.attempts == 0
    sources = {a.source for turn in second.state.turns.values() for a in turn.answered.values()}
    assert sources == {"recorded"}
    assert not second.simulated


async def test_a_turn_that_was_not_recorded_fails_and_says_so(tmp_path: Path) -> None:
    """What the other run never answered is not invented."""
    async with Engine(Settings(transcripts=tmp_path)) as engine:
        first = await engine.run(parse_scenario(TEA), seed=5)
        overrides = [("models.cheap", f"recorded:{first.run_id}"), ("rounds[1].repeat", "{up_to: 3}")]
        second = await engine.run(parse_scenario(TEA, overrides=overrides))
    assert second.status == "failed"
    assert second.stop_reason is not None
    assert "nothing is recorded for rebuttal.3/ana, try 1" in second.stop_reason
