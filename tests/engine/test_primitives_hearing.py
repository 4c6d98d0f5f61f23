"""Who hears what, and how: every key of a hearing, seen in the prompts that were sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
import virtual_time
from holding import Held, hold_in_memory
from hypothesis import given
from hypothesis import strategies as st
from scripted import Chaos, Scripted, answer_reply, failing, motion_reply, scenario
from strategies import few, scenarios

from debate.graph.compiling import query_of
from debate.scenario.schema import Scenario

OPENING: dict[str, Any] = {"name": "opening", "who": "debater", "hears": "nobody"}
QUESTION = {"text": "Which?", "kind": "choice", "choices": {"A": "a", "B": "b", "C": "c"}}
LONG = "word " * 400
ALL_OTHERS = {"ana": "ben cleo dan", "ben": "ana cleo dan", "cleo": "ana ben dan", "dan": "ana ben cleo"}
LABELLED = re.compile(r"^(.+) \(opening\):\n> said in opening/(\w+)\.", re.MULTILINE)


def named(*names: str, **more: Any) -> dict[str, Any]:
    """Debaters by these names, and others as given."""
    return {**{name: {} for name in names}, **more}


async def rebuttals(hears: Any, *, people: dict[str, Any] | None = None, model: Scripted | None = None) -> Scripted:
    """An opening and a rebuttal that hears ``hears``; every opening names its turn."""
    model = model or Scripted({"opening": said_by_turn})
    rounds = [OPENING, {"name": "rebuttal", "who": "debater", "hears": hears}]
    await hold_in_memory(scenario(participants=people or named("ana", "ben", "cleo", "dan"), rounds=rounds), model)
    return model


def said_by_turn(request: Any) -> str:
    """A reply that says which turn it is."""
    return motion_reply(text=f"said in {request.turn.turn}.")


def heard(model: Scripted, turn: str) -> set[str]:
    """Whose openings stand in a prompt, the hearer's own left out."""
    found = set(re.findall(r"said in (?:\w|-)+(?:\.\d)?/([\w.]+)\.", model.prompt(turn)))
    return found - {turn.rpartition("/")[2]}


@pytest.mark.parametrize(
    ("topology", "expected"),
    [
        ("complete", ALL_OTHERS),
        ("ring", {"ana": "dan", "ben": "ana", "cleo": "ben", "dan": "cleo"}),
        ({"ring": {"k": 2}}, {"ana": "cleo dan", "ben": "ana dan", "cleo": "ana ben", "dan": "ben cleo"}),
        ({"ring": {"both": True}}, {"ana": "ben dan", "ben": "ana cleo", "cleo": "ben dan", "dan": "ana cleo"}),
        ("star", {"ana": "ben cleo dan", "ben": "ana", "cleo": "ana", "dan": "ana"}),
        ({"star": {"hub": "cleo"}}, {"ana": "cleo", "ben": "cleo", "cleo": "ana ben dan", "dan": "cleo"}),
        ("chain", {"ana": "", "ben": "ana", "cleo": "ben", "dan": "cleo"}),
        ({"chain": {"both": True}}, {"ana": "ben", "ben": "ana cleo", "cleo": "ben dan", "dan": "cleo"}),
        ("tree", {"ana": "ben cleo", "ben": "ana dan", "cleo": "ana", "dan": "ben"}),
        ({"tree": {"branching": 3}}, {"ana": "ben cleo dan", "ben": "ana", "cleo": "ana", "dan": "ana"}),
        ({"tree": {"up_only": True}}, {"ana": "ben cleo", "ben": "dan", "cleo": "", "dan": ""}),
        ({"layers": {"sizes": [1, 2, 1]}}, {"ana": "", "ben": "ana", "cleo": "ana", "dan": "ben cleo"}),
        ("bipartite", {"ana": "cleo dan", "ben": "cleo dan", "cleo": "ana ben", "dan": "ana ben"}),
        ({"bipartite": {"first": 1}}, {"ana": "ben cleo dan", "ben": "ana", "cleo": "ana", "dan": "ana"}),
        ({"random": {"p": 0}}, {"ana": "", "ben": "", "cleo": "", "dan": ""}),
        ({"random": {"p": 1}}, ALL_OTHERS),
        ({"small_world": {"p": 0}}, {"ana": "ben dan", "ben": "ana cleo", "cleo": "ben dan", "dan": "ana cleo"}),
        ({"edges": [["ana", "dan"], ["ben", "dan"]]}, {"ana": "", "ben": "", "cleo": "", "dan": "ana ben"}),
    ],
)  # fmt: skip
async def test_each_topology_is_heard_along(topology: Any, expected: dict[str, str]) -> None:
    """What the prompts of a round show is exactly what the topology says."""
    model = await rebuttals(topology)
    assert {who: heard(model, f"rebuttal/{who}") for who in expected} == {
        who: set(names.split()) for who, names in expected.items()
    }


