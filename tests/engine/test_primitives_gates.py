"""What a round decides: when it is held, how long, with which tier, and who goes on after it."""

from __future__ import annotations

from typing import Any

import pytest
from holding import hold_in_memory
from scripted import Scripted, answer_reply, motion_reply, scenario

from debate.models.port import Request

OPENING: dict[str, Any] = {"name": "opening", "who": "debater", "hears": "nobody"}
CLOSING: dict[str, Any] = {"name": "closing", "who": "debater"}
JUDGED: dict[str, Any] = {"name": "verdict", "who": "referee", "hears": {"from": "debater", "rounds": "all"}}
QUESTION = {"text": "Which?", "kind": "choice", "choices": {"A": "a", "B": "b", "C": "c"}}
PEOPLE: dict[str, Any] = {"ana": {}, "ben": {}, "cleo": {}, "referee": {"role": "judge"}}


def split() -> Scripted:
    """Two are for it, one against."""
    return Scripted({"cleo": motion_reply("oppose")})


@pytest.mark.parametrize(
    ("condition", "held_when_agreed", "held_when_split"),
    [
        ("unanimous", True, False),
        ({"not": "unanimous"}, False, True),
        ({"agreement": 0.9}, True, False),
        ({"share": "2/3"}, True, True),
        ({"share": 0.7}, True, False),
        ({"confidence": 0.9}, False, False),
        ({"confidence": 0.6, "of": "ana"}, True, True),
        ({"any": ["unanimous", {"share": 0.5}]}, True, True),
        ({"all": ["unanimous", {"share": 0.5}]}, True, False),
    ],
)
async def test_when(condition: Any, held_when_agreed: bool, held_when_split: bool) -> None:  # noqa: FBT001 - pytest's
    """A round is held only if its condition holds before it."""
    asked = scenario(rounds=[OPENING, {**CLOSING, "when": condition}])
    for model, held in ((Scripted(), held_when_agreed), (split(), held_when_split)):
        done = await hold_in_memory(asked, model)
        assert ("closing/ana" in model.turns()) is held
        assert done.ended("closing/ana").outcome == ("completed" if held else "skipped")


@pytest.mark.parametrize(("then", "spoken"), [("skip", True), ("end", False)])
async def test_else(then: str, spoken: bool) -> None:  # noqa: FBT001 - pytest's parameters
    """``skip`` leaves out this round, ``end`` all that are left; whoever decides speaks all the same."""
    rounds = [OPENING, {**CLOSING, "when": {"not": "unanimous"}, "else": then}, {**CLOSING, "name": "more"}, JUDGED]
    model = Scripted()
    await hold_in_memory(scenario(participants=PEOPLE, rounds=rounds, decision="referee"), model)
    assert "closing/ana" not in model.turns()
    assert ("more/ana" in model.turns()) is spoken
    assert "verdict/referee" in model.turns()


@pytest.mark.parametrize(("model", "tier"), [(Scripted(), "cheap"), (split(), "dear")])
async def test_escalate(model: Scripted, tier: str) -> None:
    """Another tier speaks where the round before did not settle it; nothing else of the turn changes."""
    models = {"cheap": "mine:small", "dear": {"use": "mine:large", "max_tokens": 77}}
    closing = {**CLOSING, "tier": "cheap", "escalate": {"when": {"not": "unanimous"}, "to": "dear"}}
    held = await hold_in_memory(scenario(models=models, rounds=[{**OPENING, "tier": "cheap"}, closing]), model)
    assert {event.tier for event in held.of("turn_asked") if event.turn.startswith("closing")} == {tier}
    assert model.request("closing/ana").model.id == ("large" if tier == "dear" else "small")
    assert model.request("closing/ana").max_tokens == (77 if tier == "dear" else 1000)
    assert model.request("opening/ana").model.id == "small"


