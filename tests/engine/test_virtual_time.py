"""Time in a run: nothing waits for anything but what it hears, and the makespan is the critical path."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping

import pytest
import virtual_time
from holding import Held, hold_in_memory, letters
from scripted import Scripted, motion_reply, scenario

from debate.engine.engine import Engine
from debate.graph.compiling import compile_graph
from debate.graph.turngraph import TurnGraph
from debate.scenario.schema import Scenario

PEOPLE = ("ana", "ben", "cleo", "dan", "eve")
TOPOLOGIES = ("complete", "ring", "star", {"ring": {"k": 2, "both": True}}, {"edges": [["ana", "ben"], ["ben", "eve"]]})


def debate(number: int) -> Scenario:
    """One of many debates: its topology, order and rounds depend on its number."""
    people = {name: {} for name in PEOPLE[: 3 + number % 3]}
    order = "sequential" if number % 4 == 3 else "simultaneous"
    rounds = [
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": 1 + number % 3, "order": order},
        {"name": "closing", "who": "debater", "hears": "everyone" if number % 2 else "ring"},
        {"name": "verdict", "who": "referee", "hears": {"from": "debater"}},
    ]
    topology = TOPOLOGIES[number % len(TOPOLOGIES)]
    if isinstance(topology, dict) and "edges" in topology:
        topology = {"edges": [edge for edge in topology["edges"] if set(edge) <= set(people)]}
    return scenario(
        name=f"debate-{number}",
        participants={**people, "referee": {"role": "judge"}},
        rounds=rounds,
        graph=topology,
        decision={"by": "referee", "else": "plurality"},
    )


def uneven(graph: TurnGraph, seed: int) -> dict[str, float]:
    """A time for every turn, some a hundred times as long as others."""
    lot = random.Random(seed)
    return {turn: round(10 ** lot.uniform(-1, 1), 3) for turn in graph.turns}


def longest(graph: TurnGraph, seconds: Mapping[str, float]) -> float:
    """The critical path in seconds, worked out from what waits for what alone."""
    over: dict[str, float] = {}
    for node, awaited in graph.waits.items():
        over[node] = max((over[other] for other in awaited), default=0.0) + seconds.get(node, 0.0)
    return max(over.values())


def test_the_makespan_of_sixteen_debates_is_the_longest_critical_path() -> None:
    """Sixteen debates on mixed topologies with uneven latencies each take exactly their own critical path."""
    debates = {f"debate-{number}": debate(number) for number in range(16)}
    graphs = {name: compile_graph(asked) for name, asked in debates.items()}
    seconds = {name: uneven(graph, seed) for seed, (name, graph) in enumerate(graphs.items())}

    async def together() -> tuple[dict[str, float], float, int]:
        began = virtual_time.now()
        took: dict[str, float] = {}
        models = {name: Scripted(seconds=seconds[name]) for name in debates}

        async def one(name: str, engine: Engine) -> None:
            asked = debates[name].model_copy(
                update={"models": Scenario.model_validate(_with_model(debates[name], name)).models}
            )
            run = await engine.prepare(asked, transcript=None)
            await run.hold()
            took[name] = virtual_time.now() - began

        async with Engine(models=models, embedder=letters, concurrency=1000) as engine, asyncio.TaskGroup() as tasks:
            for name in debates:
                tasks.create_task(one(name, engine))
        return took, virtual_time.now() - began, sum(len(model.asked) for model in models.values())

    took, makespan, requests = virtual_time.run(together())
    assert took == pytest.approx({name: longest(graphs[name], seconds[name]) for name in debates})
    assert makespan == pytest.approx(max(took.values()))
    assert requests == sum(len(graph.turns) for graph in graphs.values())


def _with_model(asked: Scenario, provider: str) -> dict[str, object]:
    return {**asked.model_dump(mode="json", by_alias=True, exclude_none=True), "models": {"cheap": f"{provider}:model"}}


def test_one_slow_participant_on_a_ring_delays_only_those_who_hear_it() -> None:
    """Whoever does not descend from the slow turn is over as soon as if nobody were slow."""
    people = {name: {} for name in PEOPLE}
    rounds = [
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": 2},
    ]
    asked = scenario(participants=people, rounds=rounds, graph="ring")
    seconds = dict.fromkeys(PEOPLE, 1.0) | {"opening/ana": 100.0}
    over: dict[str, float] = {}

    def listen(_turn: str | None, update: object) -> None:
        event = getattr(update, "event", None)
        if event is not None and event.kind == "turn_ended":
            over[event.turn] = virtual_time.now()

    virtual_time.run(hold_in_memory(asked, Scripted(seconds=seconds), listener=listen))
    assert over["rebuttal.1/ana"] == over["rebuttal.1/ben"] == pytest.approx(101)
    assert [over[f"rebuttal.1/{name}"] for name in ("cleo", "dan", "eve")] == pytest.approx([2, 2, 2])
    assert over["rebuttal.2/cleo"] == pytest.approx(102)
    assert [over[f"rebuttal.2/{name}"] for name in ("dan", "eve")] == pytest.approx([3, 3])


def test_a_gate_is_the_only_barrier() -> None:
    """With an ``until`` the next iteration waits for the whole one before it; without, only for what it hears."""
    people = {name: {} for name in PEOPLE}

    def took(repeat: dict[str, object]) -> dict[str, float]:
        rounds = [{"name": "talk", "who": "debater", "repeat": repeat}]
        asked = scenario(participants=people, rounds=rounds, graph="ring")
        seconds = dict.fromkeys(PEOPLE, 1.0) | {"talk.1/ana": 10.0}
        begun: dict[str, float] = {}

        def listen(_turn: str | None, update: object) -> None:
            event = getattr(update, "event", None)
            if event is not None and event.kind == "turn_asked":
                begun[event.turn] = virtual_time.now()

        virtual_time.run(hold_in_memory(asked, Scripted(seconds=seconds), listener=listen))
        return begun

    assert took({"up_to": 2, "until": {"share": 1, "for": 2}})["talk.2/dan"] == pytest.approx(10)
    assert took({"up_to": 2})["talk.2/dan"] == pytest.approx(1)


def test_the_bound_on_requests_is_kept() -> None:
    """No more requests are in flight than the engine's concurrency, over all its debates."""
    models = Scripted(seconds=dict.fromkeys((*PEOPLE, "referee"), 1.0))

    async def together() -> None:
        engine = Engine(models={"mine": models}, embedder=letters, concurrency=4)
        async with engine, asyncio.TaskGroup() as tasks:
            for number in range(6):
                run = await engine.prepare(debate(number), transcript=None)
                tasks.create_task(run.hold())

    virtual_time.run(together())
    assert models.most_in_flight == 4
    assert models.in_flight == 0


