"""Resuming: what had been answered is not asked again, whatever ended the run."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from holding import comparable, hold
from scripted import Chaos, Scripted, answer_reply, motion_reply, options, scenario

from debate.engine.engine import Engine
from debate.engine.replaying import verify
from debate.engine.resuming import differences
from debate.errors import (
    ScenarioChanged,
    SettingsError,
    TranscriptError,
    TranscriptLocked,
    Unavailable,
)
from debate.models.port import Completion, Request
from debate.settings.schema import Settings
from debate.transcript.events import RunResumed, TextStored
from debate.transcript.ledger import ledger
from debate.transcript.log import FileLog, hash_of
from debate.transcript.reading import load
from debate.transcript.syncing import Syncer
from debate.transcript.usage import Usage

THREE_ROUNDS = scenario(
    rounds=[
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 3, "until": "unanimous"}},
        {"name": "closing", "who": "debater"},
    ],
    graph="ring",
    failure={"quorum": {"voices": 0}},
)
DOWN = Unavailable("503", should_retry=False)
PRICES = {"mine:model": {"input": "1", "output": "2"}}


def cut(path: Path, lines: int, *, torn: bytes = b"") -> None:
    """Leave the first ``lines`` lines of a transcript, and a piece of the next."""
    kept = path.read_bytes().split(b"\n")[:lines]
    path.write_bytes(b"\n".join(kept) + b"\n" + torn)


def rewritten(path: Path, changes: dict[bytes, bytes]) -> None:
    """Change bytes of every line and chain the lines anew, as somebody would who forges a transcript."""
    prev, lines = b"", []
    for line in path.read_bytes().splitlines():
        before = line[line.index(b'"prev":"') + 8 :].partition(b'"')[0]
        changed = line.replace(b'"prev":"' + before, b'"prev":"' + prev)
        for old, new in changes.items():
            changed = changed.replace(old, new)
        prev = hash_of(changed).encode()
        lines.append(changed)
    path.write_bytes(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize("seed", range(2))
async def test_a_run_cut_after_any_line_ends_as_if_it_had_not_been_cut(tmp_path: Path, seed: int):
    """Wherever a process died, resuming asks exactly what was not answered, and ends in the same state."""
    whole = await hold(THREE_ROUNDS, Chaos(seed), tmp_path, name="whole")
    header = 1 + sum(isinstance(event, TextStored) for event in whole.events)
    for lines in range(header, len(whole.events)):
        path = tmp_path / f"cut-{lines}.jsonl"
        path.write_bytes((tmp_path / "whole.jsonl").read_bytes())
        cut(path, lines)
        before = {key for id_, turn in load(path).state.turns.items() for key in ((id_, n) for n in turn.answered)}
        asked: list[tuple[str, int]] = []

        async def counting(request: Request, /, told: list[tuple[str, int]] = asked) -> Completion:
            told.append((options(request).turn, options(request).try_number))
            return await Chaos(seed)(request)

        async with Engine(models={"mine": counting}) as engine:
            result = await engine.resume(path)
        saved = load(path)
        assert before.isdisjoint(asked), lines
        assert len(asked) == len(set(asked)), lines
        assert comparable(saved.state)["verdict"] == comparable(whole.saved.state)["verdict"], lines
        assert comparable(saved.state)["gates"] == comparable(whole.saved.state)["gates"], lines
        assert result.turns == whole.result.turns, lines
        assert (await verify(saved)).divergence is None, lines


async def test_a_torn_line_is_left_out_and_said(tmp_path: Path):
    """Half a line, as SIGKILL or a full disk leaves it, is cut off, and the transcript says so."""
    await hold(THREE_ROUNDS, Chaos(1), tmp_path)
    path = tmp_path / "run.jsonl"
    cut(path, 12, torn=b'{"seq":12,"at":"20')
    async with Engine(models={"mine": Chaos(1)}) as engine:
        await engine.resume(path)
    saved = load(path)
    warned = [warning.message for warning in saved.state.warnings]
    assert any("cut off after 18 bytes" in message for message in warned)
    assert saved.tail.torn == 0


async def test_open_tries_are_reported_as_possibly_billed(tmp_path: Path):
    """A try that was asked and never answered is named, and asked again under its own number."""
    held = await hold(THREE_ROUNDS, Scripted(), tmp_path)
    asked = [place for place, event in enumerate(held.events) if event.kind == "turn_asked"]
    path = tmp_path / "run.jsonl"
    cut(path, asked[2] + 1)
    async with Engine(models={"mine": Scripted()}) as engine:
        await engine.resume(path)
    resumed = next(e.event for e in load(path).entries if isinstance(e.event, RunResumed))
    assert resumed.possibly_billed == ("opening/ana#1", "opening/ben#1", "opening/cleo#1")


async def test_a_run_that_has_ended_is_left_as_it_is(tmp_path: Path):
    """Resuming a completed run gives its result and writes nothing; taking it up explicitly is refused."""
    held = await hold(scenario(), Scripted(), tmp_path)
    path = tmp_path / "run.jsonl"
    before = path.read_bytes()
    model = Scripted()
    async with Engine(models={"mine": model}) as engine:
        result = await engine.resume(path)
        with pytest.raises(TranscriptError, match="is completed: nothing is left to do"):
            await engine.prepare_resume(path)
    assert result.verdict == held.result.verdict
    assert path.read_bytes() == before
    assert model.asked == []


async def test_another_scenario_is_refused_naming_every_difference(tmp_path: Path):
    """A changed motion, round, participant or prompt is named by its path, and a fork is suggested."""
    await hold(THREE_ROUNDS, Scripted(), tmp_path, name="run")
    path = tmp_path / "run.jsonl"
    cut(path, 12)
    other = THREE_ROUNDS.model_copy(update={"motion": "Cities should be quiet."})
    async with Engine(models={"mine": Scripted()}) as engine:
        with pytest.raises(ScenarioChanged) as caught:
            await engine.resume(path, scenario=other)
        assert caught.value.differences == (
            "motion: was 'Cities should close their centres to private cars.', is 'Cities should be quiet.'",
        )
        assert "debate fork" in str(caught.value)
        await engine.resume(path, scenario=THREE_ROUNDS)


def test_differences_are_found_at_their_path():
    """Keys that came or went, items and lists of another length are all told apart."""
    then = {"a": [{"b": 1}, {"b": 2}], "gone": 1, "same": {"x": None}, "longer": [1]}
    now = {"a": [{"b": 1}, {"b": 3}], "came": 2, "same": {"x": None}, "longer": [1, 2]}
    assert differences(then, now) == [
        "a[1].b: was 2, is 3",
        "gone: was 1, is not there",
        "longer: was [1], is [1, 2]",
        "came: was not there, is 2",
    ]


async def test_what_was_spent_before_counts_against_the_same_budget(tmp_path: Path):
    """A budget of ten requests stays one of ten over any number of resumes, and can be raised on purpose."""
    bounded = scenario(budget={"requests": 4})
    path = tmp_path / "run.jsonl"
    first = Scripted()
    held = await hold(bounded, first, tmp_path)
    assert (held.result.status, held.result.stop_reason, len(first.asked)) == ("stopped", "budget", 4)
    again = Scripted()
    async with Engine(models={"mine": again}) as engine:
        stopped = await engine.resume(path)
        assert (stopped.stop_reason, again.asked) == ("budget", [])
        ended = await engine.resume(path, max_requests=6)
    assert ended.status == "completed"
    assert len(again.asked) == 2
    assert ledger(load(path).state).total.requests == 6


async def test_a_send_of_unknown_cost_counts_as_the_most_it_can_have_cost(tmp_path: Path):
    """Whoever was killed while six requests were out may have paid for all of them: a budget of money holds."""
    settings = Settings.model_validate({"prices": PRICES})
    rich = scenario(budget={"usd": "1"}, sampling={"max_tokens": 1000})
    held = await hold(rich, Scripted(), tmp_path, settings=settings)
    path = tmp_path / "run.jsonl"
    asked = [place for place, event in enumerate(held.events) if event.kind == "turn_asked"]
    cut(path, asked[2] + 1)
    # Three open tries may each have cost 1,000 tokens at 2 USD a million, and their prompts at 1.
    async with Engine(settings, models={"mine": Scripted()}) as engine:
        stopped = await engine.resume(path, max_usd=Decimal("0.006"))
        assert stopped.stop_reason == "budget"
        ended = await engine.resume(path, max_usd=Decimal("0.05"))
    assert ended.status == "completed"


async def test_turns_that_failed_for_want_of_a_provider_are_asked_again(tmp_path: Path):
    """After an outage below the quorum the failed turns are reopened, and the run completes."""
    down = Scripted(lines={"ben": DOWN, "cleo": DOWN})
    held = await hold(scenario(), down, tmp_path, settings=Settings.model_validate({}))
    assert (held.result.status, held.result.stop_reason) == ("stopped", "unavailable")
    up = Scripted()
    async with Engine(models={"mine": up}) as engine:
        ended = await engine.resume(tmp_path / "run.jsonl")
    saved = load(tmp_path / "run.jsonl")
    assert ended.status == "completed"
    assert ended.turns.failed == 0
    assert "opening/ana" not in up.turns()
    assert (await verify(saved)).divergence is None


async def test_a_failure_that_others_have_heard_of_stays(tmp_path: Path):
    """A turn whose silence stood in another's answered prompt is not reopened: what was told stays true."""
    chained = scenario(
        rounds=[
            {"name": "opening", "who": ["ana", "ben"], "hears": "nobody"},
            {"name": "rebuttal", "who": ["ana", "cleo"], "hears": {"from": "ana"}},
        ],
        failure={"quorum": {"voices": 2}},
    )
    down = Scripted(
        lines={
            "opening/ana": DOWN,
            "opening/ben": DOWN,
            "rebuttal/cleo": motion_reply(),
        },
        seconds={"opening/ben": 0.05},
    )
    held = await hold(chained, down, tmp_path)
    assert held.result.stop_reason == "unavailable"
    assert held.ended("rebuttal/cleo").outcome == "completed"
    async with Engine(models={"mine": Scripted()}) as engine:
        taken = engine.resumption(held.saved)
    assert taken.reopened == ("opening/ben",)


