"""What a YAML scanner complains about, in plain words and with a way to mend it."""

from __future__ import annotations

import re
from typing import Final

from ruamel.yaml.error import MarkedYAMLError

_QUOTE: Final = "put the text in quotes"

_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (r"mapping values are not allowed", f"a colon and a space inside a text start a new key; {_QUOTE}"),
    (r"found character '\\t'|tab", "a tab cannot stand here; indent with spaces"),
    (r"found character ('.+'|\".+\") that cannot start", f"a text cannot start with this character; {_QUOTE}"),
    (r"while scanning a quoted scalar.*end of stream", "a quote is opened here or above and never closed; close it"),
    (r"while scanning a quoted scalar.*document separator", "a quoted text is never closed; close its quote"),
    (r"unknown escape character", "a backslash in double quotes must start a known escape; use single quotes, or \\\\"),
    (r"expected escape sequence", "a backslash escape lacks digits; use single quotes, or \\\\"),
    (r"while parsing a flow (sequence|mapping)", "a bracket or brace opened above is never closed; close it"),
    (r"while parsing a flow node", "a bracket or brace is opened and never closed; close it"),
    (
        r"while parsing a block mapping",
        f"expected a key at this indentation; indent it like the keys above, or {_QUOTE} if it belongs to one",
    ),
    (r"while parsing a block collection", "expected '- ' at this indentation; indent it like the items above"),
    (r"could not find expected ':'", "expected 'key: value', found no colon and space after the key; add them"),
    (r"sequence entries are not allowed", "a list item cannot start here; put it on a line of its own"),
    (r"expected the node content|expected <document start>", f"something else was expected here; {_QUOTE}"),
    (r"undefined tag handle|scanning a tag", f"a word that starts with ! is read as a tag; {_QUOTE}"),
    (r"scanning an (anchor|alias)", f"a word that starts with & or * is read as a reference; {_QUOTE}"),
    (r"duplicate anchor", "the same &name marks two values; rename one"),
)


def in_plain_words(error: MarkedYAMLError) -> str:
    """One sentence for the error, the scanner's own words behind it."""
    said = " ".join(part.strip() for part in (error.context, error.problem) if part)
    for pattern, words in _WORDS:
        if re.search(pattern, said, flags=re.DOTALL):
            return f"{words} (YAML: {said})"
    return f"this is not YAML: {said}"
