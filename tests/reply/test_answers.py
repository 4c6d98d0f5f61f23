"""When two answers are the same."""

import itertools
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.reply.answers import answer_classes, canonical, equivalent, representatives
from debate.reply.expressions import expression_key
from debate.reply.formulas import NotAFormula, values
from debate.reply.numbers import parse_number, write_number
from debate.reply.reply import QuestionKind
from debate.reply.spec import ReplySpec

PLANETS = {"A": "Jupiter", "B": "Saturn", "C": "The Moon", "D": "A and B"}


def spec(kind: QuestionKind, choices: dict[str, str] | None = None) -> ReplySpec:
    """A spec that asks for an answer of a kind."""
    return ReplySpec(fields=("answer",), kind=kind, choices=choices or {})


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("B", "B"), ("b", "B"), ("(b)", "B"), ("B.", "B"), ("B**", "B"), ("**B**", "B"), ("[B]", "B"),
        ("Option B", "B"),
        ("option (b)", "B"), ("B) Saturn", "B"), ("(B) Saturn", "B"), ("B: Saturn", "B"), ("B - Saturn", "B"),
        ("Saturn", "B"), ("saturn.", "B"), ("Saturn (B)", "B"), ("B Saturn", "B"), (r"\boxed{B}", "B"),
        (r"\text{(B)}", "B"), ("the moon", "C"), ("Moon", "C"), ("A and B", "D"), ("D", "D"),
        ("B) Jupiter", None), ("Jupiter (B)", None), ("A, B", None), ("A or B", None), ("E", None), ("", None),
        ("none of these", None), ("**", None), ("a planet", None),
    ],
)  # fmt: skip
def test_choices(written: str, key: str | None) -> None:
    """Letter, text or both; a letter that contradicts its text, two letters and an unknown one are no choice."""
    assert canonical(written, spec("choice", PLANETS)) == key


def test_choices_need_not_be_letters() -> None:
    """Options may be words; without options a letter from A to J is expected."""
    yes_no = spec("choice", {"yes": "yes", "no": "no"})
    assert canonical("Yes.", yes_no) == "yes"
    assert canonical("maybe", yes_no) is None
    assert canonical("H**", spec("choice")) == "H"
    assert canonical("K", spec("choice")) is None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("70,000", "70000"), ("70000", "70000"), ("70000.00", "70000"), ("$65,000", "65000"), ("-15", "-15"),
        ("\u221215", "-15"), ("-$15", "-15"), ("$-15", "-15"), ("+7", "7"), ("1e3", "1000"), ("2.5e-2", "0.025"),
        ("3/4", "0.75"), ("1/3", "1/3"), ("2/6", "1/3"), ("1 1/2", "1.5"), (".5", "0.5"), ("45%", "45"), ("45 %", "45"),
        ("12 km", "12"), ("18 [/OUT]", "18"), ("3 bolts", "3"), ("18**", "18"), ("x = 5", "5"),
        ("16 - 7 = 9 eggs", "9"),
        ("about 3.5", "3.5"), ("1.2 million", "1200000"), ("2 \u00d7 10^3", "2000"), (r"\boxed{18}", "18"),
        (r"\frac{1}{2}", "0.5"), ("$70,000**", "70000"), ("1 000 000", "1000000"), ("-0", "0"),
        ("12 or 13", None), ("between 3 and 5", None), ("many", None), ("1e999999", None), ("9" * 200, None),
        ("1/0", None),
    ],
)  # fmt: skip
def test_numbers(written: str, value: str | None) -> None:
    """Separators, signs, currencies, units, exponents and ratios; two numbers are none, and so is an absurd one."""
    assert canonical(written, spec("number")) == value


@given(st.fractions(max_denominator=10**6))
def test_numbers_are_written_in_one_way(value: Fraction) -> None:
    """Writing and reading a number gives it back exactly."""
    assert parse_number(write_number(value)) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12))
def test_separators_do_not_change_a_number(value: Decimal) -> None:
    """70,000.5000 is 70000.5, negative or not."""
    assert parse_number(f"{value:,}") == parse_number(f"{value}") == Fraction(value)