async def test_a_random_degree_is_heard_and_drawn_anew_where_asked() -> None:
    """Each hears so many; with ``redraw`` another draw for each iteration, without it the same all along."""
    people = named(*"abcdefgh")
    for redraw in (False, True):
        rounds = [OPENING, {"name": "talk", "who": "debater", "repeat": 3}]
        graph = {"random": {"degree": 2, "redraw": redraw}}
        model = Scripted(default=said_by_turn)
        await hold_in_memory(scenario(participants=people, graph=graph, rounds=rounds), model)
        seen = [tuple(frozenset(heard(model, f"talk.{n}/{who}")) for who in people) for n in (1, 2, 3)]
        assert all(len(names) == 2 for drawing in seen for names in drawing)
        assert (len(set(seen)) > 1) is redraw


async def test_a_topology_holds_for_its_round_and_iteration() -> None:
    """A round's own graph, and ``repeat.hears`` for each iteration, the last for all that follow."""
    rounds = [
        OPENING,
        {"name": "near", "who": "debater", "hears": "ring"},
        {"name": "talk", "who": "debater", "repeat": {"up_to": 3, "hears": ["nobody", "chain"]}},
    ]
    model = Scripted(default=said_by_turn)
    await hold_in_memory(scenario(participants=named("ana", "ben", "cleo"), rounds=rounds), model)
    assert heard(model, "near/ana") == {"cleo"}
    assert heard(model, "talk.1/ben") == set()
    assert heard(model, "talk.2/ben") == heard(model, "talk.3/ben") == {"ana"}
    assert heard(model, "talk.3/ana") == set()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"from": "everyone"}, {"ben", "cleo", "dan"}),
        ({"from": ["ben", "dan"]}, {"ben", "dan"}),
        ({"from": "debater"}, {"ben", "cleo", "dan"}),
        ({"from": "self"}, set()),
        ({"from": "neighbours", "graph": "ring"}, {"dan"}),
    ],
)
async def test_from(query: dict[str, Any], expected: set[str]) -> None:
    """Neighbours, everyone, oneself, a role or ids."""
    model = await rebuttals(query)
    assert heard(model, "rebuttal/ana") == expected
    assert ("said in opening/ana." in model.prompt("rebuttal/ana")) is (query["from"] != ["ben", "dan"])


async def test_rounds() -> None:
    """The latest, the last few, all, or those of one round by its name."""
    rounds = [
        OPENING,
        {"name": "talk", "who": "debater", "repeat": 2},
        {"name": "end", "who": "ana", "hears": {"from": "ben"}},
        {"name": "two", "who": "ana", "hears": {"from": "ben", "rounds": {"last": 2}}},
        {"name": "every", "who": "ana", "hears": {"from": "ben", "rounds": "all"}},
        {"name": "first", "who": "ana", "hears": {"from": "ben", "rounds": "opening"}},
    ]
    model = Scripted(default=said_by_turn)
    await hold_in_memory(scenario(participants=named("ana", "ben"), rounds=rounds), model)
    ends = ("end", "two", "every", "first")
    said = {name: re.findall(r"said in (\S+)/ben", model.prompt(f"{name}/ana")) for name in ends}
    assert said == {
        "end": ["talk.2"],
        "two": ["talk.1", "talk.2"],
        "every": ["opening", "talk.1", "talk.2"],
        "first": ["opening"],
    }


async def test_fields() -> None:
    """Only the parts that are asked for are shown; who has none of them is said to have none."""
    model = await rebuttals({"from": "everyone", "fields": ["position", "confidence"]})
    prompt = model.prompt("rebuttal/ana").partition("What others said")[2].partition("Answer the strongest")[0]
    assert "> Position: I hold" in prompt
    assert "> Confidence: 70" in prompt
    assert "said in" not in prompt
    assert "Stance" not in prompt
    model = await rebuttals({"from": "everyone", "fields": ["critique"]})
    assert "ben (opening) said nothing of what is shown here." in model.prompt("rebuttal/ana")


