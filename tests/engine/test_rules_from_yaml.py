"""Every rule of a decision and every condition, written in YAML, through the engine to a verdict on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from holding import Held, hold, letters
from scripted import UNREADABLE, Scripted

from debate.engine.replaying import verify
from debate.scenario.reading import parse_scenario
from debate.transcript.events import VerdictReached

CHOICE = "{text: Which?, kind: choice, choices: {A: Jupiter, B: Saturn, C: Uranus}}"
VOTERS = ("a", "b", "c", "d", "e")


def yaml(
    decision: str,
    *,
    reply: str = "[answer, confidence]",
    question: str = CHOICE,
    who: tuple[str, ...] = VOTERS,
    rounds: str = "",
    people: str = "",
) -> str:
    """A question, its voters in one blind round, more rounds where they are given, and a decision."""
    return f"""
debate: 1
name: rules
question: {question}
models: {{only: "mine:model"}}
participants: {{{", ".join(f"{name}: {{}}" for name in who)}{people}}}
rounds:
  - {{name: vote, who: [{", ".join(who)}], hears: nobody, reply: {reply}}}
{rounds}
decision: {decision}
consensus: {{similarity: off}}
"""


async def decided(text: str, lines: Mapping[str, str], folder: Path, *, seed: int = 0) -> VerdictReached:
    """The verdict of a debate that was held, which a replay of its transcript must reach again."""
    held = await held_of(text, lines, folder, seed=seed)
    verdict = held.saved.state.verdict
    assert verdict is not None
    return verdict


async def held_of(text: str, lines: Mapping[str, str], folder: Path, *, seed: int = 0) -> Held:
    """The debate as it was held; its transcript is shown to be consistent."""
    held = await hold(parse_scenario(text), Scripted(dict(lines)), folder, seed=seed, embedder=letters)
    assert held.result.status == "completed", held.result.stop_reason
    assert (await verify(held.saved)).divergence is None
    return held


def answers(*given: str | None) -> dict[str, str]:
    """What each voter says: its answer, ``A 90`` with a confidence, None for nothing that can be read."""
    found = {}
    for name, said in zip(VOTERS, given, strict=False):
        answer, _, confidence = (said or "").partition(" ")
        found[name] = UNREADABLE if said is None else f"So.\nANSWER: {answer}\nCONFIDENCE: {confidence or 70}"
    return found


def footers(tag: str, *given: str) -> dict[str, str]:
    """What each voter puts under one tag."""
    return {name: f"So.\n{tag}: {said}" for name, said in zip(VOTERS, given, strict=False)}


THREE_TWO = answers("A", "A", "B", "B", "B")
SPLIT = answers("A", "A", "B", "B", None)


class Case(NamedTuple):
    """A rule as written, what is said, and what comes of it."""

    rule: str
    said: dict[str, str]
    answer: str | None
    votes: dict[str, float] | None
    denominator: float


BY_ANSWER = [
    Case("plurality", answers("A", "A", "B", "C", "C"), None, {"A": 2, "B": 1, "C": 2}, 5),
    Case("plurality", THREE_TWO, "B", {"A": 2, "B": 3}, 5),
    Case("majority", THREE_TWO, "B", {"A": 2, "B": 3}, 5),
    Case("majority", answers("A", "A", "B", None, None), None, {"A": 2, "B": 1}, 5),
    Case("{by: majority, abstain: ignored}", answers("A", "A", "B", None, None), "A", {"A": 2, "B": 1}, 3),
    Case("{by: {supermajority: 0.66}}", THREE_TWO, None, {"A": 2, "B": 3}, 5),
    Case("{by: {supermajority: 0.6}}", THREE_TWO, "B", {"A": 2, "B": 3}, 5),
    Case("unanimity", THREE_TWO, None, {"A": 2, "B": 3}, 5),
    Case("unanimity", answers("C", "C", "C", "C", "C"), "C", {"C": 5}, 5),
    Case(
        "{by: {weighted: confidence}}", answers("A 100", "A 95", "B 60", "B 60", "B 60"), "A", {"A": 1.8, "B": 0.3}, 2.1
    ),
    Case("{by: majority, else: plurality}", answers("A", "A", "B", "C", None), "A", {"A": 2, "B": 1, "C": 1}, 5),
    Case("medoid", answers("A", "A", "A", "B", "C"), "A", None, 1),
    Case("trajectory", THREE_TWO, "B", {"A": 40, "B": 60}, 100),
]


@pytest.mark.parametrize("case", BY_ANSWER)
async def test_rules_over_answers(case: Case, tmp_path: Path) -> None:
    """Each rule gives the answer, the votes and the denominator that its definition gives by hand."""
    rule, said, answer, votes, denominator = case
    verdict = await decided(yaml(rule), said, tmp_path)
    assert verdict.answer == answer
    assert verdict.denominator == pytest.approx(denominator)
    if votes is not None:
        assert dict(verdict.votes) == pytest.approx(votes)
    assert (verdict.answer is None) == (verdict.confidence is None)
    assert answer is not None or verdict.reason


BY_BALLOT = [
    (
        "ballot",
        Case("approval", footers("BALLOT", "A, B", "B", "B, C", "none", "C"), "B", {"A": 1, "B": 3, "C": 2}, 5),
    ),
    (
        "ballot",
        Case(
            "cumulative",
            footers("BALLOT", "A=7, B=3", "A=7, B=3", "B=10, A=0", "B=5, C=5", "C=9, B=1"),
            "B",
            {"A": 14, "B": 22, "C": 14},
            50,
        ),
    ),
    (
        "ranking",
        Case("borda", footers("RANKING", *["A > B > C"] * 3, *["B > C > A"] * 2), "B", {"A": 6, "B": 7, "C": 2}, 10),
    ),
    (
        "ranking",
        Case(
            "irv",
            footers("RANKING", "A > C > B", "A > C > B", "B > C > A", "B > C > A", "C > B > A"),
            "B",
            {"A": 2, "B": 3},
            5,
        ),
    ),
    (
        "ranking",
        Case("condorcet", footers("RANKING", *["A > C > B"] * 2, *["B > C > A"] * 2, "C > A > B"), "C", None, 2),
    ),
    (
        "scores",
        Case(
            "{by: {score: mean}}",
            footers("SCORES", *["A=10, B=6, C=0"] * 2, *["A=0, B=7, C=1"] * 3),
            "B",
            {"A": 4, "B": 6.6, "C": 0.6},
            10,
        ),
    ),
    (
        "scores",
        Case(
            "{by: {score: median}}",
            footers("SCORES", *["A=10, B=9, C=8"] * 2, "A=9, B=8, C=8", *["A=0, B=8, C=8"] * 2),
            "A",
            {"A": 9, "B": 8, "C": 8},
            10,
        ),
    ),
]


@pytest.mark.parametrize(("field", "case"), BY_BALLOT)
async def test_rules_over_ballots_rankings_and_scores(field: str, case: Case, tmp_path: Path) -> None:
    """The field a rule counts is asked for in its own words, read, and counted by that rule."""
    rule, said, answer, votes, denominator = case
    verdict = await decided(yaml(rule, reply=f"[{field}]"), said, tmp_path)
    assert (verdict.answer, verdict.denominator) == (answer, denominator)
    if votes is not None:
        assert dict(verdict.votes) == pytest.approx(votes)


async def test_weights_of_the_scenario_count_where_a_rule_weighs_by_them(tmp_path: Path) -> None:
    """One voter of weight 3 outvotes two of weight 1."""
    text = yaml("{by: {weighted: weight}}", who=("a", "b"), people=", c: {weight: 3}").replace("[a, b]", "[a, b, c]")
    verdict = await decided(text, answers("A", "A", "B"), tmp_path)
    assert (verdict.answer, dict(verdict.votes), verdict.denominator) == ("B", {"A": 2, "B": 3}, 5)


JUDGED = {"people": ", referee: {role: judge}", "rounds": "  - {name: ruling, who: referee, hears: {from: debater}}"}


async def test_a_participant_decides_and_the_votes_stand_beside_it(tmp_path: Path) -> None:
    """The judge's answer is the verdict, against the voters' plurality, which the verdict shows."""
    said = {**THREE_TWO, "referee": "So.\nPOSITION: It is A.\nANSWER: A\nCONFIDENCE: 80"}
    verdict = await decided(yaml("{by: referee, else: plurality}", **JUDGED), said, tmp_path)
    assert (verdict.answer, verdict.by, dict(verdict.votes), verdict.confidence) == (
        "A",
        "referee",
        {"A": 2, "B": 3},
        0.8,
    )
    assert {one.participant for one in verdict.dissent} == {"c", "d", "e"}


async def test_without_a_judges_answer_the_fallback_decides(tmp_path: Path) -> None:
    """A judge that cannot be read decides nothing, and the verdict says which rule did and why."""
    said = {**THREE_TWO, "referee": UNREADABLE}
    verdict = await decided(yaml("{by: referee, else: plurality}", **JUDGED), said, tmp_path)
    assert (verdict.answer, verdict.by, verdict.fallback_from) == ("B", "plurality", "referee")
    assert "unreadable" in (verdict.reason or "")


@pytest.mark.parametrize(("said", "answer"), [("B", "B"), ("A", None), (None, "B")])
async def test_a_veto_takes_an_answer_away(said: str | None, answer: str | None, tmp_path: Path) -> None:
    """Another choice of the holder vetoes, the same one or silence does not; its own round is no vote."""
    spoken = UNREADABLE if said is None else f"So.\nPOSITION: I say.\nANSWER: {said}\nCONFIDENCE: 80"
    lines = {**THREE_TWO, "referee": spoken}
    verdict = await decided(yaml("{by: {veto: referee, over: plurality}}", **JUDGED), lines, tmp_path)
    assert verdict.answer == answer
    assert (dict(verdict.votes), verdict.denominator) == ({"A": 2, "B": 3}, 5)


@pytest.mark.parametrize("tie", ["lot", "{lot: seeded}"])
async def test_a_lot_is_drawn_from_the_runs_seed(tie: str, tmp_path: Path) -> None:
    """The same seed draws the same of the tied, another seed may draw another, and what was not tied is never drawn."""
    drawn = []
    for seed in range(8):
        verdict = await decided(yaml(f"{{by: plurality, tie: {tie}}}"), SPLIT, tmp_path / str(seed), seed=seed)
        assert verdict.tied == ("A", "B")
        drawn.append(verdict.answer)
    assert set(drawn) == {"A", "B"}
    again = await decided(yaml(f"{{by: plurality, tie: {tie}}}"), SPLIT, tmp_path / "again", seed=3)
    assert again.answer == drawn[3]


async def test_an_earlier_round_breaks_a_tie(tmp_path: Path) -> None:
    """Of those that are level in the end wins the one that was ahead an iteration before."""
    rounds = "  - {name: again, who: [a, b, c, d, e], reply: [answer, confidence]}"
    lines = {**SPLIT, **{f"vote/{who}": text for who, text in answers("B", "A", "B", "B", "C").items()}}
    verdict = await decided(yaml("{by: plurality, tie: earlier_round}", rounds=rounds), lines, tmp_path)
    assert (verdict.answer, verdict.tied, verdict.reason) == ("B", ("A", "B"), "ahead 1 iteration earlier")


async def test_a_participant_breaks_a_tie_without_voting(tmp_path: Path) -> None:
    """The referee's own round is no vote: its answer only says which of the tied wins."""
    lines = {**SPLIT, "referee": "So.\nPOSITION: It is A.\nANSWER: A\nCONFIDENCE: 80"}
    held = await held_of(yaml("{by: plurality, tie: referee}", **JUDGED), lines, tmp_path)
    verdict = held.saved.state.verdict
    assert verdict is not None
    assert (verdict.answer, verdict.reason) == ("A", "referee's choice")
    assert (dict(verdict.votes), verdict.denominator) == ({"A": 2, "B": 2}, 5)
    assert held.result.consensus is not None
    assert held.result.consensus.n_valid == 4