async def test_repeat_until_after_an_iteration() -> None:
    """The rest of a repeat is left out once its condition holds; what comes after is held."""
    rounds = [{**OPENING, "repeat": {"up_to": 3, "until": {"unanimous": True, "for": 2}}}, CLOSING]
    model = Scripted()
    held = await hold_in_memory(scenario(rounds=rounds), model)
    assert {turn.partition("/")[0] for turn in model.turns()} == {"opening.1", "opening.2", "closing"}
    assert held.ended("opening.3/ana").outcome == "skipped"


async def test_repeat_until_after_a_reply() -> None:
    """What is answered beyond the reply that settles it is unused: paid for, in no prompt, no vote and no score."""
    people = {name: {} for name in ("ana", "ben", "cleo", "dan")}
    answer = {**OPENING, "repeat": {"up_to": 2, "until": {"share": 0.5}, "after": "reply"}}
    rounds = [answer, {**CLOSING, "hears": {"from": "everyone", "rounds": "all"}, "reply": ["text"]}]
    lines = {"opening.1/dan": answer_reply("C", text="DAN-SAID"), "opening.1/cleo": answer_reply("C", text="CLEO-SAID")}
    model = Scripted(lines, default=answer_reply("A"), seconds={"ben": 1.0, "ana": 0.5})
    asked = scenario(participants=people, motion=None, question=QUESTION, rounds=rounds)
    held = await hold_in_memory(asked, model)
    assert [held.ended(f"opening.1/{who}").outcome for who in people] == ["completed", "completed", "unused", "unused"]
    assert "opening.2/ana" not in model.turns()
    assert not any("-SAID" in model.prompt(f"closing/{who}") for who in ("ana", "ben"))
    verdict, consensus = held.result.verdict, held.result.consensus
    assert verdict is not None
    assert consensus is not None
    assert (verdict.answer, verdict.votes, verdict.denominator) == ("A", {"A": 2.0}, 2)
    assert consensus.n_valid == 2
    assert held.result.turns.unused == 2


async def test_says_stop() -> None:
    """A moderator's STOP ends the repeat it speaks in."""
    people = {"ana": {}, "ben": {}, "chair": {"role": "moderator"}}
    talk = {"name": "talk", "who": ["debater", "chair"], "reply": ["stance", "stop"]}
    rounds = [{**talk, "repeat": {"up_to": 4, "until": {"says_stop": "chair"}}}]
    lines = {f"talk.{n}/chair": f"STANCE: neutral\nSTOP: {'yes' if n == 2 else 'no'}" for n in range(1, 5)}
    model = Scripted(lines, default="STANCE: support\nSTOP: no")
    await hold_in_memory(scenario(participants=people, rounds=rounds), model)
    assert {turn.partition("/")[0] for turn in model.turns()} == {"talk.1", "talk.2"}


