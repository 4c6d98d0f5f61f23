"""Phrases: the plain text under markdown and LaTeX dressing, and the form in which two phrases are compared."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_DRESSING: Final = re.compile(r"\\(?:boxed|text|textbf|mathrm|mathbf|textrm|mbox)\s*\{([^{}]*)\}")
_TOKENS: Final = re.compile(r"(?:\s{0,3}(?:\[/?[A-Z]{2,8}\]|</?s>|<\|\w{1,20}\|>)){1,4}\s*$")
"""Chat template tokens that small models leave behind their answer, as ``18 [/OUT]``."""
_EDGE: Final = "*_`#>\"'\u201c\u201d\u2018\u2019 \t\r\n"
_LAYERS: Final = 8
"""Wrappings that are taken off; what is wrapped deeper was meant to be."""
_ARTICLE: Final = re.compile(r"^(?:the|an|a)\s+(?=\S)")


def plain(written: str) -> str:
    """The text without the markdown, quotation marks and LaTeX boxes around it."""
    text = _TOKENS.sub("", unicodedata.normalize("NFKC", written)).strip(_EDGE)
    for _ in range(_LAYERS):
        bare = _DRESSING.sub(r"\1", text).strip(_EDGE)
        if len(bare) > 1 and bare[0] == bare[-1] == "$" and bare.count("$") == 2:  # noqa: PLR2004 - a pair
            bare = bare[1:-1].strip(_EDGE)
        if (bare[:2], bare[-2:]) in {("\\(", "\\)"), ("\\[", "\\]")}:
            bare = bare[2:-2].strip(_EDGE)
        if bare == text:
            return text
        text = bare
    return text


def phrase(written: str) -> str:
    """The form in which phrases are compared: case, dressing, a leading article, spacing and closing stops dropped."""
    text = written
    for _ in range(_LAYERS):
        bare = re.sub(r"\s+", " ", re.sub(r"[*_`]", "", plain(text))).casefold().strip(_EDGE + ".,;:!")
        bare = _ARTICLE.sub("", bare)
        if bare == text:
            break
        text = bare
    return text
