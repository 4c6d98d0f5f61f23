"""A transcript grows with its turns, and with nothing else."""

from __future__ import annotations

from pathlib import Path

from holding import hold
from scripted import Scripted, motion_reply, scenario

LONG = "A sentence of an argument that goes on for a while. " * 40


async def test_twice_the_turns_take_twice_the_bytes(tmp_path: Path):
    """What was heard is named and not repeated, so a turn costs the same however many came before it."""
    sizes = []
    for times in (10, 20, 40):
        long = scenario(
            rounds=[
                {"name": "opening", "who": "debater", "hears": "nobody"},
                {"name": "rebuttal", "who": "debater", "repeat": times},
            ]
        )
        held = await hold(long, Scripted(default=motion_reply(text=LONG)), tmp_path, name=str(times))
        texts = sum(len(event.text) for event in held.of("text_stored"))
        sizes.append((held.saved.path.stat().st_size - texts) / held.result.turns.attempted)
    assert sizes[2] < 1.05 * sizes[0]


async def test_an_argument_stands_in_the_transcript_as_often_as_it_was_sent_and_read(tmp_path: Path):
    """Raw in ``turn_answered``, read in ``turn_ended``, and in no prompt of those who heard it."""
    model = Scripted(lines={"opening/ana": motion_reply(text="An argument unlike any other.")})
    held = await hold(scenario(), model, tmp_path)
    assert held.saved.path.read_text().count("An argument unlike any other.") == 2
    assert sum("An argument unlike any other." in request.messages[-1].content for request in model.asked) == 3
