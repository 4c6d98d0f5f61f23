"""A scenario runs to its verdict, and everything that goes wrong on the way is a value with a name."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path

import pytest
from holding import hold
from scripted import UNREADABLE, Scripted, answer_reply, failing, motion_reply, options, scenario

from debate.engine.engine import Engine
from debate.engine.replaying import verify
from debate.errors import (
    AuthenticationFailed,
    PaymentRequired,
    ScenarioError,
    SettingsError,
    TranscriptError,
    Unavailable,
)
from debate.models.port import Completion, Request
from debate.settings.schema import Settings
from debate.transcript.reading import load
from debate.transcript.usage import Usage

JUDGED = {
    "participants": {"ana": {}, "ben": {}, "cleo": {}, "referee": {"role": "judge"}},
    "rounds": [
        {"name": "opening", "who": "debater", "hears": "nobody"},
        {"name": "verdict", "who": "referee", "hears": {"from": "debater"}},
    ],
    "decision": {"by": "referee", "else": "plurality"},
}


async def test_a_debate_runs_to_its_verdict(tmp_path: Path) -> None:
    """Every turn is asked once, in its round, and the majority's side is the verdict with its dissent."""
    model = Scripted({"cleo": motion_reply("oppose")})
    held = await hold(scenario(), model, tmp_path)
    assert held.result.status == "completed"
    assert sorted(model.turns()) == sorted(f"{r}/{p}" for r in ("opening", "rebuttal") for p in ("ana", "ben", "cleo"))
    verdict = held.result.verdict
    assert verdict is not None
    assert (verdict.answer, verdict.by, verdict.votes, verdict.denominator) == (
        "for",
        "plurality",
        {"for": 2.0, "against": 1.0},
        3,
    )
    assert [(d.participant, d.choice) for d in verdict.dissent] == [("cleo", "against")]
    assert held.result.turns.valid == held.result.turns.attempted == 6
    assert held.result.consensus is not None
    assert [(s.round, s.iteration) for s in held.result.consensus.by_iteration] == [("opening", 1), ("rebuttal", 1)]
    assert (await verify(held.saved)).divergence is None


async def test_nothing_is_asked_before_it_is_written(tmp_path: Path) -> None:
    """When a model is called, the line that says so is in the file already."""
    path = tmp_path / "run.jsonl"
    seen: list[bool] = []

    async def model(request: Request) -> Completion:
        seen.append(f'"kind":"turn_asked","turn":"{options(request).turn}"' in path.read_text())
        return Completion(text=motion_reply())

    await hold(scenario(), model, tmp_path)
    assert seen == [True] * 6


async def test_nobody_hears_the_same_round(tmp_path: Path) -> None:
    """A simultaneous round never shows what is said in it: no same-round leak, whoever answers first."""
    model = Scripted(
        {
            f"{round_}/{who}": motion_reply(text=f"{round_}-{who}-said")
            for round_ in ("opening", "rebuttal")
            for who in ("ana", "ben", "cleo")
        },
        seconds={"cleo": 0.05},
    )
    await hold(scenario(), model, tmp_path)
    for who in ("ana", "ben", "cleo"):
        assert "-said" not in model.prompt(f"opening/{who}")
        assert "rebuttal-" not in model.prompt(f"rebuttal/{who}")
        for other in ("ana", "ben", "cleo"):
            assert f"> opening-{other}-said" in model.prompt(f"rebuttal/{who}")


async def test_every_opinion_group_is_heard(tmp_path: Path) -> None:
    """Three answers held by three camps all stand in the prompt; none is dropped for being the smallest."""
    asked = scenario(
        motion=None, question={"text": "Which?", "kind": "choice", "choices": {"A": "a", "B": "b", "C": "c"}}
    )
    model = Scripted({"ana": answer_reply("A"), "ben": answer_reply("B"), "cleo": answer_reply("C")})
    held = await hold(asked, model, tmp_path)
    for who in ("ana", "ben", "cleo"):
        prompt = model.prompt(f"rebuttal/{who}")
        assert all(f"> Answer: {letter}" in prompt for letter in "ABC")
    verdict = held.result.verdict
    assert verdict is not None
    assert verdict.answer is None
    assert set(verdict.tied) == {"A", "B", "C"}
    assert verdict.reason is not None