async def test_two_writers_at_once_are_impossible(tmp_path: Path):
    """Whoever comes second is told that another process writes the run, and nothing is changed."""
    await hold(THREE_ROUNDS, Scripted(), tmp_path)
    path = tmp_path / "run.jsonl"
    cut(path, 12)
    tail = load(path).tail
    log = FileLog(path, syncer=Syncer(), seq=tail.seq, prev=tail.prev)
    try:
        async with Engine(models={"mine": Scripted()}) as engine:
            with pytest.raises(TranscriptLocked):
                await engine.resume(path)
    finally:
        log.close()


async def test_the_plan_of_what_is_left_is_known_before_anything_is_spent(tmp_path: Path):
    """Calls and cost of the rest count only what is not over, and looking at it writes nothing."""
    settings = Settings.model_validate({"prices": PRICES})
    await hold(scenario(), Scripted(), tmp_path, settings=settings)
    path = tmp_path / "run.jsonl"
    whole = load(path)
    ends = [place for place, entry in enumerate(whole.entries) if entry.event.kind == "turn_ended"]
    cut(path, ends[3] + 1)
    before = path.read_bytes()
    async with Engine(settings, models={"mine": Scripted()}) as engine:
        left = engine.resumption(load(path)).left
        assert (left.calls.least, left.calls.most) == (2, 2)
        assert left.cost_usd.most is not None
        assert left.cost_usd.most > 0
    assert path.read_bytes() == before