@pytest.mark.parametrize(
    "same",
    [
        [r"\boxed{\frac12}", "0.5", "1/2", r"$\dfrac{1}{2}$", r"\tfrac{1}{2}", ".5", r"\frac 1 2"],
        [r"\frac{x+2}{7}", "(x+2)/7", "x/7 + 2/7"],
        ["70,000", "70000", "70{,}000", "$70{,}000$", r"70,\!000", r"70\,000"],
        [r"\sqrt{2}\sqrt{2}", "2"], [r"2\sqrt{3}", r"\sqrt{12}", r"\sqrt{3}\cdot 2"],
        ["(1,2)", "(1, 2)", r"\left(1,2\right)"], ["1,-2", "-2, 1", "1 and -2", r"\{1,-2\}"],
        [r"(-\infty,3]", r"\left(-\infty, 3\right]"], [r"(1,2)\cup(3,4)", r"(3,4) \cup (1,2)"],
        [r"5\text{ cm}", "5", "5 cm", r"5\mbox{ cm}^2"], ["x=5", "5"], ["x^2+y^2=1", "2x^2 + 2y^2 = 2"],
        [r"\text{Evelyn}", "Evelyn", "evelyn."], ["1011_2", "1011_{2}"], [r"90^\circ", "90", "90^{\\circ}"],
        [r"1\frac{1}{2}", "3/2", "1.5"], [r"\frac{\pi}{2}", r"\pi/2", "pi/2"], [r"3\pm\sqrt{2}", r"3+\sqrt2, 3-\sqrt2"],
        ["10!", "3628800"], [r"\binom{5}{2}", "10"], [r"\sin^2 x + \cos^2 x", "1"], ["|x|", r"\lvert x\rvert"],
        ["(x+5)^2", "x^2+10x+25"], ["2^{10}", "1024"], [r"\sqrt[3]{-8}", "-2"],
        [r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"], [r"10\%", "10"],
        ["x \\in [1,2]", "[1,2]"], [r"1 \text{ or } 2", "1, 2"],
    ],
)  # fmt: skip
def test_expressions_that_are_the_same(same: list[str]) -> None:
    """However LaTeX dresses it, and whatever algebra rearranges."""
    for first, second in itertools.product(same, repeat=2):
        assert equivalent(first, second, spec("expression")), (
            first,
            second,
            expression_key(first),
            expression_key(second),
        )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("0.5", "0.51"), ("(1,2)", "(2,1)"), ("(1,2)", "[1,2]"), ("3x", "3"), ("x", "y"), ("x^2", "2x"), ("abc", "cab"),
        (r"\sqrt{2}", "1.414"), ("0.333", "1/3"), ("x<5", "x>5"), ("-15", "15"), ("12345678901234", "12345678901235"),
        (r"\frac{1}{2}", r"\frac{2}{1}"), ("1011_2", "1011"), ("even", "odd"), ("x+1=0", "x-1=0"),
    ],
)  # fmt: skip
def test_expressions_that_are_not(first: str, second: str) -> None:
    """A near value, another order, another variable or another bracket is another answer."""
    assert not equivalent(first, second, spec("expression"))


@pytest.mark.parametrize(
    "text",
    ["9^9^9^9", "(" * 300, "-" * 300, "1/0", "x" * 500, "|" * 99, r"\frac" * 50, "100!!!", r"\sqrt[" * 50, "0^{-1}",
     "__import__('os')", "10^{400}^{400}", "((1)", r"\log 0", "2^{x^{x^{x^{999}}}}"],
)  # fmt: skip
def test_what_is_no_formula_is_refused_and_still_comparable(text: str) -> None:
    """Hostile, boundless and undefined texts end in an error of the grammar, never in a value or a hang."""
    with pytest.raises(NotAFormula):
        values(text)
    assert equivalent(text, text, spec("expression"))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("{1, 2, 3}", "3, 2 and 1", True), (r"\{1,2\}", "1; 2", True), ("1, 1, 2", "2,1", True),
        ("{1/2}", "0.5", True), ("{}", r"\emptyset", True),
        ("red, blue", "Blue and red", True), ("1, 2", "1, 3", False),
    ],
)  # fmt: skip
def test_sets(first: str, second: str, same: bool) -> None:  # noqa: FBT001 - a parameter of the table
    """Order and repetition do not matter, members do."""
    assert equivalent(first, second, spec("set")) is same


def test_sets_of_choices() -> None:
    """Letters and texts, run together or apart; an unknown member makes it no set of choices."""
    of_planets = spec("set", PLANETS)
    assert (
        canonical("C, A", of_planets)
        == canonical("AC", of_planets)
        == canonical("Jupiter; Moon", of_planets)
        == "{A, C}"
    )
    assert canonical("A, Pluto", of_planets) is None


def test_open_phrases() -> None:
    """Case, dressing, articles and closing stops do not matter; words do."""
    open_ = spec("open")
    assert len({canonical(text, open_) for text in ("The Eiffel Tower", "*eiffel tower*.", "  Eiffel  tower")}) == 1
    assert canonical("70,000", open_) == canonical("$70000", open_) == "70000"
    assert not equivalent("Paris", "London", open_)
    assert canonical("  ", open_) is None


_ANSWERS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["1/2", "0.5", "(b)", "B", "Saturn", "{1, 2}", "2,1", "x+1", "1+x", r"\frac12", "the B", "70,000"]),
)
_KINDS = st.sampled_from([spec("open"), spec("number"), spec("choice", PLANETS), spec("set"), spec("expression")])


@given(st.lists(_ANSWERS, max_size=6), _KINDS)
def test_sameness_is_an_equivalence(answers: list[str], asked: ReplySpec) -> None:
    """Reflexive, symmetric, transitive; classes and representatives agree with it."""
    for first, second in itertools.product(answers, repeat=2):
        assert equivalent(first, second, asked) == equivalent(second, first, asked)
    for answer in answers:
        assert equivalent(answer, answer, asked)
    classes = answer_classes(answers, asked)
    assert sorted(index for indices in classes for index in indices) == list(range(len(answers)))
    for indices in classes:
        assert all(equivalent(answers[indices[0]], answers[index], asked) for index in indices)
    firsts = [answers[indices[0]] for indices in classes]
    assert not any(equivalent(first, second, asked) for first, second in itertools.combinations(firsts, 2))
    assert set(representatives(answers, asked)) == set(firsts)


@given(_ANSWERS, _KINDS)
def test_the_canonical_form_is_its_own(answer: str, asked: ReplySpec) -> None:
    """Reading a canonical answer again changes nothing, so transcripts can be rescored any number of times."""
    once = canonical(answer, asked)
    if once is not None:
        assert canonical(once, asked) == once
        assert equivalent(answer, once, asked)