async def test_same_round_is_heard_only_when_asked_for() -> None:
    """One by one, those before are heard in the same iteration with ``same_round``, and not without it."""
    for same_round in (False, True):
        talk = {"name": "talk", "who": "debater", "order": "sequential", "hears": {"from": "everyone"}}
        model = Scripted(default=said_by_turn)
        rounds = [{**talk, "hears": {**talk["hears"], "same_round": same_round}}]
        await hold_in_memory(scenario(rounds=rounds), model)
        assert heard(model, "talk/cleo") == ({"ana", "ben"} if same_round else set())
        assert heard(model, "talk/ana") == set()


@pytest.mark.parametrize(("order", "starts"), [("sequential", "aaa"), ("rotate", "abc"), ("random", None)])
async def test_orders(order: str, starts: str | None) -> None:
    """As listed, beginning one further in each iteration, or as drawn, the same on every run of the seed."""
    people = named("ana", "ben", "cleo", "dan")
    rounds = [{"name": "talk", "who": "debater", "order": order, "repeat": 3}]
    orders = []
    for seed in (0, 0, 1):
        model = Scripted()
        await hold_in_memory(scenario(participants=people, rounds=rounds), model, seed=seed)
        orders.append([[t.rpartition("/")[2] for t in model.turns() if t.startswith(f"talk.{n}/")] for n in (1, 2, 3)])
    assert orders[0] == orders[1]
    if starts is None:
        assert orders[2] != orders[0]
        assert any(drawn != list(people) for drawn in orders[0])
    else:
        assert "".join(spoken[0][0] for spoken in orders[0]) == starts


@few
@given(scenarios(failures=False), st.integers(0, 100))
def test_no_label_tells_a_name_that_is_not_shown(asked: Scenario, seed: int) -> None:
    """Aliases, shuffled letters and hidden names never hold an id; an alias is one speaker's in the whole run."""
    held = virtual_time.run(hold_in_memory(asked, Chaos(seed), seed=seed))
    rounds = {step.name: step for step in asked.steps}
    aliases: dict[str, str] = {}
    for event in held.of("turn_asked"):
        place, _, _ = event.turn.partition("/")
        name, _, number = place.rpartition(".") if place.rpartition(".")[2].isdigit() else (place, "", "1")
        query = query_of(rounds[name], int(number))
        for one in event.recipe.heard:
            speaker = one.turn.rpartition("/")[2]
            match query.names:
                case "shown":
                    assert one.label in (speaker, f"{speaker.rpartition('~')[2]}'s summary")
                case "hidden":
                    assert one.label in ("A participant", "A summary")
                case _:
                    assert re.fullmatch(r"Speaker [A-Z]+|A summary", one.label)
            if query.names == "alias" and "~" not in speaker:
                assert aliases.setdefault(speaker, one.label) == one.label


async def test_names() -> None:
    """Shown by id, by one letter in the whole run, by letters drawn for each turn, or not at all."""
    people = named("ana", "ben", "cleo", "dan", "eve")
    drawn = {}
    for names in ("shown", "alias", "shuffled", "hidden"):
        model = await rebuttals({"from": "everyone", "names": names}, people=people)
        drawn[names] = {
            who: {said: label for label, said in LABELLED.findall(model.prompt(f"rebuttal/{who}")) if said != who}
            for who in people
        }
    assert all(label == spoken for seen in drawn["shown"].values() for spoken, label in seen.items())
    assert {label for seen in drawn["hidden"].values() for label in seen.values()} == {"A participant"}
    aliases = {(spoken, label) for seen in drawn["alias"].values() for spoken, label in seen.items()}
    assert len(aliases) == len(people)
    shuffled = {(spoken, label) for seen in drawn["shuffled"].values() for spoken, label in seen.items()}
    assert len(shuffled) > len(people)
    assert {tuple(seen.values()) for seen in drawn["shuffled"].values()} == {tuple(f"Speaker {x}" for x in "ABCD")}


async def test_no_opinion_group_is_left_out() -> None:
    """Grouped by answer: every group with its size, the largest first, the third and the silent too."""
    people = named("ana", "ben", "cleo", "dan", "eve", "fay")
    rounds = [OPENING, {"name": "rebuttal", "who": "debater", "hears": {"from": "everyone", "group_by": "answer"}}]
    lines = {"opening/ben": answer_reply("B"), "opening/cleo": answer_reply("B"), "opening/dan": answer_reply("C")}
    model = Scripted({**lines, "opening/eve": failing(), "opening/fay": "hm"}, default=answer_reply("A"))
    await hold_in_memory(scenario(participants=people, motion=None, question=QUESTION, rounds=rounds), model)
    prompt = model.prompt("rebuttal/ana")
    places = [prompt.index(text) for text in ("2 hold: B", "1 holds: C", "1 without a clear answer")]
    assert places == sorted(places)
    assert "eve (opening) gave no reply." in prompt