async def test_endpoints_and_prices_of_a_foreign_transcript_are_shown_and_never_used(tmp_path: Path):
    """The provider is the user's own; where the recorded endpoint or price differs, the plan says so."""
    held = await hold(scenario(), Scripted(), tmp_path, settings=Settings.model_validate({"prices": PRICES}))
    path = tmp_path / "run.jsonl"
    cut(path, len(held.events) - 3)
    rewritten(path, {b'"endpoints":{}': b'"endpoints":{"mine":"https://evil.example/v1"}'})
    model = Scripted()
    async with Engine(models={"mine": model}) as engine:
        taken = engine.resumption(load(path))
        assert any("https://evil.example/v1" in note and "your own model" in note for note in taken.notes)
        assert any("prices differ" in note for note in taken.notes)
        ended = await engine.resume(path)
    assert ended.status == "completed"


@pytest.mark.parametrize(
    "changes",
    [
        {b'"role":"debater"': b'"role":"debater","endpoint":"x"'},
        {b'"who":["debater"]': b'"who":["nobody"]'},
        {b'"text":"': b'"text":"{% set a = 1 %}'},
    ],
    ids=["scenario", "names", "template"],
)
async def test_a_forged_transcript_is_an_error_and_never_run(tmp_path: Path, changes: dict[bytes, bytes]):
    """A scenario that is none, or a template that is not what its hash names, is refused before anybody is asked."""
    participants = {"ana": {"role": "debater"}, "ben": {}, "cleo": {}}
    held = await hold(scenario(participants=participants), Scripted(), tmp_path)
    path = tmp_path / "run.jsonl"
    cut(path, len(held.events) - 3)
    rewritten(path, changes)
    model = Scripted()
    async with Engine(models={"mine": model}) as engine:
        with pytest.raises(TranscriptError):
            await engine.resume(path)
    assert model.asked == []