OPEN = "{text: Who explains it best?, kind: open}"
ABOUT = "  - {name: poll, who: [a, b, c], hears: {from: everyone, names: alias}, reply: [ballot]}"


def for_whom(heard: str) -> str:
    """A ballot for a label."""
    return f"So.\nBALLOT: {heard}"


async def test_a_vote_about_the_speakers_is_on_their_labels_and_won_by_a_participant(tmp_path: Path) -> None:
    """Under an alias each one votes for another; the verdict names the participant and gives what it answered."""
    who = ("a", "b", "c")
    text = yaml("plurality", question=OPEN, who=who, rounds=ABOUT)
    model = Scripted(answers("one", "two", "three"))
    scenario = parse_scenario(text)
    probe = await hold(scenario, model, tmp_path, name="probe")
    asked = {event.turn: event for event in probe.of("turn_asked")}
    label = {
        voter: {heard.turn.partition("/")[2]: heard.label for heard in asked[f"poll/{voter}"].recipe.heard}
        for voter in who
    }
    votes = {
        "poll/a": for_whom(label["a"]["b"]),
        "poll/b": for_whom(label["b"]["c"]),
        "poll/c": for_whom(label["c"]["b"]),
    }
    verdict = await decided(text, {**answers("one", "two", "three"), **votes}, tmp_path)
    assert (verdict.winner, verdict.answer, dict(verdict.votes)) == ("b", "two", {"b": 2, "c": 1})


