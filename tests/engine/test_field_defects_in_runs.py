"""Defects seen in other systems that belong to whole runs, each with a test that it is not here.

The numbers are those of the list in the field survey; ``tests/decision/test_field_defects.py`` holds the table.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from holding import hold
from scripted import UNREADABLE, Scripted, answer_reply, failing, motion_reply, scenario

from debate.engine.engine import Engine
from debate.errors import TranscriptError
from debate.models.port import Completion

CHOICE = {"text": "Which?", "kind": "choice", "choices": {"A": "one", "B": "two", "C": "three"}}
OPENING = {"name": "opening", "who": "debater", "hears": "nobody"}


async def test_4_a_failed_sample_is_not_drawn_again(tmp_path: Path) -> None:
    """MALLM replaced failed samples by others. A failed turn stays one, in the count and with its reason."""
    model = Scripted({"opening/ben": failing("no answer today")})
    held = await hold(scenario(rounds=[OPENING]), model, tmp_path)
    assert Counter(model.turns()) == {"opening/ana": 1, "opening/ben": 1, "opening/cleo": 1}
    assert (held.result.turns.attempted, held.result.turns.valid, held.result.turns.failed) == (3, 2, 1)
    assert held.ended("opening/ben").reason == "no answer today"


async def test_5_a_failed_proposer_does_not_vanish(tmp_path: Path) -> None:
    """MoA let a failed proposer vanish from what is aggregated. Hearers are told of it, and the vote counts it."""
    model = Scripted({"ben": failing()})
    held = await hold(scenario(), model, tmp_path)
    assert "ben" in model.prompt("rebuttal/ana")
    assert held.result.verdict is not None
    assert (held.result.verdict.denominator, dict(held.result.verdict.abstained)) == (3, {"ben": "failed"})


async def test_7_the_third_opinion_stands_in_the_prompt(tmp_path: Path) -> None:
    """ReConcile showed the two largest groups alone. Grouped by answer, every group is there, however small."""
    people = {name: {} for name in ("a", "b", "c", "d", "e", "f")}
    lines = {who: answer_reply(letter) for who, letter in zip("abcdef", "AAABBC", strict=True)}
    grouped = {"name": "again", "who": "a", "hears": {"from": "everyone", "group_by": "answer"}}
    model = Scripted({**lines, "opening/f": answer_reply("C", text="The lonely argument.")})
    await hold(scenario(motion=None, question=CHOICE, participants=people, rounds=[OPENING, grouped]), model, tmp_path)
    assert "The lonely argument." in model.prompt("again/a")


@pytest.mark.parametrize("order", ["simultaneous", "rotate", "random"])
async def test_8_a_ranker_chooses_participants_and_not_places(order: str, tmp_path: Path) -> None:
    """DyLAN took the ranker's choice for places in the loop. Whatever the order, those it names go on."""
    rounds = [
        OPENING,
        {"name": "again", "who": "debater", "order": order},
        {
            "name": "ranking",
            "who": "judge",
            "hears": {"from": "debater"},
            "reply": ["ranking"],
            "about": "speakers",
            "select": {"top": 2, "by": "ranker"},
        },
        {"name": "final", "who": "debater", "order": order},
    ]
    people = {"ana": {}, "ben": {}, "cleo": {}, "ranker": {"role": "judge"}}
    model = Scripted({"ranker": "So.\nRANKING: cleo > ana > ben"})
    for seed in range(3):
        held = await hold(scenario(participants=people, rounds=rounds), model, tmp_path, name=f"{seed}", seed=seed)
        asked = {event.turn for event in held.of("turn_asked")}
        assert {id_ for id_ in asked if id_.startswith("final/")} == {"final/ana", "final/cleo"}


async def test_12_what_was_written_is_never_deleted(tmp_path: Path) -> None:
    """Others deleted or rewrote a whole output file at the start. A transcript that is there is refused, untouched."""
    path = tmp_path / "run.jsonl"
    path.write_text("what was there before\n")
    model = Scripted()
    async with Engine(models={"mine": model}) as engine:
        with pytest.raises(TranscriptError):
            await engine.run(scenario(), transcript=path)
    assert path.read_text() == "what was there before\n"
    assert model.asked == []


async def test_13_the_model_that_answered_stands_beside_the_one_that_was_asked(tmp_path: Path) -> None:
    """FORD labelled GPT-4's answers with another model's name. Both names are recorded, each as its source gave it."""
    model = Scripted(default=Completion(text=motion_reply(), model="other-model-0301"))
    held = await hold(scenario(), model, tmp_path)
    assert {event.model for event in held.of("turn_asked")} == {"mine:model"}
    assert {event.model for event in held.of("turn_answered")} == {"other-model-0301"}


async def test_14_every_turn_is_in_the_file_once(tmp_path: Path) -> None:
    """FORD's files held samples twice and lacked others. Every declared turn has one end, skipped ones too."""
    repeat = {"up_to": 3, "until": {"share": 0.6}, "after": "reply"}
    rounds = [OPENING, {"name": "rebuttal", "who": "debater", "order": "sequential", "repeat": repeat}]
    model = Scripted({"opening/ben": failing(), "rebuttal.1/ana": UNREADABLE, "rebuttal.1": motion_reply("oppose")})
    held = await hold(scenario(rounds=rounds), model, tmp_path)
    ends = Counter(event.turn for event in held.of("turn_ended"))
    declared = {f"{place}/{who}" for place in ("opening", *(f"rebuttal.{n}" for n in (1, 2, 3))) for who in PEOPLE}
    assert ends == dict.fromkeys(declared, 1)


PEOPLE = ("ana", "ben", "cleo")


async def test_16_without_an_embedding_there_is_no_number(tmp_path: Path) -> None:
    """The consortium plugin put random vectors where embedding failed. Here there is no score, and the reason."""

    def broken(_: list[str]) -> object:
        raise RuntimeError("no vectors today")

    question = {"text": "What is to be done?", "kind": "open"}
    asked = scenario(motion=None, question=question, rounds=[{**OPENING, "reply": ["position"]}], decision="medoid")
    held = await hold(asked, Scripted(default="So.\nPOSITION: Plant trees."), tmp_path, embedder=broken)
    (scored,) = held.of("scored")
    assert scored.value is None
    assert "no vectors today" in scored.reason
    assert held.result.consensus is not None
    assert held.result.consensus.agreement is None


async def test_17_a_cut_is_seen_and_a_context_that_overflows_fails_its_turn(tmp_path: Path) -> None:
    """Khan's code replaced a turn when the context overflowed. A cut is marked and recorded; what overflows fails."""
    hears = {"from": "everyone", "budget": {"tokens": 60}}
    overflow = failing("this model's maximum context length is 4096 tokens")
    model = Scripted(
        {"opening": motion_reply(text="A long argument. " * 50), "rebuttal/ben": overflow},
    )
    held = await hold(
        scenario(rounds=[OPENING, {"name": "rebuttal", "who": "debater", "hears": hears}]), model, tmp_path
    )
    asked = next(event for event in held.of("turn_asked") if event.turn == "rebuttal/ana")
    assert all(one.cut for one in asked.recipe.heard)
    assert "cut here" in model.prompt("rebuttal/ana")
    ended = held.ended("rebuttal/ben")
    assert (ended.outcome, ended.reply, ended.substituted) == ("failed", None, False)
    assert "maximum context length" in (ended.reason or "")