def test_a_deadline_in_virtual_time_is_exact() -> None:
    """At its deadline a run stops, to the second; what was on the wire was cancelled and may have been billed."""

    async def timed() -> tuple[float, Held]:
        held = await hold_in_memory(scenario(), Scripted(seconds={"ben": 3600.0}), deadline=30.0)
        return virtual_time.now(), held

    now, held = virtual_time.run(timed())
    assert now == pytest.approx(30)
    assert held.result.stop_reason == "deadline"
    assert held.result.turns.valid == 2
    # Either nobody waits for the answer any more and it stays open, or giving it up was told, as possibly billed.
    ben = held.saved.state.turns["opening/ben"]
    assert ben.open_try is not None or [failure.billed for failure in ben.failures] == ["possibly"]


@pytest.mark.parametrize("slow", ["chairing/chair", "rebuttal.1/ana"])
def test_a_gate_never_looks_at_what_it_does_not_wait_for(slow: str) -> None:
    """Whoever a condition names is heard up to its iteration only, whether a later turn of theirs was faster or not."""
    people = {"ana": {}, "ben": {}, "chair": {"role": "moderator"}}
    rounds = [
        {"name": "start", "who": ["chair"], "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 2, "until": {"confidence": 0.5, "of": "chair"}}},
        {"name": "chairing", "who": ["chair"], "hears": "nobody"},
    ]
    lines = {"start": motion_reply(confidence=10), "chairing": motion_reply(confidence=90)}
    model = Scripted(lines, seconds={slow: 9.0})
    held = virtual_time.run(hold_in_memory(scenario(participants=people, rounds=rounds), model))
    assert [gate.holds for gate in held.of("gate_resolved")] == [False]
    assert held.result.turns.valid == 6


def test_movement_is_seen_from_the_round_before() -> None:
    """``nobody_moved`` compares a repeat's first iteration with the round of the same speakers before it."""
    rounds = [
        {"name": "opening", "who": "debater", "repeat": {"up_to": 3, "until": "unanimous"}, "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 3, "until": "nobody_moved"}},
    ]
    held = virtual_time.run(hold_in_memory(scenario(rounds=rounds), Scripted()))
    assert [(gate.gate, gate.holds) for gate in held.of("gate_resolved")] == [
        ("opening.1?until", True),
        ("rebuttal.1?until", True),
    ]
