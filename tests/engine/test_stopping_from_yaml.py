"""Every condition, written in YAML, through the engine: after an iteration and after a reply, in either order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from holding import Held, hold, letters
from scripted import UNREADABLE, Line, Scripted

from debate.engine.engine import Engine
from debate.engine.replaying import verify
from debate.errors import ScenarioError
from debate.scenario.reading import parse_scenario
from debate.transcript.events import GateResolved

WHO = ("a", "b", "c")


def yaml(
    until: str, *, after: str = "iteration", order: str = "simultaneous", reply: str = "[answer, confidence]"
) -> str:
    """Three speakers who repeat a round up to four times."""
    return f"""
debate: 1
name: stopping
question: {{text: Which?, kind: choice, choices: {{A: Jupiter, B: Saturn, C: Uranus}}}}
models: {{only: "mine:model"}}
participants: {{a: {{}}, b: {{}}, c: {{}}}}
rounds:
  - name: talk
    who: debater
    order: {order}
    reply: {reply}
    repeat: {{up_to: 4, until: {until}, after: {after}}}
decision: plurality
consensus: {{similarity: off}}
failure: {{quorum: {{voices: 0}}}}
"""


def says(*iterations: str) -> dict[str, Line]:
    """What each speaker answers in each iteration, as ``AAB``; a dash is unreadable, lower case is unsure."""
    lines: dict[str, Line] = {}
    for number, said in enumerate(iterations, 1):
        for who, letter in zip(WHO, said, strict=True):
            confidence = 95 if letter.isupper() else 20
            text = UNREADABLE if letter == "-" else f"So.\nANSWER: {letter.upper()}\nCONFIDENCE: {confidence}"
            lines[f"talk.{number}/{who}"] = text
    return lines


async def held_of(
    text: str, lines: Mapping[str, Line], folder: Path, *, seconds: dict[str, float] | None = None
) -> Held:
    """The debate as it was held; its transcript is shown to be consistent."""
    model = Scripted(dict(lines), seconds=seconds or {})
    held = await hold(parse_scenario(text), model, folder, embedder=letters)
    assert held.result.status == "completed", held.result.stop_reason
    assert (await verify(held.saved)).divergence is None
    return held


def asked(held: Held) -> list[str]:
    """The turns that were asked, in order."""
    return [event.turn for event in held.of("turn_asked") if event.try_number == 1]


class Case(NamedTuple):
    """A condition, what is said in four iterations, and after how many it ends."""

    until: str
    said: tuple[str, str, str, str]
    iterations: int


CASES = [
    Case("unanimous", ("AAB", "AAA", "AAA", "AAA"), 2),
    Case("unanimous", ("AA-", "AA-", "BBB", "BBB"), 3),
    Case("{unanimous: true, for: 2}", ("AAA", "AAB", "AAA", "AAA"), 4),
    Case("nobody_moved", ("ABC", "ABB", "ABB", "ABB"), 3),
    Case("{nobody_moved: true, for: 2}", ("ABC", "ABC", "ABC", "ABC"), 3),
    Case("{agreement: 0.3}", ("ABC", "AAB", "AAB", "AAB"), 2),
    Case("{agreement: 0.9}", ("ABC", "AAB", "AAB", "AAA"), 4),
    Case("{share: 2/3}", ("A--", "ABC", "AA-", "AAA"), 3),
    Case("{confidence: 0.9}", ("AAa", "ABC", "ABC", "ABC"), 2),
    Case("{confidence: 0.9, of: c}", ("AAa", "AAa", "aaA", "AAA"), 3),
    Case("{any: [unanimous, {share: 2/3}]}", ("ABC", "AAB", "AAA", "AAA"), 2),
    Case("{all: [{share: 2/3}, nobody_moved]}", ("AAB", "AAC", "AAC", "AAC"), 3),
    Case("{not: {share: 2/3}}", ("AAB", "AAB", "ABC", "ABC"), 3),
]


@pytest.mark.parametrize("order", ["simultaneous", "sequential"])
@pytest.mark.parametrize("case", CASES)
async def test_a_condition_ends_the_repeat_after_the_iteration_in_which_it_holds(
    case: Case, order: str, tmp_path: Path
) -> None:
    """Whatever the order, whole iterations are held up to the one in which it holds, and none after it."""
    held = await held_of(yaml(case.until, order=order), says(*case.said), tmp_path)
    expected = {f"talk.{number}/{who}" for number in range(1, case.iterations + 1) for who in WHO}
    assert set(asked(held)) == expected
    assert held.result.turns.unused == 0


class Midway(NamedTuple):
    """A condition, what is said in two iterations, and the turn after which it holds."""

    until: str
    said: tuple[str, str]
    upto: str


MIDWAY = [
    Midway("{share: 2/3}", ("AAB", "AAA"), "talk.1/b"),
    Midway("{share: 2/3}", ("ABB", "AAA"), "talk.1/c"),
    Midway("{share: 2/3}", ("ABC", "CCA"), "talk.2/b"),
    Midway("{share: 2/3}", ("A-A", "AAA"), "talk.1/c"),
    Midway("unanimous", ("AAB", "AAA"), "talk.2/c"),
    Midway("{confidence: 0.9, of: b}", ("ABC", "AAA"), "talk.1/b"),
    Midway("{any: [unanimous, {share: 1/3}]}", ("ABC", "AAA"), "talk.1/a"),
    Midway("{all: [{share: 2/3}, {confidence: 0.9, of: c}]}", ("AAa", "AAA"), "talk.2/c"),
    Midway("nobody_moved", ("ABC", "ABC"), "talk.2/c"),
    Midway("{agreement: 0.3}", ("ABC", "AAB"), "talk.2/c"),
]


@pytest.mark.parametrize("case", MIDWAY)
async def test_one_by_one_nobody_is_asked_after_the_reply_on_which_it_holds(case: Midway, tmp_path: Path) -> None:
    """In a sequential order the turn on which it holds is the last that is asked."""
    held = await held_of(yaml(case.until, after="reply", order="sequential"), says(*case.said, "CCC", "CCC"), tmp_path)
    assert asked(held)[-1] == case.upto
    gate = held.of("gate_resolved")[-1]
    assert isinstance(gate, GateResolved)
    assert (gate.holds, gate.upto) == (True, case.upto)
    skipped = [event.turn for event in held.of("turn_ended") if event.outcome == "skipped"]
    assert len(skipped) == 12 - len(asked(held))
    assert held.result.turns.unused == 0


@pytest.mark.parametrize("case", MIDWAY)
@pytest.mark.parametrize("slow", [*WHO, ""])
async def test_all_at_once_replies_beyond_the_prefix_are_unused(case: Midway, slow: str, tmp_path: Path) -> None:
    """Whoever is slowest, the same prefix in speaking order decides, and what was answered beyond it counts nowhere."""
    lines = says(*case.said, "CCC", "CCC")
    held = await held_of(yaml(case.until, after="reply"), lines, tmp_path, seconds={slow: 0.02})
    place, _, last = case.upto.partition("/")
    beyond = {f"{place}/{who}" for who in WHO[WHO.index(last) + 1 :]}
    unused = {event.turn for event in held.of("turn_ended") if event.outcome == "unused"}
    assert unused == beyond
    assert set(asked(held)) == {f"talk.{n}/{who}" for n in range(1, int(place[-1]) + 1) for who in WHO}
    assert held.result.turns.unused == len(beyond)
    verdict = held.saved.state.verdict
    assert verdict is not None
    assert verdict.denominator == WHO.index(last) + 1
    heard = {one.turn for event in held.of("turn_asked") for one in event.recipe.heard}
    assert not heard & beyond


STOPS = "[answer, confidence, stop]"


def stopping(*iterations: str) -> dict[str, Line]:
    """What each speaker says under STOP in each iteration, as ``nny``."""
    words = {"y": "yes", "n": "no"}
    return {
        f"talk.{number}/{who}": f"So.\nANSWER: A\nCONFIDENCE: 50\nSTOP: {words[letter]}"
        for number, said in enumerate(iterations, 1)
        for who, letter in zip(WHO, said, strict=True)
    }


@pytest.mark.parametrize(("after", "last"), [("iteration", "talk.2/c"), ("reply", "talk.2/b")])
async def test_a_participant_says_stop(after: str, last: str, tmp_path: Path) -> None:
    """Its own word ends the repeat, after the iteration or at once; that of others does not."""
    text = yaml("{says_stop: b}", after=after, order="sequential", reply=STOPS)
    held = await held_of(text, stopping("ynn", "nyn", "yyy", "yyy"), tmp_path)
    assert asked(held)[-1] == last


@pytest.mark.parametrize(
    ("until", "reply", "lacking"),
    [
        ("{says_stop: b}", "[answer, confidence]", "b is asked for no stop"),
        ("{confidence: 0.9, of: b}", "[answer]", "no confidence"),
    ],
)
def test_who_is_listened_to_must_be_asked(until: str, reply: str, lacking: str) -> None:
    """A condition on what nobody asks for could never hold: a mistake that is said before anything is spent."""
    with pytest.raises(ScenarioError, match=lacking):
        parse_scenario(yaml(until, reply=reply))


async def test_a_run_cut_anywhere_does_not_ask_beyond_the_reply_on_which_it_held(tmp_path: Path) -> None:
    """Taken up again after any line, the run asks no turn that it had not asked, and ends on the same verdict."""
    lines = says("ABB", "BBA", "CCC", "CCC")
    held = await held_of(yaml("{share: 2/3}", after="reply", order="sequential"), lines, tmp_path)
    whole = (tmp_path / "run.jsonl").read_bytes().splitlines(keepends=True)
    first = next(index for index, entry in enumerate(held.saved.entries) if entry.event.kind == "turn_asked")
    for count in range(first, len(whole)):
        path = tmp_path / f"cut{count}.jsonl"
        path.write_bytes(b"".join(whole[:count]))
        async with Engine(models={"mine": Scripted(dict(lines))}, embedder=letters) as engine:
            result = await engine.resume(path)
        assert {id_ for id_, turn in result.state.turns.items() if turn.asked} == set(asked(held))
        assert result.state.verdict == held.saved.state.verdict
