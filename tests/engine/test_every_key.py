"""Every key of a scenario does something: with it and without it a run is not the same."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import virtual_time
from holding import hold_in_memory
from scripted import motion_reply, options, readable, scenario

from debate.models.port import Completion, Request
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings
from debate.transcript.usage import Usage

Fields = dict[str, Any]

PEOPLE: Fields = {name: {} for name in ("ana", "ben", "cleo", "dan")}
JUDGED: Fields = {**PEOPLE, "referee": {"role": "judge"}}
OPENING: Fields = {"name": "opening", "who": "debater", "hears": "nobody"}
REBUTTAL: Fields = {"name": "rebuttal", "who": "debater"}
ECHOES: Fields = {"echo_one": {}, "echo_two": {}}
CHOICE: Fields = {"text": "Which?", "kind": "choice", "choices": {"A": "one", "B": "two", "C": "three"}}
TWO_TIERS: Fields = {"cheap": "mine:small", "dear": "mine:large"}
PLANNED: Fields = {"cheap": "mine:small", "premium": "mine:large"}
RANKED: Fields = {**OPENING, "reply": ["answer", "ranking", "scores", "ballot"]}


def debate(*rounds: Fields, **changes: Any) -> Fields:
    """Four people and these rounds, by default an opening and a rebuttal, where any quorum will do."""
    lenient = {"quorum": {"voices": 0, "every_side": False}}
    return {"participants": PEOPLE, "rounds": list(rounds) or [OPENING, REBUTTAL], "failure": lenient, **changes}


def judged(*rounds: Fields, **changes: Any) -> Fields:
    """The same with a judge who speaks last and decides nothing unless it is told to."""
    verdict = {"name": "verdict", "who": "referee", "hears": {"from": "debater"}, "reply": ["stance", "stop"]}
    return debate(*(rounds or (OPENING, verdict)), **{"participants": JUDGED, **changes})


def choice(*rounds: Fields, **changes: Any) -> Fields:
    """On a question with three options."""
    return debate(*rounds, **{"motion": None, "question": CHOICE, **changes})


def hearing(**query: Any) -> Fields:
    """Three rounds, the last of which hears what the query says."""
    return debate(OPENING, {**REBUTTAL, "repeat": 2}, {"name": "closing", "who": "debater", "hears": query})


def repeat(times: int = 3, **more: Any) -> Fields:
    """A round that repeats."""
    return debate({**REBUTTAL, "repeat": {"up_to": times, **more}})


def on(graph: Any) -> Fields:
    """The rebuttal along a graph."""
    return debate(graph=graph)


def until(condition: Any) -> tuple[Fields, Fields]:
    """A repeat without and with a condition that holds at once, or as soon as it can."""
    return repeat(), repeat(until=condition)


def sampled(**changes: Any) -> tuple[Fields, Fields]:
    """A scenario without and with sampling."""
    return debate(), debate(sampling=changes)


def modelled(**changes: Any) -> tuple[Fields, Fields]:
    """A model without and with sampling of its own."""
    return debate(), debate(models={"cheap": {"use": "mine:model", **changes}})


def people(**changes: Any) -> Fields:
    """The same people, one of them changed."""
    return {**PEOPLE, "ana": changes}


def budget(**bounds: Any) -> tuple[Fields, Fields]:
    """Without and with a bound."""
    return debate(), debate(budget=bounds)


def asking(**changes: Any) -> tuple[Fields, Fields]:
    """An opening as it is and with changes."""
    return debate(OPENING), debate({**OPENING, **changes})


def deciding(by: Any, **more: Any) -> Fields:
    """Everything a rule could count, counted by one."""
    return choice(RANKED, {**RANKED, "name": "again"}, decision={"by": by, **more})


WITHOUT_AND_WITH: Mapping[str, tuple[Fields, Fields]] = {
    "Scenario.name": (debate(), debate(name="other")),
    "Scenario.description": (debate(), debate(description="Said in listings.")),
    "Scenario.cite": (debate(), debate(cite="arXiv:2305.14325")),
    "Scenario.motion": (debate(), debate(motion="Cats should vote.")),
    "Scenario.question": (choice(), choice(question={**CHOICE, "text": "Who?"})),
    "Scenario.context": (debate(), debate(context="The centre is small.")),
    "Scenario.models": (debate(), debate(models={"cheap": "mine:other"})),
    "Scenario.sampling": sampled(temperature=0.3),
    "Scenario.participants": (debate(), debate(participants={"ana": {}, "ben": {}})),
    "Scenario.graph": (debate(), on("ring")),
    "Scenario.rounds": (debate(), debate(OPENING)),
    "Scenario.decision": (debate(), debate(decision="unanimity")),
    "Scenario.consensus": (debate(), debate(consensus={"similarity": "on"})),
    "Scenario.failure": (
        debate(participants={**PEOPLE, "broken": {}}),
        debate(participants={**PEOPLE, "broken": {}}, failure={"turn": "abort"}),
    ),
    "Scenario.budget": budget(requests=3),
    "Question.text": (choice(), choice(question={**CHOICE, "text": "Whose?"})),
    "Question.kind": (choice(), choice(question={"text": "Which?", "kind": "number"})),
    "Question.choices": (choice(), choice(question={**CHOICE, "choices": {"A": "one", "B": "two"}})),
    "Question.gold": (choice(), choice(question={**CHOICE, "gold": "B"})),
    "FileText.file": (debate(), debate(context={"file": "evidence.md"})),
    "ModelSpec.use": (debate(), debate(models={"cheap": {"use": "mine:other"}})),
    "Sampling.temperature": sampled(temperature=0.3),
    "Sampling.top_p": sampled(top_p=0.5),
    "Sampling.max_tokens": sampled(max_tokens=77),
    "Sampling.seed": sampled(seed=7),
    "Sampling.stop": sampled(stop=["\n\n"]),
    "Sampling.reasoning": sampled(reasoning="low"),
    "ModelSpec.temperature": modelled(temperature=0.3),
    "ModelSpec.top_p": modelled(top_p=0.5),
    "ModelSpec.max_tokens": modelled(max_tokens=77),
    "ModelSpec.seed": modelled(seed=7),
    "ModelSpec.stop": modelled(stop=["\n\n"]),
    "ModelSpec.reasoning": modelled(reasoning="low"),
    "Participant.role": (debate(), debate(participants=people(role="critic"))),
    "Participant.side": (debate(), debate(participants=people(side="against"))),
    "Participant.persona": (debate(), debate(participants=people(persona="Runs a shop."))),
    "Participant.private": (debate(), debate(participants=people(private="The shop is for sale."))),
    "Participant.models": (debate(), debate(participants=people(models={"cheap": "mine:own"}))),
    "Participant.sampling": (debate(), debate(participants=people(sampling={"temperature": 0.1}))),
    "Participant.count": (debate(), debate(participants=people(count=2))),
    "Participant.weight": (
        debate(decision={"by": {"weighted": "weight"}}),
        debate(participants=people(weight=9), decision={"by": {"weighted": "weight"}}),
    ),
    "Topology.complete": (on("ring"), on("complete")),
    "Topology.ring": (on("complete"), on("ring")),
    "Topology.star": (on("complete"), on("star")),
    "Topology.chain": (on("complete"), on("chain")),
    "Topology.tree": (on("complete"), on("tree")),
    "Topology.layers": (on("complete"), on({"layers": {"sizes": [2, 2]}})),
    "Topology.bipartite": (on("complete"), on("bipartite")),
    "Topology.random": (on("complete"), on({"random": {"degree": 1}})),
    "Topology.small_world": (on("complete"), on({"small_world": {"k": 1}})),
    "Topology.edges": (on("complete"), on({"edges": [["ana", "ben"]]})),
    "Ring.k": (on({"ring": {"k": 1}}), on({"ring": {"k": 2}})),
    "Ring.both": (on({"ring": {}}), on({"ring": {"both": True}})),
    "Star.hub": (on("star"), on({"star": {"hub": "cleo"}})),
    "Chain.both": (on("chain"), on({"chain": {"both": True}})),
    "Tree.branching": (on("tree"), on({"tree": {"branching": 3}})),
    "Tree.up_only": (on("tree"), on({"tree": {"up_only": True}})),
    "Layers.sizes": (on({"layers": {"sizes": [2, 2]}}), on({"layers": {"sizes": [1, 3]}})),
    "Bipartite.first": (on("bipartite"), on({"bipartite": {"first": 1}})),
    "Random.p": (on({"random": {"p": 0.01}}), on({"random": {"p": 1.0}})),
    "Random.degree": (on({"random": {"degree": 1}}), on({"random": {"degree": 3}})),
    "Random.redraw": tuple(  # type: ignore[dict-item]
        debate({**REBUTTAL, "repeat": 4}, graph={"random": {"degree": 1, "redraw": redraw}}) for redraw in (False, True)
    ),
    "SmallWorld.k": tuple(  # type: ignore[dict-item]
        debate(graph={"small_world": {"k": k, "p": 0}}, participants={**PEOPLE, "eve": {}, "fay": {}}) for k in (1, 2)
    ),
    "SmallWorld.p": (on({"small_world": {"p": 0}}), on({"small_world": {"p": 1}})),
    "SmallWorld.redraw": tuple(  # type: ignore[dict-item]
        debate({**REBUTTAL, "repeat": 4}, graph={"small_world": {"p": 1, "redraw": redraw}}) for redraw in (False, True)
    ),
    "Round.name": asking(name="first"),
    "Round.who": asking(who=["ana", "ben"]),
    "Round.order": (debate(), debate(OPENING, {**REBUTTAL, "order": "sequential"})),
    "Round.tier": (
        debate({**OPENING, "tier": "cheap"}, models=TWO_TIERS),
        debate({**OPENING, "tier": "dear"}, models=TWO_TIERS),
    ),
    "Round.prompt": asking(prompt="verdict"),
    "Round.given": asking(given={"agree": 0.3}),
    "Round.reply": asking(reply=["stance"]),
    "Round.reply_mode": asking(reply_mode="schema"),
    "Round.extractors": (choice(OPENING), choice({**OPENING, "extractors": ["json"]})),
    "Round.about": (
        choice(OPENING, {**REBUTTAL, "reply": ["answer", "ranking"]}),
        choice(OPENING, {**REBUTTAL, "reply": ["answer", "ranking"], "about": "speakers"}),
    ),
    "Round.hears": (debate(), debate(OPENING, {**REBUTTAL, "hears": {"from": "ana"}})),
    "Round.scope": (debate(), debate({**OPENING, "scope": {"private_to": ["ana"]}}, REBUTTAL)),
    "Round.swap_sides": tuple(  # type: ignore[dict-item]
        debate(
            {**OPENING, "swap_sides": swap},
            participants={**PEOPLE, "ana": {"side": "for"}, "ben": {"side": "against"}},
        )
        for swap in (False, True)
    ),
    "Round.repeat": (debate(REBUTTAL), repeat()),
    "Round.select": (debate(), debate({**OPENING, "select": {"most_dissimilar": 2}}, REBUTTAL)),
    "Round.escalate": (
        debate({**REBUTTAL, "tier": "cheap", "repeat": 2}, models=TWO_TIERS),
        debate(
            {**REBUTTAL, "tier": "cheap", "repeat": 2, "escalate": {"when": {"not": "unanimous"}, "to": "dear"}},
            models=TWO_TIERS,
        ),
    ),
    "Round.when": (debate(), debate(OPENING, {**REBUTTAL, "when": "unanimous"})),
    "Round.else": tuple(  # type: ignore[dict-item]
        debate(OPENING, {**REBUTTAL, "when": "unanimous", "else": then}, {"name": "closing", "who": "debater"})
        for then in ("skip", "end")
    ),
    "Round.sampling": asking(sampling={"temperature": 0.9}),
    "Repeat.up_to": (repeat(2), repeat(3)),
    "Repeat.until": until({"share": 0.1}),
    "Repeat.after": (repeat(until={"share": 0.25}), repeat(until={"share": 0.25}, after="reply")),
    "Repeat.hears": (repeat(), repeat(hears=["everyone", "ring"])),
    "PrivateTo.private_to": tuple(  # type: ignore[dict-item]
        debate({**OPENING, "scope": {"private_to": [name]}}, REBUTTAL) for name in ("ana", "ben")
    ),
    "Select.top": tuple(  # type: ignore[dict-item]
        judged(
            OPENING,
            {
                "name": "ranking",
                "who": "referee",
                "hears": {"from": "debater"},
                "reply": ["ranking"],
                "about": "speakers",
                "select": {"top": top, "by": "referee"},
            },
            REBUTTAL,
        )
        for top in (1, 2)
    ),
    "Select.by": (
        judged(OPENING, REBUTTAL),
        judged(
            OPENING,
            {
                "name": "ranking",
                "who": "referee",
                "hears": {"from": "debater"},
                "reply": ["ranking"],
                "about": "speakers",
                "select": {"top": 2, "by": "referee"},
            },
            REBUTTAL,
        ),
    ),
    "Select.drop": (debate(), debate({**OPENING, "select": {"drop": "duplicates"}}, REBUTTAL)),
    "Select.most_dissimilar": (debate(), debate({**OPENING, "select": {"most_dissimilar": 2}}, REBUTTAL)),
    "Escalate.when": tuple(  # type: ignore[dict-item]
        debate({**REBUTTAL, "tier": "cheap", "repeat": 2, "escalate": {"when": when, "to": "dear"}}, models=TWO_TIERS)
        for when in ("unanimous", {"not": "unanimous"})
    ),
    "Escalate.to": tuple(  # type: ignore[dict-item]
        debate(
            {**REBUTTAL, "tier": "cheap", "repeat": 2, "escalate": {"when": {"not": "unanimous"}, "to": to}},
            models={**TWO_TIERS, "third": "mine:third"},
        )
        for to in ("dear", "third")
    ),
    "Group.group": (
        debate(OPENING, {**REBUTTAL, "who": ["ana", "ben"], "hears": "everyone"}),
        debate(OPENING, {"name": "pair", "group": [{**REBUTTAL, "who": ["ana", "ben"], "hears": "everyone"}]}),
    ),
    "Group.name": tuple(  # type: ignore[dict-item]
        debate(OPENING, {"name": name, "group": [{**REBUTTAL, "who": ["ana", "ben"]}]}) for name in ("pair", "two")
    ),
    "Query.from": (hearing(), hearing(**{"from": "ana"})),
    "Query.graph": (hearing(), hearing(graph="ring")),
    "Query.rounds": (hearing(), hearing(rounds="all")),
    "Query.fields": (hearing(), hearing(fields=["stance"])),
    "Query.same_round": tuple(  # type: ignore[dict-item]
        debate({**REBUTTAL, "order": "sequential", "hears": {"from": "everyone", "same_round": same}})
        for same in (False, True)
    ),
    "Query.names": (hearing(), hearing(names="hidden")),
    "Query.group_by": (
        choice(OPENING, {**REBUTTAL, "hears": {"from": "everyone"}}),
        choice(OPENING, {**REBUTTAL, "hears": {"from": "everyone", "group_by": "answer"}}),
    ),
    "Query.budget": (hearing(rounds="all"), hearing(rounds="all", budget={"tokens": 50})),
    "LastRounds.last": (hearing(rounds={"last": 1}), hearing(rounds={"last": 2})),
    "TokenBudget.tokens": (
        hearing(rounds="all", budget={"tokens": 50}),
        hearing(rounds="all", budget={"tokens": 100}),
    ),
    "TokenBudget.then": (
        hearing(rounds="all", budget={"tokens": 60}),
        hearing(rounds="all", budget={"tokens": 60, "then": "drop"}),
    ),
    "Summarise.summarise": tuple(  # type: ignore[dict-item]
        debate(
            OPENING,
            {**REBUTTAL, "repeat": 2},
            {
                "name": "closing",
                "who": "debater",
                "hears": {"rounds": "all", "budget": {"tokens": 50, "then": {"summarise": scribe}}},
            },
            participants={**PEOPLE, "scribe": {"role": "scribe_role"}, "clerk": {"role": "scribe_role"}},
        )
        for scribe in ("scribe", "clerk")
    ),
    "Unanimous.unanimous": (repeat(), repeat(until={"not": "unanimous"})),
    "Unanimous.for": tuple(  # type: ignore[dict-item]
        debate({**REBUTTAL, "repeat": {"up_to": 3, "until": {"unanimous": True, "for": n}}}, participants=ECHOES)
        for n in (1, 2)
    ),
    "NobodyMoved.nobody_moved": (repeat(), repeat(until={"not": "nobody_moved"})),
    "NobodyMoved.for": tuple(  # type: ignore[dict-item]
        debate({**REBUTTAL, "repeat": {"up_to": 4, "until": {"nobody_moved": True, "for": n}}}, participants=ECHOES)
        for n in (1, 2)
    ),
    "AgreementReached.agreement": until({"agreement": 0.01}),
    "AgreementReached.for": (repeat(until={"agreement": 0.01}), repeat(until={"agreement": 0.01, "for": 2})),
    "ShareReached.share": until({"share": 0.1}),
    "ShareReached.for": (repeat(until={"share": 0.1}), repeat(until={"share": 0.1, "for": 2})),
    "ConfidenceReached.confidence": until({"confidence": 0.01}),
    "ConfidenceReached.for": (repeat(until={"confidence": 0.01}), repeat(until={"confidence": 0.01, "for": 2})),
    "ConfidenceReached.of": (
        repeat(until={"not": {"confidence": 0.5}}),
        repeat(until={"not": {"confidence": 0.5, "of": "ana"}}),
    ),
    "SaysStop.says_stop": (
        debate({**REBUTTAL, "reply": ["stance", "stop"], "repeat": {"up_to": 6}}),
        debate({**REBUTTAL, "reply": ["stance", "stop"], "repeat": {"up_to": 6, "until": {"says_stop": "ana"}}}),
    ),
    "AnyOf.any": until({"any": ["unanimous", {"share": 0.1}]}),
    "AllOf.all": until({"all": [{"confidence": 0.01}, {"share": 0.1}]}),
    "Not.not": until({"not": "unanimous"}),
    "Decision.by": (deciding("plurality"), deciding("unanimity")),
    "Decision.tie": tuple(  # type: ignore[dict-item]
        debate(participants={"yes": {}, "no": {}}, decision={"by": "plurality", "tie": tie}) for tie in ("none", "lot")
    ),
    "Decision.abstain": tuple(  # type: ignore[dict-item]
        debate(participants={**PEOPLE, "mute": {}}, decision={"by": "plurality", "abstain": abstain})
        for abstain in ("counts", "ignored")
    ),
    "Decision.self_vote": tuple(  # type: ignore[dict-item]
        debate(
            OPENING,
            {**REBUTTAL, "hears": {"from": ["everyone", "self"]}, "reply": ["ballot"], "about": "speakers"},
            participants={**PEOPLE, "vain": {}},
            decision={"by": "plurality", "self_vote": vote},
        )
        for vote in ("counts", "excluded")
    ),
    "Decision.else": (deciding("unanimity"), deciding("unanimity", **{"else": "plurality"})),
    "Supermajority.supermajority": (deciding({"supermajority": 0.1}), deciding({"supermajority": 1})),
    "Weighted.weighted": (deciding({"weighted": "weight"}), deciding({"weighted": "confidence"})),
    "ScoreRule.score": (deciding({"score": "mean"}), deciding({"score": "median"})),
    "Veto.veto": (
        judged(decision={"by": "plurality"}),
        judged(decision={"by": {"veto": "referee", "over": "plurality"}}),
    ),
    "Veto.over": tuple(  # type: ignore[dict-item]
        judged(decision={"by": {"veto": "referee", "over": over}}) for over in ("plurality", "unanimity")
    ),
    "ConsensusSpec.method": (debate(), debate(consensus={"method": "lexical", "similarity": "off"})),
    "ConsensusSpec.similarity": (debate(), debate(consensus={"similarity": "on"})),
    "Failure.turn": tuple(  # type: ignore[dict-item]
        debate(participants={**PEOPLE, "broken": {}}, failure={"turn": turn}) for turn in ("abstain", "retry")
    ),
    "Failure.substitute": tuple(  # type: ignore[dict-item]
        debate(
            {**OPENING, "tier": "cheap"},
            participants={**PEOPLE, "broken": {}},
            models={**TWO_TIERS, "third": "mine:third"},
            failure={"turn": "substitute", "substitute": tier},
        )
        for tier in ("dear", "third")
    ),
    "Failure.quorum": tuple(  # type: ignore[dict-item]
        debate(participants={"ana": {}, "broken": {}}, failure={"quorum": {"voices": voices}}) for voices in (1, 2)
    ),
    "Quorum.voices": tuple(  # type: ignore[dict-item]
        debate(participants={"ana": {}, "broken": {}}, failure={"quorum": {"voices": voices}}) for voices in (1, 2)
    ),
    "Quorum.every_side": tuple(  # type: ignore[dict-item]
        debate(
            participants={**PEOPLE, "broken": {"side": "for"}}, failure={"quorum": {"voices": 0, "every_side": every}}
        )
        for every in (False, True)
    ),
    "BudgetSpec.requests": budget(requests=3),
    "BudgetSpec.usd": budget(usd="0.01"),
    "BudgetSpec.tokens": budget(tokens=3000),
    "BudgetSpec.seconds": budget(seconds=1.5),
    "Scenario.cost_plan": (
        debate({**OPENING, "tier": "cheap"}, {**REBUTTAL, "tier": "cheap"}, models=PLANNED),
        debate(models=PLANNED, cost_plan={"cheap_rounds": 1}),
    ),
    "CostPlan.cheap_rounds": (
        debate(models=PLANNED, cost_plan={"cheap_rounds": 2}),
        debate(models=PLANNED, cost_plan={"cheap_rounds": 1}),
    ),
}
"""Key to a scenario without it, or with another value of it, and one with it."""

NOT_OF_A_RUN = {
    "Scenario.debate": "the version of the schema, of which there is one",
    "ModelSpec.auto": "chosen from a catalogue before the run",
    "SeededLot.lot": "another way to write `tie: lot`; it has one value",
    **{f"Needs.{name}": "what such a choice goes by" for name in ("requires", "context", "highest_quality")},
    **{f"Needs.{name}": "what such a choice goes by" for name in ("cost_critical", "simple")},
}
"""Keys that are over before a run begins; their tests stand with what reads them."""


def keys() -> set[str]:
    """Every key of the schema that is published for editors."""
    schema = Scenario.model_json_schema(by_alias=True)
    tables = {"Scenario": schema, **schema["$defs"]}
    return {f"{name}.{key}" for name, table in tables.items() for key in table.get("properties", {})}


def test_no_key_is_left_out() -> None:
    """A new key of the schema needs a line here, and a line here a key."""
    assert keys() == {*WITHOUT_AND_WITH, *NOT_OF_A_RUN}


@dataclass
class Varied:
    """Answers for a second in words of its own for every turn.

    ``broken`` fails, ``mute`` says nothing readable, echoes say the same, ``vain`` votes for itself.
    """

    asked: list[tuple[str, object]]

    async def __call__(self, request: Request, /) -> Completion:
        """Note what was sent, and answer."""
        turn = options(request)
        sent = [getattr(request, name) for name in ("max_tokens", "temperature", "top_p", "seed", "stop", "reasoning")]
        form = request.response_format
        schema = json.dumps(dict(form.schema)) if form is not None else None
        self.asked.append(
            (turn.turn, (virtual_time.now(), turn.try_kind, str(request.model), request.messages, sent, schema))
        )
        await asyncio.sleep(1)
        if turn.participant == "broken" and turn.try_kind != "substitute":
            raise ZeroDivisionError
        if turn.participant == "mute":
            return Completion(text="…")
        if turn.participant in ("yes", "no"):
            return Completion(text=motion_reply({"yes": "support", "no": "oppose"}[turn.participant]))
        if turn.participant == "vain" and "ballot" in turn.spec.fields:
            return Completion(text="Nobody else.\nBALLOT: yourself")
        if turn.participant in ECHOES:
            return Completion(text=motion_reply())
        drawn = random.Random(f"{turn.participant}:{turn.iteration}:{turn.round}")
        text = f"{'Much to say. ' * 10}{readable(turn.spec, drawn)}"
        return Completion(text=text, usage=Usage(prompt_tokens=100, completion_tokens=50))


def observed(fields: Fields, folder: Path) -> dict[str, object]:
    """Everything that can be seen of a run from outside: what was sent and when, and what it came to."""
    (folder / "evidence.md").write_text("From a file.")
    asked: list[tuple[str, object]] = []
    model = Varied(asked)
    settings = Settings.model_validate({"prices": {"mine:model": {"input": "10", "output": "10"}}})
    held = virtual_time.run(hold_in_memory(scenario(**fields).in_folder(folder), model, settings=settings))
    result = held.result
    return {
        "asked": asked,
        "verdict": result.verdict,
        "consensus": result.consensus,
        "status": (result.status, result.stop_reason),
        "turns": result.turns,
        "gates": [(gate.gate, gate.holds) for gate in held.of("gate_resolved")],
        "header": held.saved.header.scenario,
    }


@pytest.mark.parametrize("key", WITHOUT_AND_WITH)
def test_a_key_changes_the_run(key: str, tmp_path: Path) -> None:
    """What is sent, decided or measured differs; keys for listings alone are in the transcript's header."""
    without, with_ = (observed(fields, tmp_path) for fields in WITHOUT_AND_WITH[key])
    header = {"Scenario.name", "Scenario.description", "Scenario.cite", "Group.name", "Question.gold"}
    seen = (*without,) if key in header else tuple(name for name in without if name != "header")
    assert any(without[name] != with_[name] for name in seen)
    if key == "Question.gold":
        assert without["asked"] == with_["asked"], "the right answer is shown to nobody"
