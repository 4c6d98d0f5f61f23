"""Forking: what descends from a change is asked again, and nothing else is."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from holding import Held, hold
from scripted import Chaos, Scripted, motion_reply, scenario

from debate.engine.changing import Change
from debate.engine.engine import Engine
from debate.engine.forking import Fork
from debate.engine.replaying import verify
from debate.errors import PromptError, ScenarioError, TranscriptError
from debate.settings.schema import Settings
from debate.transcript.branching import branches
from debate.transcript.ledger import ledger
from debate.transcript.reading import Saved, load
from debate.transcript.result import Result

RING = scenario(
    participants={"ana": {}, "ben": {}, "cleo": {}, "dan": {}},
    graph="ring",
    rounds=[
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": 2},
    ],
)
"""ana hears dan, ben hears ana, cleo hears ben, dan hears cleo; no gate makes anybody wait for the others."""

UNTIL = scenario(
    rounds=[
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "rebuttal", "who": "debater", "repeat": {"up_to": 3, "until": "unanimous"}},
        {"name": "closing", "who": "debater"},
    ]
)
AGAINST = motion_reply("strongly_oppose", position="Never.")


async def forked(
    parent: Held, model: Scripted, folder: Path, at: str | None, change: Change | None = None, **settings: object
) -> tuple[Fork, Result, Saved]:
    """Fork a run with ``model`` for every provider, and read the fork back."""
    made = Settings.model_validate(settings)
    async with Engine(made, models={"mine": model, "other": model}) as engine:
        plan = await engine.plan_fork(parent.saved, at, change or Change())
        run = engine.prepare_fork(plan, transcript=folder / "fork.jsonl")
        result = await run.hold()
    return plan, result, load(folder / "fork.jsonl")


async def check(parent: Held, folder: Path, at: str | None, change: Change | None, expected: set[str]) -> Saved:
    """What is asked is what was planned, and is ``expected``; the fork verifies; the parent is untouched."""
    model = Scripted()
    before = parent.saved.path.read_bytes()
    plan, result, saved = await forked(parent, model, folder, at, change)
    assert set(model.turns()) == expected
    assert {*plan.again, *plan.first} == expected
    assert result.status == "completed"
    assert result.usage.requests == len(expected)
    assert (await verify(saved)).divergence is None
    assert parent.saved.path.read_bytes() == before
    assert saved.header.parent is not None
    assert (saved.header.parent.run, saved.header.parent.last) == (parent.saved.header.run, parent.saved.tail.prev)
    return saved


async def test_a_turn_is_asked_once_more_with_all_that_hear_of_it(tmp_path: Path):
    """Without any change, the turn at which a run is forked and its descendants are asked; the rest is copied."""
    parent = await hold(RING, Scripted(), tmp_path)
    expected = {"rebuttal.1/ben", "rebuttal.2/ben", "rebuttal.2/cleo"}
    saved = await check(parent, tmp_path, "rebuttal.1/ben", None, expected)
    copied = saved.state.turns["opening/ana"].answered[1]
    original = parent.saved.state.turns["opening/ana"].answered[1]
    assert copied == original.model_copy(update={"source": "recorded"})


async def test_an_iteration_and_a_round_can_be_asked_once_more(tmp_path: Path):
    """``rebuttal.2`` means its four turns; ``rebuttal`` means both iterations."""
    parent = await hold(RING, Scripted(), tmp_path)
    second = {f"rebuttal.2/{name}" for name in ("ana", "ben", "cleo", "dan")}
    await check(parent, tmp_path / "a", "rebuttal.2", None, second)
    first = {f"rebuttal.1/{name}" for name in ("ana", "ben", "cleo", "dan")}
    await check(parent, tmp_path / "b", "rebuttal", None, first | second)


async def test_a_planted_reply_is_heard_by_those_who_hear_its_speaker(tmp_path: Path):
    """The message stands in their prompts, its speaker remembers it, and it is marked as planted."""
    parent = await hold(RING, Scripted(), tmp_path)
    change = Change(planted={"opening/ben": AGAINST})
    expected = {"rebuttal.1/ben", "rebuttal.1/cleo", "rebuttal.2/ben", "rebuttal.2/cleo", "rebuttal.2/dan"}
    saved = await check(parent, tmp_path, None, change, expected)
    planted = saved.state.turns["opening/ben"]
    assert planted.answered[1].source == "planted"
    assert planted.ended is not None
    assert planted.ended.reply is not None
    assert planted.ended.reply.stance == "strongly_oppose"
    heard = saved.state.turns["rebuttal.1/cleo"].asked[1].recipe.heard
    assert "opening/ben" in [one.turn for one in heard]


async def test_a_model_is_changed_from_a_point_on(tmp_path: Path):
    """A participant's model changes at the fork; what it said before stays what it said before."""
    parent = await hold(RING, Scripted(), tmp_path)
    change = Change(overrides=(("participants.cleo.models", "{cheap: 'other:model'}"),))
    saved = await check(parent, tmp_path / "late", "rebuttal.2", change, {"rebuttal.2/cleo"})
    assert saved.state.turns["rebuttal.1/cleo"].asked[1].model == "mine:model"
    assert saved.state.turns["rebuttal.2/cleo"].asked[1].model == "other:model"
    everywhere = {"opening/cleo", "rebuttal.1/cleo", "rebuttal.1/dan"}
    everywhere |= {"rebuttal.2/cleo", "rebuttal.2/dan", "rebuttal.2/ana"}
    await check(parent, tmp_path / "early", None, change, everywhere)


