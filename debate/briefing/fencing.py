"""Putting what others said into a prompt as material, never as instructions.

Every line of it stands behind ``> ``. A text cannot leave such a fence, because there is no closing mark to forge.
"""

from __future__ import annotations

import re
from typing import Final

LINE_ENDS: Final = re.compile("\r\n|[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
"""Everything a reader, a tokenizer or ``str.splitlines`` may take for the end of a line."""

UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f"  # control characters
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"  # zero-width and bidirectional marks
    "\ud800-\udfff"  # halves of a surrogate pair, which no encoding can send
    "\U000e0000-\U000e007f]"  # tag characters, invisible carriers of text
)
"""Characters nobody sees and some models obey. Joiners that scripts and emoji need are not among them."""


def clean(text: str) -> str:
    """``text`` without unseen characters, every line ended by one line feed. Its meaning is not touched."""
    return UNSEEN.sub("", LINE_ENDS.sub("\n", text))


def fence(text: str) -> str:
    """``text``, cleaned, every line behind ``> ``."""
    return "\n".join(f"> {line}" if line else ">" for line in clean(text).split("\n"))