async def test_a_budget_of_money_needs_the_users_own_price(tmp_path: Path):
    """A transcript that says its model is free does not make it so: without a price of the user's it is refused."""
    settings = Settings.model_validate({"prices": PRICES})
    held = await hold(scenario(budget={"usd": "1"}), Scripted(), tmp_path, settings=settings)
    path = tmp_path / "run.jsonl"
    cut(path, len(held.events) - 3)
    async with Engine(models={"mine": Scripted()}) as engine:
        with pytest.raises(SettingsError, match="no price is known"):
            await engine.resume(path)


async def test_a_template_is_compared_with_what_it_was_asked(tmp_path: Path):
    """A scenario file without a motion of its own stands for the question the run was begun with."""
    template = scenario(motion=None, question={"text": "How many?", "kind": "number"})
    model = Scripted(default=answer_reply("3"))
    held = await hold(template, model, tmp_path)
    cut(tmp_path / "run.jsonl", len(held.events) - 3)
    async with Engine(models={"mine": model}) as engine:
        ended = await engine.resume(tmp_path / "run.jsonl", scenario=scenario(motion=None, question=None))
    assert ended.status == "completed"
    assert ended.verdict is not None
    assert ended.verdict.answer == "3"


async def test_cached_usage_is_not_needed_to_resume(tmp_path: Path):
    """An answer whose provider reported no usage counts as its worst case, and the run still goes on."""
    silent = Scripted(default=lambda _: Completion(text=motion_reply(), usage=Usage()))
    settings = Settings.model_validate({"prices": PRICES})
    held = await hold(scenario(budget={"usd": "1"}), silent, tmp_path, settings=settings)
    cut(tmp_path / "run.jsonl", len(held.events) - 3)
    async with Engine(settings, models={"mine": silent}) as engine:
        ended = await engine.resume(tmp_path / "run.jsonl")
    assert ended.status == "completed"


async def test_a_run_killed_between_a_failure_and_its_end_still_fails(tmp_path: Path):
    """With ``failure: abort`` a failed turn ends the run, also when the process died before it could say so."""

    async def ben_fails(_: Request) -> Completion:
        raise DOWN

    aborting = scenario(failure={"turn": "abort"}, rounds=[{"name": "opening", "who": "debater", "hears": "nobody"}])
    held = await hold(aborting, Scripted({"opening/ben": ben_fails}, seconds={"ana": 0.01, "cleo": 0.01}), tmp_path)
    failed = next(n for n, e in enumerate(held.saved.entries) if getattr(e.event, "outcome", None) == "failed")
    cut(held.saved.path, failed + 1)
    model = Scripted({})
    async with Engine(models={"mine": model}) as engine:
        result = await engine.resume(held.saved.path)
    assert (result.status, model.turns()) == ("failed", [])
    assert "opening/ben failed" in (result.stop_reason or "")
