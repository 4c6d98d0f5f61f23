"""A result in a notebook."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from scripted import Scripted, answer_reply, motion_reply, scenario

from debate.engine.engine import Engine
from debate.transcript.result import Result


async def held(model: Scripted, **changes: object) -> Result:
    """Hold a debate in memory."""
    async with Engine(models={"mine": model}) as engine:
        return await engine.run(scenario(**changes), transcript=None)


async def test_a_notebook_shows_what_was_decided() -> None:
    """Verdict, dissent, agreement, camps, turns and cost stand in one well-formed table."""
    result = await held(Scripted({"cleo": motion_reply("oppose")}))
    shown = result._repr_html_()
    cells = {row[0].text: row[1].text or "" for row in ET.fromstring(shown).iter("tr")}
    assert cells["status"] == "completed"
    assert cells["verdict"].startswith("for (by plurality, 67%")
    assert cells["dissent"] == "cleo: against"
    assert "by stance, 3 valid, high reliability" in cells["agreement"]
    assert cells["camp"] == "against: cleo (33%)"
    assert cells["turns"].startswith("6 asked, 6 valid")
    assert "cost unknown" in cells["used"]


async def test_what_a_model_says_is_text_there() -> None:
    """Markup in an answer, as a camp's label, is shown and never obeyed."""
    answer = "<script>alert(1)</script>"
    result = await held(
        Scripted(default=answer_reply(answer)), motion=None, question={"text": "Which <b>?", "kind": "open"}
    )
    shown = result._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown
    assert ET.fromstring(shown).tag == "table"