async def test_the_judge_hears_the_last_round(tmp_path: Path) -> None:
    """A judge who hears the debaters is given what they said last, in every round that it asks for."""
    last = scenario(
        **{
            **JUDGED,
            "rounds": [
                {"name": "opening", "who": "debater", "hears": "nobody"},
                {"name": "closing", "who": "debater", "repeat": 2},
                {"name": "verdict", "who": "referee", "hears": {"from": "debater", "rounds": "last"}},
            ],
        }
    )
    model = Scripted({f"closing.{n}": motion_reply(text=f"closing-{n}") for n in (1, 2)})
    await hold(last, model, tmp_path)
    assert "closing-2" in model.prompt("verdict/referee")
    assert "closing-1" not in model.prompt("verdict/referee")


class TestFailures:
    """What follows when a turn gives no reply is what the scenario says."""

    async def test_abstain(self, tmp_path: Path) -> None:
        """By default a turn that failed has no vote, stays in the denominator, and the debate goes on."""
        model = Scripted({"ben": failing()})
        held = await hold(scenario(), model, tmp_path)
        assert held.result.status == "completed"
        assert held.result.turns.failed == 2
        assert held.result.verdict is not None
        assert held.result.verdict.denominator == 3
        assert held.result.verdict.abstained == {"ben": "failed"}
        assert "ben (opening) gave no reply." in model.prompt("rebuttal/ana")
        assert held.result.consensus is not None
        assert held.result.consensus.by_iteration[0].unreadable == ("ben",)

    async def test_retry(self, tmp_path: Path) -> None:
        """With ``retry`` the same tier is asked once more, as a second try."""
        model = Scripted({"opening/ben#1": failing()})
        held = await hold(scenario(failure={"turn": "retry"}), model, tmp_path)
        assert model.turns().count("opening/ben") == 2
        assert held.ended("opening/ben").outcome == "completed"
        assert not held.ended("opening/ben").substituted

    async def test_retry_once(self, tmp_path: Path) -> None:
        """A second failure is not retried again."""
        model = Scripted({"ben": failing()})
        held = await hold(scenario(failure={"turn": "retry"}), model, tmp_path)
        assert model.turns().count("opening/ben") == 2
        assert held.ended("opening/ben").outcome == "failed"

    async def test_substitute(self, tmp_path: Path) -> None:
        """With ``substitute`` the other tier speaks, and the turn is counted as substituted."""
        spare = Scripted({"ben": motion_reply("oppose")})
        asked = scenario(
            models={"cheap": "mine:model", "spare": "other:model"},
            rounds=[{"name": "opening", "who": "debater", "tier": "cheap", "hears": "nobody"}],
            failure={"turn": "substitute", "substitute": "spare"},
        )
        held = await hold(asked, Scripted({"ben": failing()}), tmp_path, models={"other": spare})
        assert spare.turns() == ["opening/ben"]
        assert held.ended("opening/ben").substituted
        assert held.result.turns.substituted == 1
        tried = [(e.try_kind, e.model) for e in held.of("turn_asked") if e.turn == "opening/ben"]
        assert tried == [("speak", "mine:model"), ("substitute", "other:model")]

    async def test_a_substitute_that_is_unreadable_is_still_counted(self, tmp_path: Path) -> None:
        """Neither a repair of the substitute nor its failing hides that another tier spoke."""
        spare = Scripted({"opening/ben#2": UNREADABLE, "opening/ben#3": failing()})
        asked = scenario(
            models={"cheap": "mine:model", "spare": "other:model"},
            rounds=[{"name": "opening", "who": "debater", "tier": "cheap", "hears": "nobody"}],
            failure={"turn": "substitute", "substitute": "spare"},
        )
        held = await hold(asked, Scripted({"ben": failing()}), tmp_path, models={"other": spare})
        ended = held.ended("opening/ben")
        assert (ended.outcome, ended.substituted) == ("unreadable", True)
        assert (await verify(held.saved)).divergence is None

    async def test_abort(self, tmp_path: Path) -> None:
        """With ``abort`` the run fails without a verdict; what was in flight is paid for, logged and unused."""
        model = Scripted({"opening/ben": failing()}, seconds={"cleo": 0.05, "ana": 0.05})
        held = await hold(scenario(failure={"turn": "abort"}), model, tmp_path)
        assert held.result.status == "failed"
        assert held.result.verdict is None
        assert "opening/ben" in (held.result.stop_reason or "")
        assert held.ended("opening/cleo").outcome == "unused"
        assert held.saved.state.turns["opening/cleo"].answered
        assert held.result.turns.unused == 2
        assert held.result.usage.requests == 3
        assert not any(turn.startswith("rebuttal") for turn in model.turns())
        assert (await verify(held.saved)).divergence is None

    async def test_what_fails_after_the_run_had_failed_is_unused_too(self, tmp_path: Path) -> None:
        """Every turn that was asked has an end, also those that fail while a failed run winds down."""
        model = Scripted({"opening/ben": failing(), "opening/cleo": failing("too")}, seconds={"cleo": 0.05})
        held = await hold(scenario(failure={"turn": "abort"}), model, tmp_path)
        assert held.ended("opening/cleo").outcome == "unused"
        assert (await verify(held.saved)).divergence is None

    async def test_quorum_of_voices(self, tmp_path: Path) -> None:
        """With one valid reply of three the run fails, says what it lacked and why, and has no verdict."""
        model = Scripted({"ben": failing("no ben"), "cleo": failing("no cleo")})
        held = await hold(scenario(), model, tmp_path)
        assert held.result.status == "failed"
        assert held.result.verdict is None
        reason = held.result.stop_reason or ""
        assert "1 of 3" in reason
        assert "no ben" in reason

    async def test_a_lower_quorum_is_enough(self, tmp_path: Path) -> None:
        """``quorum: {voices: 1}`` lets one voice carry the debate."""
        model = Scripted({"ben": failing(), "cleo": failing()})
        held = await hold(scenario(failure={"quorum": {"voices": 1}}), model, tmp_path)
        assert held.result.status == "completed"

    async def test_quorum_of_sides(self, tmp_path: Path) -> None:
        """A side that nobody spoke for ends the run, unless the scenario lets it."""
        people = {"pro": {"side": "for"}, "con": {"side": "against"}, "ana": {}, "ben": {}}
        model = Scripted({"con": failing()})
        held = await hold(scenario(participants=people), model, tmp_path)
        assert held.result.status == "failed"
        assert "against" in (held.result.stop_reason or "")
        lenient = scenario(participants=people, failure={"quorum": {"every_side": False}})
        held = await hold(lenient, model, tmp_path, name="lenient")
        assert held.result.status == "completed"

    async def test_an_outage_below_the_quorum_can_be_resumed(self, tmp_path: Path) -> None:
        """Where the provider was out, the run is stopped and not failed: a resume may find it back."""
        model = Scripted({"ben": Unavailable("down"), "cleo": Unavailable("down")})
        settings = Settings.model_validate(
            {"providers": {"mine": {"base_url": "http://127.0.0.1:9/v1", "retries": 0, "dialect": "vllm"}}}
        )
        held = await hold(scenario(), model, tmp_path, settings=settings)
        assert held.result.status == "stopped"
        assert held.result.stop_reason == "unavailable"

    async def test_a_failing_judge_falls_back_with_its_reason(self, tmp_path: Path) -> None:
        """The rule under ``else`` decides, and the verdict says who gave none and why."""
        held = await hold(scenario(**JUDGED), Scripted({"referee": failing("gone")}), tmp_path)
        verdict = held.result.verdict
        assert verdict is not None
        assert (verdict.answer, verdict.by, verdict.fallback_from) == ("for", "plurality", "referee")
        assert "failed" in (verdict.reason or "")

    async def test_an_unreadable_judge_falls_back(self, tmp_path: Path) -> None:
        """A judge whose completion cannot be read, not even after a repair, has not decided."""
        model = Scripted({"referee": UNREADABLE})
        held = await hold(scenario(**JUDGED), model, tmp_path)
        assert held.result.verdict is not None
        assert held.result.verdict.fallback_from == "referee"
        assert model.turns().count("verdict/referee") == 2

    async def test_the_second_decider_decides_when_the_first_cannot(self, tmp_path: Path) -> None:
        """A participant under ``else`` is heard, and votes no more than the one under ``by``."""
        chaired = scenario(
            participants={"ana": {}, "ben": {}, "referee": {"role": "judge"}, "chair": {}},
            rounds=[
                {"name": "opening", "who": "debater", "hears": "nobody"},
                {"name": "verdict", "who": ["referee"], "hears": {"from": ["ana", "ben"]}},
                {"name": "chairing", "who": ["chair"], "hears": {"from": ["ana", "ben"]}},
            ],
            decision={"by": "referee", "else": "chair"},
        )
        model = Scripted({"referee": failing(), "chair": motion_reply("oppose", confidence=90)})
        held = await hold(chaired, model, tmp_path)
        verdict = held.result.verdict
        assert verdict is not None
        assert (verdict.answer, verdict.by, verdict.confidence) == ("against", "chair", 0.9)
        assert verdict.votes == {"for": 2.0}

    async def test_a_model_that_raises_anything_fails_its_turn(self, tmp_path: Path) -> None:
        """An exception of any kind from a model is a failed turn with its name, never the end of the program."""
        model = Scripted({"ben": ZeroDivisionError("division by zero")})
        held = await hold(scenario(), model, tmp_path)
        assert held.result.status == "completed"
        ended = held.ended("opening/ben")
        assert ended.outcome == "failed"
        assert "ZeroDivisionError" in (ended.reason or "")

    @pytest.mark.parametrize("returned", ["only text", None, Completion(text=None)])  # type: ignore[arg-type]
    async def test_a_model_that_returns_anything_fails_its_turn(self, tmp_path: Path, returned: object) -> None:
        """A model of one's own that gives no completion is a failed turn as well."""

        async def model(request: Request) -> Completion:
            return returned if options(request).participant == "ben" else Completion(text=motion_reply())  # type: ignore[return-value]

        held = await hold(scenario(), model, tmp_path)
        assert held.result.status == "completed"
        assert held.ended("opening/ben").outcome == "failed"

    async def test_half_a_character_does_not_break_the_transcript(self, tmp_path: Path) -> None:
        """A text cut in the middle of a surrogate pair is written with a replacement, and replays."""
        model = Scripted({"ben": motion_reply(text="cut \ud83e"), "cleo": ValueError("\ud800")})
        held = await hold(scenario(), model, tmp_path)
        assert held.saved.state.turns["opening/ben"].answered[1].text.startswith("cut \ufffd")
        assert "\ufffd" in (held.ended("opening/cleo").reason or "")
        assert (await verify(held.saved)).divergence is None

    async def test_a_template_that_fails_on_its_data_ends_the_run_as_failed(self, tmp_path: Path) -> None:
        """What a template names and is not there is told, with the template's name, and nothing more is asked."""
        (tmp_path / "own.md.j2").write_text("{{ nothing_like_it }}")
        rounds = [
            {"name": "opening", "who": "debater", "hears": "nobody"},
            {"name": "rebuttal", "who": "debater", "prompt": "./own.md.j2"},
        ]
        model = Scripted()
        held = await hold(scenario(rounds=rounds).in_folder(tmp_path), model, tmp_path)
        assert held.result.status == "failed"
        assert "own.md.j2" in (held.result.stop_reason or "")
        assert "nothing_like_it" in (held.result.stop_reason or "")
        assert not any(turn.startswith("rebuttal") for turn in model.turns())


