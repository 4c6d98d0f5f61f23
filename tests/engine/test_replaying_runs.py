"""Replay: what a transcript says follows from its recorded completions, and a lie in it is found and named."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import virtual_time
from holding import Held, comparable, hold, hold_in_memory
from hypothesis import given
from hypothesis import strategies as st
from scripted import Chaos, Scripted, failing, motion_reply, scenario
from strategies import few, scenarios

from debate.engine.replaying import verify
from debate.errors import AuthenticationFailed
from debate.scenario.schema import Scenario
from debate.transcript.log import hash_of
from debate.transcript.reading import load
from debate.transcript.state import fold


@few
@given(scenarios(), st.integers(0, 1000))
def test_a_replay_is_the_run(asked: Scenario, seed: int) -> None:
    """For random scenarios with random failures, and replies in random order, nothing diverges."""
    held = virtual_time.run(hold_in_memory(asked, Chaos(seed, slowest=3.0, latency_seed=seed), seed=seed))
    verified = asyncio.run(verify(held.saved))
    assert verified.divergence is None
    assert verified.events > 0


@few
@given(scenarios(failures=False), st.integers(0, 1000))
def test_arrival_order_changes_nothing(asked: Scenario, seed: int) -> None:
    """The same completions at other times give the same prompts, replies, scores, gates and verdict."""
    one = virtual_time.run(hold_in_memory(asked, Chaos(seed, slowest=5.0, latency_seed=1)))
    other = virtual_time.run(hold_in_memory(asked, Chaos(seed, slowest=5.0, latency_seed=2)))
    assert comparable(one.saved.state) == comparable(other.saved.state)


@few
@given(scenarios(), st.integers(0, 1000))
def test_every_turn_that_was_asked_has_an_end_and_is_counted_once(asked: Scenario, seed: int) -> None:
    """In a run that is over, counts add up: every turn asked ended one way, those skipped were not asked."""
    held = virtual_time.run(hold_in_memory(asked, Chaos(seed, slowest=3.0, latency_seed=seed)))
    counts = held.result.turns
    state = held.saved.state
    assert counts.attempted == sum(1 for turn in state.turns.values() if turn.asked)
    assert counts.attempted == counts.valid + counts.unreadable + counts.failed + counts.unused
    assert counts.skipped == sum(1 for turn in state.turns.values() if not turn.asked)
    assert fold(held.events).turns == dict(state.turns)
    if held.result.status == "completed":
        ends = {gate.gate for gate in held.of("gate_resolved") if gate.gate.endswith("?reply") and gate.holds}
        assert counts.unused == 0 or ends, "only a condition looked at after each reply takes replies back"
        assert held.result.verdict is not None


@few
@given(scenarios(), st.integers(0, 1000))
def test_what_is_unused_is_in_no_number(asked: Scenario, seed: int) -> None:
    """Turns a gate skipped or a failing run left unused are in no prompt, no score and no vote."""
    held = virtual_time.run(hold_in_memory(asked, Chaos(seed, failing=0.3, slowest=3.0, latency_seed=seed)))
    state = held.saved.state
    left_out = {id_ for id_, turn in state.turns.items() if turn.ended and turn.ended.outcome in ("skipped", "unused")}
    for event in held.of("turn_asked"):
        assert not left_out & {heard.turn for heard in event.recipe.heard}
        assert not left_out & set(event.recipe.own)
    held_iterations = {
        (turn.rpartition("/")[0])
        for turn, known in state.turns.items()
        if known.ended is not None and known.ended.outcome not in ("skipped", "unused")
    }
    for scored in held.of("scored"):
        names = {scored.round, f"{scored.round}.{scored.iteration}"}
        assert names & held_iterations
    for gate in held.of("gate_resolved"):
        place, _, kind = gate.gate.partition("?")
        assert place in held_iterations or kind in ("when", "escalate")


async def run_with_everything(folder: Path) -> Held:
    """A run with a failure, a repair, a gate that holds and a judge, on disk."""
    rounds = [
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 3, "until": {"share": 0.6}}},
        {"name": "verdict", "who": "referee", "hears": {"from": "debater", "rounds": "all"}},
    ]
    people = {"ana": {}, "ben": {}, "cleo": {}, "referee": {"role": "judge"}}
    model = Scripted({"opening/ben": failing(), "rebuttal.1/ana#1": "Hm.", "cleo": motion_reply("oppose")})
    asked = scenario(participants=people, rounds=rounds, decision={"by": "referee", "else": "plurality"})
    return await hold(asked, model, folder)


async def test_a_run_with_everything_verifies(tmp_path: Path) -> None:
    """A failure, a repair, skipped iterations and a judge replay without a difference."""
    held = await run_with_everything(tmp_path)
    assert held.result.turns.skipped == 6
    verified = await verify(held.saved)
    assert verified.divergence is None
    assert verified.holds


async def test_a_stopped_run_verifies_up_to_where_it_stopped(tmp_path: Path) -> None:
    """What was recorded before a run was stopped follows; what it has not done yet is no difference."""
    model = Scripted({"rebuttal/ben": AuthenticationFailed("no", status=401)})
    held = await hold(scenario(), model, tmp_path)
    assert held.result.status == "stopped"
    assert (await verify(held.saved)).divergence is None


@pytest.mark.parametrize("cut", range(1, 60, 4))
async def test_a_run_cut_off_anywhere_verifies(tmp_path: Path, cut: int) -> None:
    """As a kill leaves it, with turns in flight: what is there follows, whatever was never answered."""
    source = tmp_path / "run.jsonl"
    if not source.exists():
        await run_with_everything(tmp_path)
    lines = source.read_bytes().splitlines(keepends=True)
    headers = sum(1 for line in lines if b'"kind":"text_stored"' in line)
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(lines[: 1 + headers + cut]))
    assert (await verify(load(path))).divergence is None


def tampered(source: Path, target: Path, change: Callable[[dict[str, Any]], bool]) -> None:
    """A copy of a transcript with one event changed and every hash after it made right again."""
    prev, done = "", False
    with target.open("wb") as file:
        for line in source.read_bytes().splitlines():
            entry = json.loads(line)
            done = done or change(entry["event"])
            entry["prev"] = prev
            written = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()
            prev = hash_of(written)
            file.write(written + b"\n")
    assert done, "nothing was changed"


def _setting(kind: str, path: str, value: object, **where: object) -> Callable[[dict[str, Any]], bool]:
    """Sets one field of the first event of a kind that fits."""

    def change(event: dict[str, Any]) -> bool:
        if event["kind"] != kind or any(event.get(name) != wanted for name, wanted in where.items()):
            return False
        *steps, last = path.split(".")
        place = event
        for step in steps:
            place = place[step]
        assert place.get(last) != value
        place[last] = value
        return True

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_setting("turn_ended", "reply.stance", "oppose", turn="opening/ana"), "turn_ended opening/ana"),
        (_setting("turn_ended", "reply.text", "Never said.", turn="rebuttal.1/ana"), "turn_ended rebuttal.1/ana"),
        (_setting("turn_ended", "outcome", "unused", turn="rebuttal.1/ben"), "turn_ended rebuttal.1/ben"),
        (_setting("turn_answered", "text", motion_reply("oppose"), turn="opening/ana"), "turn_ended opening/ana"),
        (_setting("turn_asked", "prompt_hash", "0" * 64, turn="verdict/referee"), "turn_asked verdict/referee"),
        (_setting("turn_asked", "model", "mine:other", turn="opening/ana"), "turn_asked opening/ana"),
        (_setting("scored", "value", 1.0, round="opening"), "scored opening"),
        (_setting("gate_resolved", "holds", False), "rebuttal.1?until"),  # noqa: FBT003 - what the line holds
        (_setting("verdict_reached", "answer", "against"), "verdict_reached"),
        (_setting("verdict_reached", "votes", {"for": 3.0}), "verdict_reached"),
        (_setting("run_started", "scenario.motion", "Cats should vote."), "opening"),
        (_setting("run_ended", "status", "failed"), "run_ended"),
    ],
)
async def test_a_lie_is_found_and_named(tmp_path: Path, change: Callable[[dict[str, Any]], bool], named: str) -> None:
    """A changed reply, completion, prompt, score, gate or verdict is named, though every hash was made right again."""
    await run_with_everything(tmp_path)
    tampered(tmp_path / "run.jsonl", tmp_path / "lie.jsonl", change)
    verified = await verify(load(tmp_path / "lie.jsonl"))
    assert not verified.holds
    assert named in (verified.divergence or "")


async def test_a_turn_taken_out_is_found(tmp_path: Path) -> None:
    """A turn whose lines were all removed follows from the rest, and is missed."""
    await run_with_everything(tmp_path)
    source, target = tmp_path / "run.jsonl", tmp_path / "lie.jsonl"
    prev, seq = "", 0
    with target.open("wb") as file:
        for line in source.read_bytes().splitlines():
            entry = json.loads(line)
            if entry["event"].get("turn") == "rebuttal.1/cleo":
                continue
            entry |= {"prev": prev, "seq": seq}
            written = json.dumps(entry).encode()
            prev, seq = hash_of(written), seq + 1
            file.write(written + b"\n")
    verified = await verify(load(target))
    assert "rebuttal.1" in (verified.divergence or "")