class TestBudgets:
    """How much may be shown, and what happens to the rest."""

    async def held(self, then: Any, tokens: int = 300) -> tuple[Scripted, Held]:
        """Three long openings, heard within a budget."""
        people = named("ana", "ben", "cleo", scribe={"role": "writer"})
        hears = {"from": "debater", "budget": {"tokens": tokens, "then": then}}
        rounds = [OPENING, {"name": "rebuttal", "who": "ana", "hears": hears}]
        lines = {"opening/ben": motion_reply(text=f"BEN {LONG}"), "opening/cleo": motion_reply(text="CLEO short.")}
        model = Scripted({**lines, "scribe": "Ben repeats himself; Cleo is brief."})
        return model, await hold_in_memory(scenario(participants=people, rounds=rounds), model)

    async def test_truncate_marks_the_cut(self) -> None:
        """A long reply is cut, a short one keeps all it has, and prompt and transcript say how much is missing."""
        model, held = await self.held("truncate")
        prompt = model.prompt("rebuttal/ana")
        cut = int(re.search(r"> \[… cut here: (\d+) more characters\]", prompt).group(1))  # type: ignore[union-attr]
        asked = next(event for event in held.of("turn_asked") if event.turn == "rebuttal/ana")
        assert {one.turn: one.cut for one in asked.recipe.heard} == {"opening/ben": cut, "opening/cleo": None}
        assert "CLEO short." in prompt
        assert cut > 500

    async def test_drop_leaves_out_the_oldest_and_says_so(self) -> None:
        """The oldest reply goes first, whole; the hearer is told how many are left out."""
        for names in ("shown", "shuffled"):
            people = named("ana", "ben")
            hears = {"from": "ben", "rounds": "all", "names": names, "budget": {"tokens": 60, "then": "drop"}}
            rounds = [OPENING, {"name": "again", "who": "debater"}, {"name": "end", "who": "ana", "hears": hears}]
            model = Scripted({"opening/ben": motion_reply(text=LONG), "again/ben": motion_reply(text="NEW")})
            held = await hold_in_memory(scenario(participants=people, rounds=rounds), model)
            assert "(1 earlier reply is left out here for want of space.)" in model.prompt("end/ana")
            assert "NEW" in model.prompt("end/ana")
            asked = next(event for event in held.of("turn_asked") if event.turn == "end/ana")
            assert {one.turn: one.dropped for one in asked.recipe.heard} == {"opening/ben": True, "again/ben": False}

    async def test_a_reply_of_which_nothing_is_left_is_not_called_silent(self) -> None:
        """With more replies than tokens each is left out whole, and nobody is said to have given no reply."""
        people = {"ana": {}, "panel": {"role": "many", "count": 60}}
        opening = {**OPENING, "who": "many"}
        hears = {"from": "many", "budget": {"tokens": 50}}
        model = Scripted(default=motion_reply(text=LONG))
        rounds = [opening, {"name": "end", "who": "ana", "hears": hears}]
        await hold_in_memory(scenario(participants=people, rounds=rounds), model)
        assert "gave no reply" not in model.prompt("end/ana")
        assert "(60 earlier replies are left out here for want of space.)" in model.prompt("end/ana")

    async def test_summarise_is_a_turn_of_its_own(self) -> None:
        """What does not fit is summed up by the scribe, who reads it whole; the hearer reads the summary instead."""
        model, held = await self.held({"summarise": "scribe"})
        assert LONG.strip() in model.prompt("rebuttal/ana~scribe")
        assert "Ben repeats himself; Cleo is brief." in model.prompt("rebuttal/ana")
        assert "word word" not in model.prompt("rebuttal/ana")
        asked = {event.turn: event for event in held.of("turn_asked")}
        assert asked["rebuttal/ana~scribe"].try_kind == "summarise"
        assert [one.turn for one in asked["rebuttal/ana"].recipe.heard] == ["rebuttal/ana~scribe"]

    async def test_a_summary_that_is_not_needed_costs_nothing(self) -> None:
        """Where everything fits the scribe is not asked."""
        model, held = await self.held({"summarise": "scribe"}, tokens=4000)
        assert "rebuttal/ana~scribe" not in model.turns()
        assert held.ended("rebuttal/ana~scribe").outcome == "skipped"