class TestReadings:
    """What cannot be read is a value, repaired once and counted."""

    async def test_a_repair_is_counted(self, tmp_path: Path) -> None:
        """One repair is asked; what it adds makes the turn valid, and both requests are in the books."""
        model = Scripted({"opening/ben#1": "Cars are loud."})
        held = await hold(scenario(), model, tmp_path)
        assert [e.try_kind for e in held.of("turn_asked") if e.turn == "opening/ben"] == ["speak", "repair"]
        assert held.ended("opening/ben").outcome == "completed"
        reply = held.ended("opening/ben").reply
        assert reply is not None
        assert reply.text == "Cars are loud."
        assert held.result.usage.requests == 7
        sent = model.request("opening/ben", 2).messages
        assert [message.role for message in sent] == ["system", "user", "assistant", "user"]

    async def test_unreadable_is_a_value(self, tmp_path: Path) -> None:
        """After one repair the turn ends unreadable: no vote, in the denominator, never guessed."""
        model = Scripted({"ben": UNREADABLE})
        held = await hold(scenario(), model, tmp_path)
        assert held.result.turns.unreadable == 2
        assert held.ended("rebuttal/ben").missing
        assert held.result.verdict is not None
        assert held.result.verdict.abstained == {"ben": "unreadable"}
        assert held.result.verdict.denominator == 3
        assert model.turns().count("opening/ben") == 2

    async def test_an_empty_completion_is_told_as_silence(self, tmp_path: Path) -> None:
        """Whoever said nothing that can be shown is said to have given no reply; no empty quotation stands there."""
        model = Scripted({"opening/ben": ""})
        await hold(scenario(), model, tmp_path)
        prompt = model.prompt("rebuttal/ana")
        assert "ben (opening) gave no reply." in prompt
        assert ">\n" not in prompt

    async def test_an_abstention_can_be_left_out_of_the_denominator(self, tmp_path: Path) -> None:
        """``abstain: ignored`` counts only those who voted."""
        asked = scenario(decision={"by": "majority", "abstain": "ignored"})
        model = Scripted({"ben": failing(), "cleo": motion_reply("support")})
        held = await hold(asked, model, tmp_path)
        assert held.result.verdict is not None
        assert held.result.verdict.denominator == 2


