"""Simulated participants: repeatable, readable, and different from one another."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.errors import ModelNotAvailable
from debate.models.beliefs import TEMPERS
from debate.models.options import Heard, TurnOptions
from debate.models.port import Delta, Message, ModelRef, Request, ResponseFormat
from debate.models.simulated import SimulatedModel
from debate.reply.asking import json_schema
from debate.reply.reading import read
from debate.reply.reply import Reply, Stance
from debate.reply.spec import ReplySpec

MOTION = "Companies should let every employee work remotely."
ON_MOTION = ReplySpec(fields=("position", "stance", "confidence"))
CHOICE = ReplySpec(
    fields=("answer", "confidence"), kind="choice", choices={"A": "Jupiter", "B": "Saturn", "C": "Uranus"}
)
PEOPLE = ("ana", "ben", "cleo", "dan")


def request(model: str = "debater", *, schema: bool = False, max_tokens: int = 500, **turn: Any) -> Request:
    """A request for a turn of ana's on the motion, unless said otherwise."""
    options = TurnOptions(
        **{"run": "r", "turn": "opening.1/ana", "participant": "ana", "motion": MOTION, "spec": ON_MOTION, **turn}
    )
    wanted = ResponseFormat(name="reply", schema=json_schema(options.spec)) if schema else None
    return Request(
        model=ModelRef("simulated", model),
        messages=(Message("user", "one two three"),),
        max_tokens=max_tokens,
        turn=options,
        response_format=wanted,
    )


async def reply(model: str = "debater", **options: Any) -> Reply:
    """The reply read out of a simulated completion, which must be complete."""
    asked = request(model, **options)
    assert asked.turn is not None
    reading = read((await SimulatedModel()(asked)).text, asked.turn.spec)
    assert not reading.missing
    return reading.reply


def said(*stances: str) -> tuple[Heard, ...]:
    """What others said, by participants of their own."""
    return tuple(
        Heard(f"x/{number}", f"p{number}", Reply(text="t", stance=Stance(stance)))
        for number, stance in enumerate(stances)
    )


async def test_the_same_seed_turn_and_participant_say_the_same() -> None:
    """Nothing else matters: not the prompt, the run's id, the try, nor who listens."""
    first = await SimulatedModel()(request(seed=3))
    for same in (request(seed=3, run="other"), request(seed=3, try_number=2)):
        assert (await SimulatedModel()(same)).text == first.text
    others = [request(seed=4), request(seed=3, turn="x/ana"), request(seed=3, participant="ben")]
    assert len({(await SimulatedModel()(other)).text for other in others} | {first.text}) > 2


@pytest.mark.parametrize("schema", [False, True])
@pytest.mark.parametrize(
    "spec",
    [
        ON_MOTION,
        CHOICE,
        ReplySpec(fields=("answer", "position"), kind="number"),
        ReplySpec(fields=("answer",), kind="open"),
        ReplySpec(fields=("answer",), kind="expression"),
        ReplySpec(fields=("answer",), kind="set", choices={"A": "a", "B": "b"}),
        ReplySpec(fields=("ballot",), candidates=("ana", "ben", "cleo")),
        ReplySpec(fields=("ballot",), candidates=("ana", "ben"), ballot_style="approval"),
        ReplySpec(fields=("ballot",), candidates=("ana", "ben"), ballot_style="cumulative"),
        ReplySpec(fields=("ranking", "scores"), candidates=("ana", "ben", "cleo")),
        ReplySpec(fields=("critique", "agreement", "stop", "text")),
        ReplySpec(fields=("text",)),
    ],
)
async def test_every_field_is_given_in_the_form_it_is_read(spec: ReplySpec, *, schema: bool) -> None:
    """As a footer and as JSON held to the schema, each field asked for is found again by the reader."""
    motion = MOTION if spec.kind is None else None
    for model in TEMPERS:
        found = await reply(model, spec=spec, schema=schema, motion=motion, question="How many?", seed=5)
        for name in spec.fields:
            assert getattr(found, name) is not None


async def test_participants_start_from_different_leanings() -> None:
    """Over seeds, four debaters rarely all open with one stance, and every stance opens some debate."""
    openings = [
        [(await reply(participant=name, turn=f"opening.1/{name}", seed=seed)).stance for name in PEOPLE]
        for seed in range(60)
    ]
    assert sum(len(set(stances)) == 1 for stances in openings) < 6
    assert {stance for stances in openings for stance in stances} == set(Stance)


async def test_hearing_moves_a_debater_and_hardly_a_stubborn_one() -> None:
    """Three opposed voices bring a debater round more often than a stubborn one, and a conformist most often."""

    async def moved(model: str) -> int:
        own = Reply(text="t", stance=Stance.STRONGLY_SUPPORT)
        heard = said(*["strongly_oppose"] * 3)
        replies = [await reply(model, seed=seed, own=own, heard=heard) for seed in range(200)]
        return sum(found.stance is not None and found.stance.score < 0 for found in replies)

    stubborn, debater, conformist = [await moved(model) for model in ("stubborn", "debater", "conformist")]
    assert stubborn < debater / 2 < conformist / 2
    assert conformist > 150


