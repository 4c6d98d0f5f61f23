"""Think tags, whole and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from debate.models.thinking import Split, ThinkingStream, split_thinking

pieces = st.lists(
    st.sampled_from(["<think>", "</think>", "<th", "ink>", "</", "think>", "a", " b", "\n", "<"]), max_size=12
)


@pytest.mark.parametrize(
    ("content", "split"),
    [
        ("Yes.", Split("Yes.", None)),
        ("<think>Hm.</think>\n\nYes.", Split("Yes.", "Hm.")),
        ("  \n<think>Hm.</think>Yes.", Split("Yes.", "Hm.")),
        ("<think></think>Yes.", Split("Yes.", None)),
        ("<think>Hm, and then", Split("", "Hm, and then")),
        ("Hm.</think>Yes.", Split("Yes.", "Hm.")),
        ("The tag <think> opens and </think> closes.", Split("The tag <think> opens and </think> closes.", None)),
        ("<think>a</think>b</think>c", Split("b</think>c", "a")),
    ],
)
def test_reasoning_at_the_beginning_is_taken_out(content: str, split: Split) -> None:
    """Whole, empty, unclosed and unopened reasoning is recognised; tags that are talked about stay text."""
    assert split_thinking(content) == split


@settings(deadline=None)
@given(pieces)
def test_a_stream_shows_what_the_whole_text_holds(parts: list[str]) -> None:
    """Deltas, resets honoured, add up to the same text and reasoning as the text taken whole, up to blanks."""
    stream = ThinkingStream()
    text = reasoning = ""
    for delta in [*(delta for part in parts for delta in stream.feed(part)), *stream.finish()]:
        if delta.reset:
            text = reasoning = ""
        elif delta.reasoning:
            reasoning += delta.text
        else:
            text += delta.text
    whole = split_thinking("".join(parts))
    assert (text.strip(), reasoning.strip()) == (whole.text.strip(), (whole.reasoning or "").strip())