async def test_an_edge_a_persona_and_a_prompt_are_changed(tmp_path: Path):
    """Only whoever hears, is, or is asked otherwise is asked again, with its descendants."""
    parent = await hold(RING, Scripted(), tmp_path)
    edges = Change(overrides=(("graph", "{edges: [[dan, ana], [ana, ben], [ana, cleo], [cleo, dan]]}"),))
    hears_ana = {"rebuttal.1/cleo", "rebuttal.2/cleo", "rebuttal.2/dan"}
    await check(parent, tmp_path / "edge", None, edges, hears_ana)
    persona = Change(overrides=(("participants.dan.persona", "Drives a tram."),))
    dan = {"opening/dan", "rebuttal.1/dan", "rebuttal.1/ana", "rebuttal.2/dan", "rebuttal.2/ana", "rebuttal.2/ben"}
    await check(parent, tmp_path / "persona", None, persona, dan)
    text = parent.saved.state.texts[parent.saved.header.templates["rebuttal"]]
    prompt = Change(prompts={"rebuttal": text + "\nBe brief."})
    names = ("ana", "ben", "cleo", "dan")
    rebuttals = {f"rebuttal.{n}/{name}" for n in (1, 2) for name in names}
    await check(parent, tmp_path / "prompt", None, prompt, rebuttals)
    await check(parent, tmp_path / "later", "rebuttal.2", prompt, {f"rebuttal.2/{name}" for name in names})


async def test_an_order_and_a_participant_are_changed(tmp_path: Path):
    """Whoever joins is asked for the first time; who hears nothing else by it keeps what it said."""
    parent = await hold(RING, Scripted(), tmp_path)
    order = Change(overrides=(("rounds[1].order", "sequential"), ("rounds[1].hears", "{same_round: true}")))
    _, result, saved = await forked(parent, model := Scripted(), tmp_path / "order", "rebuttal", order)
    assert result.status == "completed"
    assert "opening/ana" not in model.turns()
    assert (await verify(saved)).divergence is None
    text = parent.saved.header.scenario | {"participants": {**parent.saved.header.scenario["participants"], "eve": {}}}
    joined = Change(scenario=type(RING).model_validate(text))
    # eve stands behind dan in the ring, so ana hears her now.
    expected = {"opening/eve", "rebuttal.1/eve", "rebuttal.2/eve", "rebuttal.1/ana", "rebuttal.2/ana", "rebuttal.2/ben"}
    plan, *_ = await forked(parent, model := Scripted(), tmp_path / "joined", None, joined)
    assert set(model.turns()) == expected
    assert set(plan.first) == {"opening/eve", "rebuttal.1/eve", "rebuttal.2/eve"}