async def test_a_contrarian_leaves_what_it_hears() -> None:
    """What everybody else holds, a contrarian holds less often than somebody who hears nothing."""
    heard = said(*["support"] * 4)
    replies = [(await reply("contrarian", seed=seed, heard=heard)).stance for seed in range(200)]
    alone = [(await reply("contrarian", seed=seed)).stance for seed in range(200)]
    assert replies.count(Stance.SUPPORT) < alone.count(Stance.SUPPORT) / 2


async def test_a_judge_decides_for_what_most_said_last() -> None:
    """The judge takes the majority of what each participant said last, whatever the seed; a tie goes to a leaning."""
    late = tuple(Heard("late", heard.participant, heard.reply) for heard in said("oppose", "oppose", "support"))
    heard = (*said("support", "support", "support"), *late)
    assert {(await reply("judge", seed=seed, heard=heard)).stance for seed in range(20)} == {Stance.OPPOSE}
    tie = Counter([(await reply("judge", seed=seed, heard=said("oppose", "support"))).stance for seed in range(60)])
    assert set(tie) >= {Stance.OPPOSE, Stance.SUPPORT}


async def test_a_told_side_is_kept() -> None:
    """Somebody told to argue a side argues it, whatever is heard; a told choice is the answer."""
    heard = said(*["strongly_support"] * 5)
    for seed in range(30):
        stance = (await reply(seed=seed, side="against", heard=heard)).stance
        assert stance is not None
        assert stance.score < 0
        answer = (await reply(seed=seed, side="B", spec=CHOICE, motion=None, question="Which?")).answer
        assert answer == "B"


async def test_a_heard_answer_can_be_taken_over() -> None:
    """An answer nobody could have made up is repeated by a judge that heard it from all."""
    spec = ReplySpec(fields=("answer",), kind="open")
    heard = tuple(Heard("x", name, Reply(text="t", answer="forty-two")) for name in PEOPLE)
    found = await reply("judge", spec=spec, motion=None, question="What?", heard=heard)
    assert found.answer == "forty-two"


async def test_camps_and_consensus_both_occur() -> None:
    """Over seeds, four debaters who hear each other for three rounds end split in some debates, agreed in others."""
    ends = Counter([len({ballot async for ballot in _ballots(seed)}) for seed in range(40)])
    assert ends[1] >= 5
    assert ends[1] <= 35


async def _ballots(seed: int) -> Any:
    held: dict[str, Reply] = {}
    for iteration in range(1, 4):
        before = dict(held)
        for name in PEOPLE:
            heard = tuple(Heard(f"{other}", other, before[other]) for other in before if other != name)
            turn = f"r.{iteration}/{name}"
            held[name] = await reply(seed=seed, turn=turn, participant=name, own=before.get(name), heard=heard)
    for found in held.values():
        assert found.stance is not None
        yield found.stance.ballot


async def test_usage_is_words_and_the_cap_is_kept() -> None:
    """Tokens are words read and written; a cap cuts the text and says so; nothing is sent anywhere."""
    found = await SimulatedModel()(request(seed=1))
    assert found.usage is not None
    assert found.usage.prompt_tokens == 3
    assert found.usage.completion_tokens == len(found.text.split())
    assert (found.finish, found.attempts) == ("stop", 0)
    cut = await SimulatedModel()(request(seed=1, max_tokens=4))
    assert (len(cut.text.split()), cut.finish) == (4, "length")
    assert found.text.startswith(cut.text)


async def test_it_streams_when_somebody_listens() -> None:
    """The deltas add up to the text, and the request counts as sent."""
    deltas: list[Delta] = []
    sent: list[bool] = []
    plain = request(seed=1)
    listening = Request(
        model=plain.model,
        messages=plain.messages,
        max_tokens=500,
        turn=plain.turn,
        on_delta=deltas.append,
        on_sent=lambda: sent.append(True),
    )
    found = await SimulatedModel(latency=0.01)(listening)
    assert "".join(delta.text for delta in deltas) == found.text
    assert len(deltas) > 3
    assert sent == [True]
    assert found.timing.first_token is not None
    assert found.timing.total >= 0.01


async def test_a_summary_is_of_what_was_heard() -> None:
    """A summarising try gives the voices, in few words."""
    heard = (Heard("x", "ben", Reply(text="long", position="Ben's point.")),)
    found = await SimulatedModel()(request(try_kind="summarise", heard=heard))
    assert found.text == "(Simulated summary.) ben: Ben's point."


async def test_an_unknown_variant_is_named_with_its_neighbour() -> None:
    """A misspelt variant is `model_not_available`, with what there is."""
    with pytest.raises(ModelNotAvailable, match=r"did you mean 'debater'\?\); there are debater, stubborn"):
        await SimulatedModel()(request("debator"))


@settings(deadline=None)
@given(st.integers(), st.text(max_size=10), st.lists(st.sampled_from(list(Stance)), max_size=6))
async def test_confidence_is_a_share(seed: int, participant: str, stances: list[Stance]) -> None:
    """Whatever is heard, the confidence lies between 0 and 1 and the reply is complete."""
    found = await reply(seed=seed, participant=participant, heard=said(*stances))
    assert found.confidence is not None
    assert 0 <= found.confidence <= 1