class TestVotes:
    """Who votes, and what a tie gives."""

    async def test_sides_neither_vote_nor_count(self, tmp_path: Path) -> None:
        """Participants told a side are in no vote, no dissent and no consensus."""
        people = {"pro": {"side": "for"}, "con": {"side": "against"}, "ana": {}, "ben": {}}
        model = Scripted({"pro": motion_reply("strongly_support"), "con": motion_reply("strongly_oppose")})
        held = await hold(scenario(participants=people), model, tmp_path)
        assert held.result.verdict is not None
        assert held.result.verdict.votes == {"for": 2.0}
        assert held.result.verdict.dissent == ()
        assert held.result.consensus is not None
        assert held.result.consensus.n_valid == 2
        assert {m for camp in held.result.consensus.camps for m in camp.members} == {"ana", "ben"}

    async def test_a_tie_is_no_answer(self, tmp_path: Path) -> None:
        """Two against two is undecided, and says so; nobody wins for coming first."""
        people = {name: {} for name in ("ana", "ben", "cleo", "dan")}
        lines = {"cleo": motion_reply("oppose"), "dan": motion_reply("strongly_oppose")}
        held = await hold(scenario(participants=people), Scripted(lines), tmp_path)
        verdict = held.result.verdict
        assert verdict is not None
        assert verdict.answer is None
        assert set(verdict.tied) == {"for", "against"}

    async def test_a_lot_is_drawn_from_the_seed(self, tmp_path: Path) -> None:
        """With ``tie: lot`` one of the tied is taken, the same for the same seed, and both ways over seeds."""
        people = {"ana": {}, "ben": {}}
        asked = scenario(participants=people, decision={"by": "plurality", "tie": "lot"})
        answers = set()
        for seed in range(8):
            model = Scripted({"ben": motion_reply("oppose")})
            held = await hold(asked, model, tmp_path, name=f"run{seed}", seed=seed)
            again = await hold(asked, model, tmp_path, name=f"again{seed}", seed=seed)
            assert held.result.verdict is not None
            assert held.result.verdict == again.result.verdict
            answers.add(held.result.verdict.answer)
        assert answers == {"for", "against"}

    async def test_a_later_free_round_does_not_hide_the_vote(self, tmp_path: Path) -> None:
        """Consensus and votes come from the latest round that asked for what is compared, not from free text after."""
        rounds = [
            {"name": "opening", "who": "debater", "hears": "nobody"},
            {"name": "farewell", "who": "debater", "reply": ["text"]},
        ]
        held = await hold(scenario(rounds=rounds), Scripted({"farewell": "Goodbye."}), tmp_path)
        assert held.result.consensus is not None
        assert held.result.consensus.method == "stance"
        assert held.result.verdict is not None
        assert held.result.verdict.answer == "for"