async def test_a_vote_for_oneself_counts_only_where_the_scenario_says_so(tmp_path: Path) -> None:
    """With ``self_vote: counts`` each voter may name itself and wins by it; otherwise nobody is offered itself."""
    rounds = "  - {name: poll, who: [a, b, c], hears: {from: everyone}, reply: [ballot], about: speakers}"
    lines = {**answers("one", "two", "three"), "poll/a": for_whom("yourself"), "poll/b": for_whom("a")}
    lines["poll/c"] = for_whom("b")
    text = yaml("{by: plurality, self_vote: counts}", question=OPEN, who=("a", "b", "c"), rounds=rounds)
    verdict = await decided(text, lines, tmp_path)
    assert (verdict.winner, verdict.answer, dict(verdict.votes)) == ("a", "one", {"a": 2, "b": 1})
    held = await held_of(yaml("plurality", question=OPEN, who=("a", "b", "c"), rounds=rounds), lines, tmp_path / "x")
    assert held.ended("poll/a").outcome == "unreadable"
    assert held.saved.state.verdict is not None
    assert dict(held.saved.state.verdict.votes) == {"a": 1, "b": 1}


async def test_a_fallback_counts_the_last_vote_of_its_own_kind(tmp_path: Path) -> None:
    """Where the rankings tie, plurality counts the answers that were given a round before them."""
    rounds = "  - {name: rank, who: [a, b, c, d, e], hears: everyone, reply: [ranking]}"
    ranked = {f"rank/{who}": text for who, text in footers("RANKING", "A > B > C", "B > A > C").items()}
    ranked |= {f"rank/{who}": UNREADABLE for who in ("c", "d", "e")}
    text = yaml("{by: borda, else: plurality}", rounds=rounds)
    verdict = await decided(text, {**THREE_TWO, **ranked}, tmp_path)
    assert (verdict.answer, verdict.by, verdict.fallback_from) == ("B", "plurality", "borda")
    assert dict(verdict.votes) == {"A": 2, "B": 3}


async def test_equal_formulas_are_one_answer_in_gate_score_and_verdict(tmp_path: Path) -> None:
    """``(x+1)^2`` and its expansion are one position, one camp and one option, though they are written otherwise."""
    question = "{text: Expand., kind: expression}"
    rounds = "  - {name: again, who: [a, b, c], when: {not: {share: 1}}, hears: everyone, reply: [answer]}"
    text = yaml("unanimity", question=question, who=("a", "b", "c"), rounds=rounds)
    said = answers("$(x+1)^2$", "$x^2+2x+1$", r"$\left(1+x\right)^2$")
    held = await held_of(text, said, tmp_path)
    verdict, consensus = held.saved.state.verdict, held.result.consensus
    assert verdict is not None
    assert (verdict.denominator, len(verdict.votes), verdict.dissent) == (3, 1, ())
    assert verdict.answer is not None
    assert consensus is not None
    assert (consensus.agreement, len(consensus.camps), consensus.unanimous) == (1, 1, True)
    assert consensus.camps[0].label == verdict.answer
    assert held.saved.state.gates["again?when"].holds is False