async def test_behind_a_gate_everybody_waits_for_the_change(tmp_path: Path):
    """A repeat's condition looks at all of its voices, so what it may leave out descends from each of them."""
    parent = await hold(UNTIL, Scripted(lines={"ben": AGAINST}), tmp_path)
    assert set(parent.saved.state.gates) == {"rebuttal.1?until", "rebuttal.2?until"}
    convinced = Change(planted={"rebuttal.1/ben": motion_reply()})
    plan, result, saved = await forked(parent, model := Scripted(), tmp_path / "x", None, convinced)
    assert saved.state.gates["rebuttal.1?until"].holds
    assert set(model.turns()) == {"closing/ana", "closing/ben", "closing/cleo"}
    assert result.turns.skipped == 6
    assert plan.left.calls.least == 3
    assert plan.left.calls.most == 3


async def test_a_gate_before_the_change_stays_as_it_was_resolved(tmp_path: Path):
    """A condition changed along with the closing does not undo iterations that were held before it."""
    parent = await hold(UNTIL, Scripted(lines={"ben": AGAINST}), tmp_path)
    change = Change(
        overrides=(("rounds[1].repeat.until", "{share: 0.5}"), ("rounds[2].sampling.temperature", "0.1")),
    )
    saved = await check(parent, tmp_path / "x", "closing", change, {"closing/ana", "closing/ben", "closing/cleo"})
    assert not saved.state.gates["rebuttal.1?until"].holds


async def test_calls_and_money_saved_are_counted_and_never_spent_twice(tmp_path: Path):
    """Copied answers keep what they cost, are no requests of the fork, and count as saved."""
    prices = {"mine:model": {"input": "1", "output": "2"}}
    made = Settings.model_validate({"prices": prices})
    parent = await hold(RING, Scripted(), tmp_path, settings=made)
    plan, result, saved = await forked(parent, Scripted(), tmp_path / "x", "rebuttal.2/dan", None, prices=prices)
    whole = ledger(parent.saved.state).total
    book = ledger(saved.state).total
    assert (book.requests, book.recorded, plan.calls_saved) == (1, 11, 11)
    assert whole.cost_usd is not None
    assert plan.saved_usd == book.saved_usd == result.usage.saved_usd
    assert book.saved_usd is not None
    assert book.cost_usd is not None
    assert Decimal(0) < book.cost_usd < whole.cost_usd
    assert result.usage.recorded == 11


async def test_a_fork_is_resumed_like_any_run(tmp_path: Path):
    """Its prefix stands in its transcript before anybody is asked, so a killed fork pays for nothing twice."""
    parent = await hold(RING, Scripted(), tmp_path)
    async with Engine(models={"mine": Scripted(seconds={"ben": 5.0})}) as engine:
        plan = await engine.plan_fork(parent.saved, "rebuttal.1/ben")
        run = engine.prepare_fork(plan, transcript=tmp_path / "fork.jsonl", deadline=0.01)
        stopped = await run.hold()
    assert stopped.status == "stopped"
    model = Scripted()
    async with Engine(models={"mine": model}) as engine:
        ended = await engine.resume(tmp_path / "fork.jsonl")
    assert ended.status == "completed"
    assert set(model.turns()) == {"rebuttal.1/ben", "rebuttal.2/ben", "rebuttal.2/cleo"}
    assert (await verify(load(tmp_path / "fork.jsonl"))).divergence is None