class TestSelecting:
    """Who goes on, and who neither speaks nor is heard any more."""

    def ranked(self, ranking: str, **hears: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """A ranker after the opening, who keeps two, and what it says."""
        people = {**{name: {} for name in ("ana", "ben", "cleo", "dan")}, "ranker": {"role": "assessor"}}
        rank = {
            "name": "rank",
            "who": "ranker",
            "hears": {"from": "debater", **hears},
            "reply": [ranking],
            "about": "speakers",
            "select": {"top": 2, "by": "ranker"},
        }
        return people, rank

    async def test_top_is_by_who_was_ranked_and_not_by_place(self) -> None:
        """The best two by id go on, in whatever order and under whatever letters they stood in the ranker's prompt."""
        for names in ("shown", "alias", "shuffled"):
            people, rank = self.ranked("ranking", names=names)
            heard: list[str] = []

            def rank_them(request: Request, heard: list[str] = heard) -> str:
                text = request.messages[-1].content
                labels = [line.partition(" (opening):")[0] for line in text.splitlines() if " (opening):" in line]
                said = [line for line in text.splitlines() if line.startswith("> from-")]
                heard[:] = [line.removeprefix("> from-") for line in said]
                label = dict(zip(heard, labels, strict=True))
                return f"RANKING: {label['dan']} > {label['ben']} > {label['ana']} > {label['cleo']}"

            openings = {f"opening/{who}": motion_reply(text=f"from-{who}") for who in ("ana", "ben", "cleo", "dan")}
            model = Scripted({**openings, "ranker": rank_them})
            rounds = [{**OPENING, "order": "random"}, rank, {**CLOSING, "hears": "everyone"}]
            held = await hold_in_memory(scenario(participants=people, rounds=rounds), model)
            assert sorted(heard) == ["ana", "ben", "cleo", "dan"]
            assert {turn for turn in model.turns() if turn.startswith("closing")} == {"closing/ben", "closing/dan"}
            prompt = model.prompt("closing/dan")
            assert "from-ben" in prompt
            assert "from-ana" not in prompt
            assert "from-cleo" not in prompt
            assert set(held.of("gate_resolved")[0].dropped) == {"ana", "cleo"}

    async def test_top_by_scores(self) -> None:
        """Scores rank as well as a ranking does."""
        people, rank = self.ranked("scores")
        model = Scripted({"ranker": "SCORES: ana=1, ben=9, cleo=8, dan=0"})
        await hold_in_memory(scenario(participants=people, rounds=[OPENING, rank, CLOSING]), model)
        assert {turn for turn in model.turns() if turn.startswith("closing")} == {"closing/ben", "closing/cleo"}

    async def test_without_a_ranking_all_go_on(self) -> None:
        """A ranker that says nothing readable leaves nobody out, and the transcript says why."""
        people, rank = self.ranked("ranking")
        model = Scripted({"ranker": "hm"})
        held = await hold_in_memory(scenario(participants=people, rounds=[OPENING, rank, CLOSING]), model)
        assert len([turn for turn in model.turns() if turn.startswith("closing")]) == 4
        assert "gave neither ranking nor scores" in held.of("gate_resolved")[0].reason

    @pytest.mark.parametrize(
        ("rule", "kept"), [({"drop": "duplicates"}, ["ana", "cleo"]), ({"most_dissimilar": 2}, ["ana", "cleo"])]
    )
    async def test_drop_and_most_dissimilar(self, rule: dict[str, Any], kept: list[str]) -> None:
        """Of those who answer the same the first stays; the most dissimilar are of different camps."""
        answers = {"ana": "A", "ben": "A", "cleo": "B", "dan": "A"}
        model = Scripted({who: answer_reply(answer) for who, answer in answers.items()})
        rounds = [{**OPENING, "select": rule}, CLOSING]
        people = {name: {} for name in answers}
        held = await hold_in_memory(scenario(participants=people, motion=None, question=QUESTION, rounds=rounds), model)
        assert [turn for turn in model.turns() if turn.startswith("closing")] == [f"closing/{who}" for who in kept]
        assert held.ended("closing/ben").outcome == "skipped"
        assert held.result.verdict is not None
        assert held.result.verdict.denominator == 2

    async def test_whoever_decides_hears_those_left_out(self) -> None:
        """A judge reads the whole debate, whoever went on."""
        rounds = [{**OPENING, "select": {"drop": "duplicates"}}, CLOSING, JUDGED]
        lines = {f"opening/{who}": motion_reply(text=f"from-{who}") for who in ("ana", "ben", "cleo")}
        model = Scripted(lines)
        await hold_in_memory(scenario(participants=PEOPLE, rounds=rounds, decision="referee"), model)
        assert "closing/ben" not in model.turns()
        assert all(f"from-{who}" in model.prompt("verdict/referee") for who in ("ana", "ben", "cleo"))


class TestReplies:
    """What a round may ask for, and what a vote is about."""

    @pytest.mark.parametrize(
        ("field", "line", "read"),
        [
            ("agreement", "AGREEMENT: disagree", "disagree"),
            ("ballot", "BALLOT: for", {"for": 1.0}),
            ("ranking", "RANKING: against > for", ("against", "for")),
            ("scores", "SCORES: for=7, against=2, neutral=0", {"for": 7.0, "against": 2.0, "neutral": 0.0}),
            ("critique", "CRITIQUE: It costs too much.", "It costs too much."),
            ("stop", "STOP: yes", True),
        ],
    )
    async def test_reply(self, field: str, line: str, read: object) -> None:
        """Each field is asked for in the footer and read from the reply."""
        rounds = [OPENING, {**CLOSING, "reply": ["stance", field]}]
        model = Scripted({"closing": f"Words.\nSTANCE: support\n{line}"})
        held = await hold_in_memory(scenario(rounds=rounds), model)
        assert f"\n{field.upper()}: " in model.prompt("closing/ana")
        assert getattr(held.ended("closing/ana").reply, field) == read

    @pytest.mark.parametrize(("about", "asked"), [("options", "for"), ("speakers", "ben")])
    async def test_about(self, about: str, asked: str) -> None:
        """A vote is about the options of what is asked, or about the speakers that were heard."""
        rounds = [OPENING, {**CLOSING, "reply": ["ballot"], "about": about}]
        model = Scripted({"closing": f"BALLOT: {asked}"})
        await hold_in_memory(scenario(rounds=rounds, decision="approval"), model)
        footer = model.prompt("closing/ana").rpartition("BALLOT:")[2]
        assert asked in footer
        assert ("cleo" in footer) is (about == "speakers")

    async def test_reply_mode(self) -> None:
        """``schema`` sends a JSON schema with the request, ``text`` asks for a footer."""
        rounds = [{**OPENING, "reply_mode": "text"}, {**CLOSING, "reply_mode": "schema"}]
        model = Scripted({"closing": '{"text": "t", "position": "p", "stance": "support", "confidence": 70}'})
        held = await hold_in_memory(scenario(rounds=rounds), model)
        assert model.request("opening/ana").response_format is None
        assert model.request("closing/ana").response_format is not None
        assert held.ended("closing/ana").outcome == "completed"

    async def test_given_is_a_parameter_of_the_prompt(self) -> None:
        """How far to agree is said in the rounds that give it, and in no other."""
        model = Scripted()
        await hold_in_memory(scenario(rounds=[OPENING, {**CLOSING, "given": {"agree": 0.3}}]), model)
        assert "about 30 % of the time" in model.system("closing/ana")
        assert "% of the time" not in model.system("opening/ana")

    async def test_swap_sides(self) -> None:
        """Two sides change places for the round that says so."""
        people = {"ana": {"side": "for"}, "ben": {"side": "against"}, "cleo": {}}
        model = Scripted()
        await hold_in_memory(scenario(participants=people, rounds=[OPENING, {**CLOSING, "swap_sides": True}]), model)
        assert "You argue for the motion" in model.system("opening/ana")
        assert "You argue against the motion" in model.system("closing/ana")
        assert "You argue for the motion" in model.system("closing/ben")
        assert "You argue" not in model.system("closing/cleo")


async def test_the_judge_does_not_miss_the_last_round() -> None:
    """With an order of its own in the last round the judge still hears what was said in it, to the last word."""
    for order in ("simultaneous", "sequential", "rotate", "random"):
        rounds = [OPENING, {**CLOSING, "order": order, "repeat": 2}, {**JUDGED, "hears": {"from": "debater"}}]
        lines = {f"closing.2/{who}": motion_reply(text=f"last-{who}") for who in ("ana", "ben", "cleo")}
        model = Scripted(lines, seconds={"cleo": 2.0})
        await hold_in_memory(scenario(participants=PEOPLE, rounds=rounds, decision="referee"), model)
        assert all(f"last-{who}" in model.prompt("verdict/referee") for who in ("ana", "ben", "cleo"))


async def test_nobody_hears_the_same_round_of_a_simultaneous_one() -> None:
    """The leak of the first published code: later speakers read this round's answers. Here none does, even if late."""
    lines = {f"closing/{who}": motion_reply(text=f"now-{who}") for who in ("ana", "ben", "cleo")}
    model = Scripted(lines, seconds={"opening/ben": 1.0})
    await hold_in_memory(scenario(), model)
    assert not any("now-" in request.messages[-1].content for request in model.asked)