class TestBudget:
    """What does not fit is not sent; the run stops there and can go on."""

    @pytest.mark.parametrize("bound", [1, 2, 4, 5])
    async def test_requests(self, tmp_path: Path, bound: int) -> None:
        """Never more requests than allowed reach the model, and the exit says budget."""
        model = Scripted(seconds={"ana": 0.01})
        held = await hold(scenario(budget={"requests": bound}), model, tmp_path)
        assert len(model.asked) == bound
        assert held.result.status == "stopped"
        assert held.result.stop_reason == "budget"
        assert held.result.verdict is None
        assert held.result.turns.valid == bound

    async def test_money(self, tmp_path: Path) -> None:
        """Money is set aside before a request is sent, so the bound holds however dear the answers are."""
        settings = Settings.model_validate({"prices": {"mine:model": {"input": "1", "output": "1000"}}})
        dear = Completion(text=motion_reply(), usage=Usage(prompt_tokens=100, completion_tokens=100))
        model = Scripted(default=dear)
        asked = scenario(budget={"usd": "0.50"}, sampling={"max_tokens": 100})
        held = await hold(asked, model, tmp_path, settings=settings)
        assert held.result.stop_reason == "budget"
        assert 0 < len(model.asked) < 6
        assert held.result.usage.cost_usd is not None
        assert held.result.usage.cost_usd <= Decimal("0.50")

    async def test_money_without_a_price_is_refused_before_anything_is_asked(self, tmp_path: Path) -> None:
        """A budget in money for a model of unknown price is an error, and names the model."""
        model = Scripted()
        with pytest.raises(SettingsError, match="mine:model"):
            await hold(scenario(budget={"usd": "1"}), model, tmp_path)
        assert model.asked == []


