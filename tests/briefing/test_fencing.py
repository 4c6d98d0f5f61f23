"""What others said is material: behind a fence that no text can leave, without anything a reader cannot see."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import few

from debate.briefing.fencing import clean, fence

anything = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\u202e\u200b\ufeff\x00\x1b\ud800\U000e0041>` "),
    ),
    max_size=60,
)


@given(anything)
def test_every_line_stands_behind_the_mark(text: str) -> None:
    """However lines are ended, each one of a fenced text begins with the mark."""
    for line in fence(text).splitlines():
        assert line == ">" or line.startswith("> ")


@given(anything)
def test_nothing_unseen_is_left(text: str) -> None:
    """No control character but the line feed, no surrogate, no bidirectional or tag character comes through."""
    for character in clean(text):
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        assert character not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff"
        assert not "\U000e0000" <= character <= "\U000e007f"
    clean(text).encode()


@few
@given(st.text(st.characters(categories=["L", "N", "P", "Zs", "So"]), max_size=60))
def test_what_can_be_seen_is_kept(text: str) -> None:
    """Letters, numbers, punctuation and emoji are not touched."""
    assert clean(text) == text


@pytest.mark.parametrize("kept", ["👩\u200d🔬", "می\u200cخواهم", "a\tb", "naïve"])  # noqa: RUF001 - Persian, with the non-joiner it needs
def test_joiners_that_scripts_need_are_kept(kept: str) -> None:
    """Joined emoji and scripts that need zero-width joiners stay as they are written."""
    assert clean(kept) == kept


@given(anything)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """A text that was cleaned is clean."""
    assert clean(clean(text)) == clean(text)
