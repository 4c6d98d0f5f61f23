"""Numbers, money and texts as a person reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from debate.report.words import columns, cut, listed, money, plural, printable, seconds, span, table, wrapped


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, "unknown"),
        ("0", "$0"),
        ("0.000280", "$0.00028"),
        ("0.0292", "$0.029"),
        ("0.096", "$0.096"),
        ("0.1", "$0.10"),
        ("0.641", "$0.64"),
        ("12.345", "$12.35"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_money_shows_what_says_something(amount: str | None, shown: str) -> None:
    """Cents from a dime on, two telling digits below; what nobody knows is unknown and never 0."""
    assert money(None if amount is None else Decimal(amount)) == shown


@given(st.decimals(min_value="0.0000001", max_value="100000", places=9).filter(lambda d: d > 0))
def test_money_is_near_the_truth_and_never_nothing(amount: Decimal) -> None:
    """What is shown differs from the amount by less than a twentieth, and no cost looks like none."""
    shown = Decimal(money(amount).removeprefix("$").replace(",", ""))
    assert shown > 0
    assert abs(shown - amount) <= amount / 20


@given(st.text(max_size=200), st.integers(1, 60))
def test_a_text_is_cut_to_its_width(text: str, width: int) -> None:
    """Wide letters count double, and what fits is left alone."""
    shown = cut(text, width)
    assert columns(shown) <= width
    assert shown == text or shown.endswith("…")
    assert (shown == text) == (columns(text) <= width)


@given(st.text(max_size=300), st.integers(5, 80))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    """All words are there in their order; only a word that is longer by itself is wider."""
    lines = wrapped(text, width)
    assert " ".join(lines).split() == printable(text).split()
    assert all(columns(line) <= width or " " not in line for line in lines)


@given(st.text(max_size=200))
def test_nothing_printable_commands_a_terminal(text: str) -> None:
    """No escape, no control character, no mark that turns the direction of reading; line ends stay."""
    shown = printable(text)
    assert not any(ord(letter) < 32 and letter not in "\n\t" for letter in shown)
    assert not any(0x7F <= ord(letter) <= 0x9F for letter in shown)
    assert not any(0x202A <= ord(letter) <= 0x202E or 0x2066 <= ord(letter) <= 0x2069 for letter in shown)


def test_small_words() -> None:
    """Counts, spans, lists and times in their short forms."""
    assert [plural(1, "turn"), plural(2, "turn"), plural(1200, "reply")] == ["1 turn", "2 turns", "1,200 replies"]
    assert [span(9, 9), span(9, 1700)] == ["9", "9-1,700"]
    assert [listed(["a", "b"], 2), listed(["a", "b", "c"], 1)] == ["a, b", "a and 2 more"]
    assert [seconds(0.44), seconds(12.3), seconds(200)] == ["0.4 s", "12 s", "3 min 20 s"]


def test_a_table_lines_up_in_columns_of_a_terminal() -> None:
    """Wide letters push nothing out of place, and only the last cell is cut."""
    assert table([("名", "one"), ("abc", "two and more")], width=10) == ["名   one", "abc  two…"]