async def test_private_evidence_and_context() -> None:
    """A private text is in its owner's prompts alone; the context is in everybody's; the right answer in nobody's."""
    people = {"ana": {"private": "THE LEDGER", "persona": "Counts things."}, "ben": {}, "referee": {"role": "judge"}}
    rounds = [OPENING, {"name": "verdict", "who": "referee", "hears": {"from": "debater"}}]
    question = {"text": "How many?", "kind": "number", "gold": "987654321"}
    asked = scenario(
        participants=people, motion=None, question=question, context="THE MAP", rounds=rounds, decision="referee"
    )
    model = Scripted(default=answer_reply("987,654,321"), lines={"ana": answer_reply("3")})
    held = await hold_in_memory(asked, model)
    whole = {turn: model.system(turn) + model.prompt(turn) for turn in model.turns()}
    assert [turn for turn, text in whole.items() if "THE LEDGER" in text] == ["opening/ana"]
    assert all("THE MAP" in text for text in whole.values())
    assert "Counts things." in whole["opening/ana"]
    assert "987654321" not in "".join(whole.values())
    assert held.result.verdict is not None
    assert held.result.verdict.correct is True


@pytest.mark.parametrize(("answer", "correct"), [("B", True), ("A", False), ("hm", False)])
async def test_gold(answer: str, correct: bool) -> None:  # noqa: FBT001 - pytest's parameters
    """The verdict is compared with the right answer; no answer is not a right one."""
    asked = scenario(motion=None, question={**QUESTION, "gold": "B"}, failure={"quorum": {"voices": 0}})
    held = await hold_in_memory(asked, Scripted(default=answer_reply(answer)))
    assert held.result.verdict is not None
    assert held.result.verdict.correct is correct
    assert (await hold_in_memory(scenario(), Scripted())).result.verdict.correct is None  # type: ignore[union-attr]


async def test_scope() -> None:
    """What is said in private reaches only those it is private to, and its speakers; later rounds of others do not."""
    rounds = [
        {**OPENING, "scope": {"private_to": ["ben"]}},
        {"name": "talk", "who": "debater", "hears": {"from": "everyone", "rounds": "all"}},
    ]
    model = Scripted(default=said_by_turn)
    await hold_in_memory(scenario(rounds=rounds), model)
    assert heard(model, "talk/ben") == {"ana", "cleo"}
    assert heard(model, "talk/ana") == heard(model, "talk/cleo") == set()
    assert "said in opening/ana." in model.prompt("talk/ana")


async def test_groups_hear_their_own_and_merge() -> None:
    """Inside a group everyone means its own speakers; after it everybody."""
    group = {"name": "east", "group": [{"name": "east-talk", "who": ["ana", "ben"], "hears": "everyone"}]}
    rounds = [OPENING, group, {"name": "merge", "who": "debater", "hears": "everyone"}]
    model = Scripted(default=said_by_turn)
    await hold_in_memory(scenario(rounds=rounds), model)
    assert heard(model, "east-talk/ana") == {"ben"}
    assert heard(model, "merge/ana") == {"ben", "cleo"}
    assert "said in east-talk/ben." in model.prompt("merge/ana")


async def test_a_chairman_reads_anonymous_rankings() -> None:
    """A ranking written on one prompt's letters is told to others in their own names, whoever they hear."""
    people = named("ana", "ben", "cleo", chair={"role": "chairman"})
    rank = {"name": "rank", "who": "debater", "reply": ["ranking"], "about": "speakers"}
    hears = {"from": "debater", "rounds": "rank", "fields": ["ranking"]}
    for names, mentioned in (("shown", {"ben", "cleo"}), ("hidden", {"somebody else", "A participant"})):
        rounds = [
            OPENING,
            {**rank, "hears": {"from": "debater", "names": "shuffled"}},
            {"name": "end", "who": "chair", "hears": {**hears, "names": names}},
        ]
        model = Scripted({"rank": lambda _: "Speaker A is best.\nRANKING: Speaker A > Speaker B"})
        await hold_in_memory(scenario(participants=people, rounds=rounds), model)
        line = re.findall(r"> Ranking: (.+) > (.+)", model.prompt("end/chair"))[0]
        assert set(line) <= mentioned