async def test_what_failed_or_was_mended_is_copied_as_it_was(tmp_path: Path):
    """Failures, unreadable replies and repairs before the change are facts of the fork too, and nobody pays again."""
    chaotic = RING.model_copy(update={"failure": scenario(failure={"quorum": {"voices": 0}}).failure})
    for seed in range(4):
        parent = await hold(chaotic, Chaos(seed, failing=0.3, mumbling=0.3), tmp_path, name=f"run-{seed}")
        _, result, saved = await forked(parent, Scripted(), tmp_path / str(seed), "rebuttal.2/ana", None)
        for id_, turn in parent.saved.state.turns.items():
            if id_ != "rebuttal.2/ana":
                assert saved.state.turns[id_].ended == turn.ended
        assert result.usage.attempts <= 2
        assert (await verify(saved)).divergence is None


async def test_a_round_that_begins_to_repeat_keeps_what_was_said(tmp_path: Path):
    """``rebuttal`` becomes ``rebuttal.1`` when it repeats: its turns are found under their new names."""
    once = scenario()
    parent = await hold(once, Scripted(), tmp_path)
    longer = Change(overrides=(("rounds[1].repeat", "2"),))
    saved = await check(parent, tmp_path / "x", None, longer, {f"rebuttal.2/{name}" for name in ("ana", "ben", "cleo")})
    assert saved.state.turns["rebuttal.1/ana"].answered[1].turn == "rebuttal.1/ana"


async def test_a_stopped_run_can_be_forked(tmp_path: Path):
    """What the parent had not come to is asked for the first time."""
    parent = await hold(
        RING.model_copy(update={"budget": scenario(budget={"requests": 6}).budget}), Scripted(), tmp_path
    )
    assert parent.result.status == "stopped"
    more = Change(overrides=(("budget.requests", "30"),))
    plan, result, _ = await forked(parent, model := Scripted(), tmp_path / "x", None, more)
    assert result.status == "completed"
    assert len(plan.kept) == 6
    assert len(model.asked) == 6
    assert plan.again == ()


@pytest.mark.parametrize(
    ("at", "change", "error", "message"),
    [
        ("rebutal.1", Change(), TranscriptError, "did you mean 'rebuttal.1'"),
        (None, Change(planted={"opening/bem": AGAINST}), TranscriptError, "no turn 'opening/bem'"),
        (None, Change(planted={"opening/ben": "Hm."}), TranscriptError, "cannot be read"),
        (None, Change(prompts={"rebutal": "x"}), PromptError, "no prompt 'rebutal'"),
        (None, Change(prompts={"rebuttal": "{% set a = 1 %}"}), PromptError, "set"),
        (None, Change(overrides=(("rounds[9].tier", "x"),)), ScenarioError, "rounds"),
        (None, Change(), ValueError, "nothing to change"),
    ],
)
async def test_a_fork_that_means_nothing_is_refused(
    tmp_path: Path, at: str | None, change: Change, error: type[Exception], message: str
):
    """A place, turn, prompt or path that is not there is named before anything is written, with how to mend it."""
    parent = await hold(RING, Scripted(), tmp_path)
    async with Engine(models={"mine": Scripted()}) as engine:
        with pytest.raises(error, match=message):
            await engine.plan_fork(parent.saved, at, change)


async def test_branches_show_what_the_change_moved(tmp_path: Path):
    """Side by side: which turns were copied, planted and asked, who stands elsewhere, and whether the verdict does."""
    parent = await hold(RING, Scripted(), tmp_path)
    follows = Scripted(lines={"rebuttal.2/dan": AGAINST})
    _, _, saved = await forked(parent, follows, tmp_path / "x", None, Change(planted={"opening/ben": AGAINST}))
    both = branches(parent.saved.state, saved.state)
    came = {pair.turn: pair.came for pair in both.turns}
    assert (came["opening/ana"], came["opening/ben"], came["rebuttal.1/cleo"]) == ("copied", "planted", "asked")
    assert [pair.turn for pair in both.moved] == ["opening/ben", "rebuttal.2/dan"]
    assert both.same_verdict
    assert both.agreement[0].parent == 1.0
    assert both.agreement[0].fork is not None
    assert both.agreement[0].fork < 1.0