class TestStops:
    """Errors that concern the whole run stop it at once, resumably."""

    @pytest.mark.parametrize(
        ("error", "reason"),
        [(AuthenticationFailed("bad key", status=401), "authentication"), (PaymentRequired("no credit"), "payment")],
    )
    async def test_a_refused_key_stops_the_run(self, tmp_path: Path, error: Exception, reason: str) -> None:
        """A 401 or 402 is met once, not once a turn; nothing is asked after it."""
        model = Scripted({"opening/ana": error}, seconds={"ben": 0.05, "cleo": 0.05})
        held = await hold(scenario(), model, tmp_path)
        assert held.result.status == "stopped"
        assert held.result.stop_reason == reason
        assert not any(turn.startswith("rebuttal") for turn in model.turns())
        assert held.result.turns.failed == 0

    async def test_the_deadline_cuts_off_and_says_possibly_billed(self, tmp_path: Path) -> None:
        """At the deadline requests on the wire are given up; having been sent they may have been billed."""
        model = Scripted(seconds={"ben": 60.0})
        held = await hold(scenario(), model, tmp_path, deadline=0.3)
        assert held.result.stop_reason == "deadline"
        assert held.result.turns.valid == 2
        ben = held.saved.state.turns["opening/ben"]
        assert ben.open_try is not None or [failure.billed for failure in ben.failures] == ["possibly"]

    async def test_stop_drains(self, tmp_path: Path) -> None:
        """A stop lets what is under way finish, asks nothing new, and the run is interrupted."""
        model = Scripted(seconds={"ana": 0.05, "ben": 0.05, "cleo": 0.05})
        async with Engine(models={"mine": model}) as engine:
            run = await engine.prepare(scenario(), transcript=tmp_path / "run.jsonl")
            async with asyncio.TaskGroup() as tasks:
                held = tasks.create_task(run.hold())
                await asyncio.sleep(0.02)
                run.stop()
        assert held.result().status == "stopped"
        assert held.result().stop_reason == "interrupted"
        assert held.result().turns.valid == 3
        assert len(model.asked) == 3

    async def test_stop_with_abort_does_not_wait(self, tmp_path: Path) -> None:
        """An abort leaves what is under way unanswered: asked, in the transcript, and open."""
        model = Scripted(seconds={"ben": 3600.0})
        async with Engine(models={"mine": model}) as engine:
            run = await engine.prepare(scenario(), transcript=tmp_path / "run.jsonl")
            async with asyncio.TaskGroup() as tasks:
                held = tasks.create_task(run.hold())
                await asyncio.sleep(0.05)
                run.stop(abort=True)
        assert held.result().status == "stopped"
        state = load(tmp_path / "run.jsonl").state
        assert state.turns["opening/ben"].open_try is not None
        assert model.in_flight == 0

    async def test_cancelling_settles_the_transcript(self, tmp_path: Path) -> None:
        """A cancelled run raises CancelledError and leaves a transcript that says it is suspended."""
        model = Scripted(seconds={"ben": 3600.0})
        async with Engine(models={"mine": model}) as engine:
            run = await engine.prepare(scenario(), transcript=tmp_path / "run.jsonl")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await run.hold()
        saved = load(tmp_path / "run.jsonl")
        assert saved.state.status == "stopped"
        assert saved.state.suspended is not None
        assert saved.state.suspended.reason == "cancelled"
        assert model.in_flight == 0

    async def test_leaving_a_stream_stops_its_run(self, tmp_path: Path) -> None:
        """Whoever breaks out of the iteration is not handed an exception group, and the run is suspended."""
        model = Scripted(seconds={"ben": 3600.0})
        path = tmp_path / "run.jsonl"
        async with Engine(models={"mine": model}) as engine:
            async with aclosing(engine.stream(scenario(), transcript=path)) as told:
                async for update in told:
                    if getattr(getattr(update.update, "event", None), "kind", "") == "turn_ended":
                        break
            assert load(path).state.status == "stopped"

    async def test_a_stream_yields_every_event(self, tmp_path: Path) -> None:
        """What is streamed is what is written, in the same order."""
        path = tmp_path / "run.jsonl"
        async with Engine(models={"mine": Scripted()}) as engine:
            told = [update.update async for update in engine.stream(scenario(), transcript=path)]
        assert [entry for entry in told if getattr(entry, "event", None)] == list(load(path).entries)

    async def test_a_stream_raises_what_the_run_raises(self, tmp_path: Path) -> None:
        """An error of the run reaches whoever iterates as itself, not wrapped in a group."""
        path = tmp_path / "taken.jsonl"
        path.write_text("")
        async with Engine(models={"mine": Scripted()}) as engine:
            with pytest.raises(TranscriptError, match="taken"):
                async for _ in engine.stream(scenario(), transcript=path):
                    pass


