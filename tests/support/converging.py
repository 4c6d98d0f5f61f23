"""A debate that converges, for tests that decide it otherwise."""

from __future__ import annotations

from pathlib import Path

from holding import Held, hold
from scripted import Scripted, motion_reply, scenario

from debate.models.port import Completion
from debate.settings.schema import Settings
from debate.transcript.usage import Usage

AGAINST = motion_reply("oppose")
PRICES = {"mine:model": {"input": "0", "output": "1000000"}}
"""One USD a completion token."""

UNTIL = scenario(
    rounds=[
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 3, "until": "unanimous"}},
        {"name": "closing", "who": "debater"},
    ]
)


async def converging(folder: Path) -> Held:
    """Three debaters: for, for and against at first; then two against; then all against. Every turn costs one USD."""
    lines = {"opening/cleo": AGAINST, "rebuttal.1/cleo": AGAINST, "rebuttal.1/ben": AGAINST}
    later = dict.fromkeys(("rebuttal.2", "rebuttal.3", "closing"), AGAINST)

    def one_token(text: str) -> Completion:
        return Completion(text=text, usage=Usage(prompt_tokens=0, completion_tokens=1))

    said = {turn: one_token(text) for turn, text in {**lines, **later}.items()}
    model = Scripted(lines=said, default=one_token(motion_reply()))
    held = await hold(UNTIL, model, folder, settings=Settings.model_validate({"prices": PRICES}))
    assert held.result.status == "completed"
    return held
