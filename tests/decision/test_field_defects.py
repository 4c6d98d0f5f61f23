"""Defects seen in other systems, each with a test that it is not here.

The numbers are those of the list in the field survey. What concerns reading and voting is tested here, what concerns
whole runs beside the engine; ``WHERE`` names the test of each.
"""

import builtins
import re
from pathlib import Path

import pytest

from debate.decision.ballots import Ballot, ballot_of
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.rule import Rule, parse_rule
from debate.decision.stopping import Facts, Standing, evaluate
from debate.reply.answers import canonical, equivalent
from debate.reply.reading import read
from debate.reply.spec import ReplySpec
from debate.scenario.conditions import ShareReached

HERE = "decision/test_field_defects.py"
RUNS = "engine/test_field_defects_in_runs.py"

WHERE = {
    1: ("an unparsed answer counts as right", HERE),
    2: ("a parse failure becomes a random answer", HERE),
    3: ("digits, signs, markdown and fractions are misread", HERE),
    4: ("failed samples are drawn again", RUNS),
    5: ("a failed proposer vanishes", RUNS),
    6: ("a failed voter is missing from the denominator", HERE),
    7: ("the third opinion is hidden", RUNS),
    8: ("a filter goes by the place in the loop", RUNS),
    9: ("a tie is broken by chance or by who came first", HERE),
    10: ("what is said leaks into its own round", "engine/test_running.py"),
    11: ("model text is evaluated", HERE),
    12: ("output is deleted, or written at the end alone", RUNS),
    13: ("the log names another model", RUNS),
    14: ("samples are there twice, or not at all", RUNS),
    15: ("how often anyone was right is published as the debate's accuracy", HERE),
    16: ("random vectors stand for a failed embedding", RUNS),
    17: ("a turn is replaced when the context overflows", RUNS),
}
"""Defect to what it is and the file, below ``tests``, whose test is named after its number; 10 is named in words."""

PLURALITY = Decision(by=Rule(name="plurality"))
CHOICE = ReplySpec(fields=("answer",), kind="choice", choices={key: key for key in "ABCD"})
NUMBER = ReplySpec(fields=("answer",), kind="number")
EXPRESSION = ReplySpec(fields=("answer",), kind="expression")


def ballots(*choices: str | None) -> tuple[Ballot, ...]:
    """One ballot a choice, None for a voter that could not be read."""
    return tuple(
        Ballot(participant=f"v{i}", choice=choice, reason=None if choice is not None else "unreadable")
        for i, choice in enumerate(choices)
    )


def test_1_an_unparsed_answer_is_never_right() -> None:
    """Du: a prediction of None was scored as correct. An unreadable reply has no answer that could equal a gold one."""
    reading = read("I cannot tell.", NUMBER)
    assert reading.reply.answer is None
    assert not reading.readable
    verdict = decide(PLURALITY, Material(ballots=ballots(None, None)))
    assert verdict.answer is None
    assert verdict.reason == "no vote to count (2 unreadable)"


def test_2_an_unparsed_answer_is_never_made_up() -> None:
    """ReConcile: a parse failure became a random choice. It stays missing, every time the same."""
    text = "It could be any of (A), (B), (C) and (D)."
    assert {read(text, CHOICE).reply.answer for _ in range(50)} == {None}


@pytest.mark.parametrize(
    ("written", "gold"),
    [("70,000", "70000"), ("-15", "-15"), ("$65,000", "65000"), ("The answer is -15.", "-15")],
)
def test_3_numbers_keep_their_digits_and_their_sign(written: str, gold: str) -> None:
    """LLM-Agora, Du: 70,000 became 0 or 000 and -15 lost its sign."""
    assert read(f"ANSWER: {written}", NUMBER).reply.answer == gold
    assert canonical("000", NUMBER) != gold


def test_3_letters_lose_their_markdown_and_fractions_are_numbers() -> None:
    """Governance: H** was another option than H; deepconf: votes for 0.5 and 1/2 were not merged."""
    assert canonical("H**", ReplySpec(fields=("answer",), kind="choice")) == "H"
    assert equivalent(r"\boxed{\frac12}", "0.5", EXPRESSION)
    assert equivalent("1/2", "0.5", NUMBER)


def test_5_and_6_a_failed_voter_stays_in_the_denominator() -> None:
    """aragora: failed voters were missing from the majority's denominator. MoA: a failed proposer silently vanished."""
    voters = (*ballots("A", "A", "B"), ballot_of("v3", None, CHOICE, absence="failed"), *ballots(None))
    verdict = decide(Decision(by=parse_rule("majority")), Material(ballots=voters))
    assert verdict.answer is None
    assert verdict.denominator == 5
    assert {one.reason for one in verdict.abstentions} == {"failed", "unreadable"}
    condition = ShareReached(share=0.6)
    standing = Standing(expected=("a", "b", "c", "d", "e"), positions={"a": "A", "b": "A"})
    assert not evaluate(condition, Facts(standings=(standing,))).holds


def test_7_a_third_opinion_is_counted_and_shown() -> None:
    """ReConcile dropped all but the two largest groups. The verdict holds every choice and every dissenter."""
    verdict = decide(PLURALITY, Material(ballots=ballots("A", "A", "A", "B", "B", "C")))
    assert verdict.votes == {"A": 3, "B": 2, "C": 1}
    assert [one.choice for one in verdict.dissent] == ["B", "B", "C"]


def test_9_a_tie_is_no_accident() -> None:
    """GPTSwarm broke ties unseeded, others took the first of 1-1-1. Here nobody wins, or the seed's lot does."""
    tied = ballots("A", "B", "C")
    assert decide(PLURALITY, Material(ballots=tied)).answer is None
    by_lot = Decision(by=Rule(name="plurality"), tie="lot")
    for seed in range(10):
        answers = {decide(by_lot, Material(ballots=order, seed=seed)).answer for order in (tied, tied[::-1])}
        assert len(answers) == 1
    assert len({decide(by_lot, Material(ballots=tied, seed=seed)).answer for seed in range(30)}) == 3


def test_11_model_text_is_never_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """MAD called eval() on what a model wrote. Nothing here reaches eval, exec, compile or import."""
    hostile = "__import__('os').system('touch /tmp/owned')"

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("model text was evaluated")

    # Whatever is imported lazily is imported first, since importing compiles.
    read(r"ANSWER: \frac{1}{2}", EXPRESSION)
    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, forbidden)
    for kind in ("open", "number", "choice", "set", "expression"):
        spec = ReplySpec(fields=("answer",), kind=kind)
        read(f'ANSWER: {hostile}\n{{"answer": "{hostile}"}}', spec)
        equivalent(hostile, "1", spec)


def test_15_a_majority_is_not_an_oracle() -> None:
    """LLM-Agora published how often anyone was right as the debate's accuracy. One right voter of three is outvoted."""
    gold = "B"
    verdict = decide(PLURALITY, Material(ballots=ballots("A", "A", gold)))
    assert verdict.answer != gold
    assert gold in verdict.votes


@pytest.mark.parametrize("number", range(1, 18))
def test_each_of_the_seventeen_has_a_test(number: int) -> None:
    """The table names a file for every defect, and that file holds a test named after it."""
    text = (Path(__file__).parents[1] / WHERE[number][1]).read_text(encoding="utf-8")
    named = "test_nobody_hears_the_same_round" if number == 10 else rf"test_(\d+_and_)?{number}_"
    assert re.search(rf"def {named}", text)