async def test_a_template_needs_a_motion(tmp_path: Path) -> None:
    """A scenario that asks nothing is refused with what to give it; given a motion it runs."""
    blank = scenario(motion=None)
    with pytest.raises(ScenarioError, match="motion"):
        await hold(blank, Scripted(), tmp_path)
    async with Engine(models={"mine": Scripted()}) as engine:
        result = await engine.run(blank, motion="Dogs should vote.", transcript=None)
    assert result.status == "completed"


async def test_a_method_nobody_can_be_compared_by_is_refused(tmp_path: Path) -> None:
    """A method of consensus that compares what no voter is asked for is an error before anything is spent."""
    model = Scripted()
    rounds = [{"name": "opening", "who": "debater", "reply": ["stance"]}]
    with pytest.raises(ScenarioError, match="position"):
        await hold(scenario(rounds=rounds, consensus={"method": "position"}), model, tmp_path)
    assert model.asked == []


class TestEmbedding:
    """Similarity is a number of an embedder, or none with the reason."""

    async def test_similarity_off_leaves_it_out(self, tmp_path: Path) -> None:
        """With ``similarity: off`` nothing is embedded and nothing reported."""

        def embed(_texts: list[str]) -> object:
            pytest.fail("nothing may be embedded")

        held = await hold(scenario(), Scripted(), tmp_path, embedder=embed)
        assert held.result.consensus is not None
        assert held.result.consensus.similarity is None
        assert not [event for event in held.of("scored") if event.measure == "similarity"]

    async def test_an_embedder_that_fails_gives_a_reason_and_no_number(self, tmp_path: Path) -> None:
        """Whatever an embedder raises, the run goes on to its verdict and says why there is no similarity."""

        def embed(_texts: list[str]) -> object:
            raise RuntimeError("no vectors today")

        held = await hold(scenario(consensus={"similarity": "on"}), Scripted(), tmp_path, embedder=embed)
        assert held.result.status == "completed"
        assert held.result.consensus is not None
        assert held.result.consensus.similarity is None
        assert "no vectors today" in (held.result.consensus.similarity_reason or "")
        assert held.result.verdict is not None
        assert held.result.verdict.answer == "for"

    @pytest.mark.parametrize("number", [float("nan"), float("inf")])
    async def test_vectors_without_a_meaning_give_a_reason_and_no_number(self, tmp_path: Path, number: float) -> None:
        """Vectors that hold no number make no similarity, and no line of the transcript that cannot be read back."""

        def embed(texts: list[str]) -> object:
            import numpy as np  # noqa: PLC0415

            return np.full((len(texts), 3), number)

        held = await hold(scenario(consensus={"similarity": "on"}), Scripted(), tmp_path, embedder=embed)
        assert held.result.status == "completed"
        assert held.result.consensus is not None
        assert held.result.consensus.similarity is None
        assert held.result.consensus.similarity_reason

    async def test_an_embedder_of_ones_own_is_used(self, tmp_path: Path) -> None:
        """Any callable from texts to vectors embeds; equal positions have similarity 1."""

        def embed(texts: list[str]) -> object:
            import numpy as np  # noqa: PLC0415

            return np.array([[float(len(text)), 1.0, float(text.count("e"))] for text in texts])

        held = await hold(scenario(consensus={"similarity": "on"}), Scripted(), tmp_path, embedder=embed)
        assert held.result.consensus is not None
        assert held.result.consensus.similarity == pytest.approx(1.0)
        assert held.result.consensus.embedder is not None
        assert (await verify(held.saved)).divergence is None
