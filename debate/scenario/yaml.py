"""YAML bytes to a document, within bounds, every flaw at its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.reader import ReaderError

from debate.errors import Location, Problem, ScenarioError
from debate.scenario.building import Builder
from debate.scenario.document import Leaf, Node, Origin
from debate.scenario.flaws import in_plain_words

BYTES_LIMIT: Final = 512 * 1024
"""Of one file. Long texts belong in files of their own (``context: {file: …}``)."""

_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


def decode(data: bytes, *, name: str) -> str:
    """The text of a scenario file; a UTF-8 byte order mark at its start is dropped.

    Raises:
        ScenarioError: If it is too long or not UTF-8.
    """
    if len(data) > BYTES_LIMIT:
        raise too_long(name, len(data))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise fatal(Location(name, 1, 1), "expected UTF-8, found UTF-16; save the file as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig", errors="replace")
        message = f"expected UTF-8, found the byte 0x{data[error.start]:02x}; save the file as UTF-8"
        raise fatal(place(before, len(before), name), message) from None


def too_long(name: str, length: int) -> ScenarioError:
    """The error for a file beyond the bound."""
    return fatal(
        Location(name, 1, 1),
        f"a scenario of {length} bytes is too long, the limit is {BYTES_LIMIT}; put long texts in files of their own, "
        "as context: {file: evidence.md}",
    )


def fatal(location: Location, message: str) -> ScenarioError:
    """A single problem that ends the reading."""
    return ScenarioError((Problem(location, message),))


def place(text: str, index: int, name: str) -> Location:
    """Line and column of a character of ``text``."""
    breaks = [match.end() for match in _BREAK.finditer(text, 0, index)]
    return Location(name, len(breaks) + 1, index - (breaks[-1] if breaks else 0) + 1)


def read_yaml(text: str, *, name: str) -> tuple[Node, tuple[Problem, ...]]:
    """The document in ``text``, and the flaws it could be read in spite of (duplicate keys, tags, …).

    Raises:
        ScenarioError: If it cannot be read at all: not YAML, too long, too deep, too many nodes, several documents.
    """
    length = len(text.encode("utf-8", errors="surrogatepass"))
    if length > BYTES_LIMIT:
        raise too_long(name, length)
    builder = Builder(name)
    documents = 0
    for event in _events(text, name):
        match event:
            case DocumentStartEvent():
                documents += 1
                if documents > 1:
                    message = "a second document starts here; keep one scenario in a file"
                    raise fatal(_at(event, name), message)
            case ScalarEvent():
                builder.scalar(event, _at(event, name))
            case AliasEvent():
                builder.alias(event, _at(event, name))
            case CollectionStartEvent():
                builder.open(event, _at(event, name), is_mapping=isinstance(event, MappingStartEvent))
            case SequenceEndEvent() | MappingEndEvent():
                builder.close()
            case StreamStartEvent() | StreamEndEvent() | DocumentEndEvent():
                pass
    root = builder.root or Leaf(Origin(Location(name, 1, 1)), None)
    return root, tuple(builder.problems)


def _events(text: str, name: str) -> Iterator[Event]:
    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except ReaderError as error:
        position = error.position if isinstance(error.position, int) else 0
        code = ord(error.character) if isinstance(error.character, str) else error.character
        message = f"the character U+{code:04X} is not allowed in a scenario; remove it"
        raise fatal(place(text, position, name), message) from None
    except MarkedYAMLError as error:
        raise fatal(_marked(error, name), in_plain_words(error)) from None
    except (YAMLError, ValueError, OverflowError) as error:
        # "\UFFFFFFFF" passes the scanner's digits and fails in chr().
        raise fatal(Location(name, 1, 1), f"this is not YAML: {error}") from None


def _marked(error: MarkedYAMLError, name: str) -> Location:
    mark = error.problem_mark or error.context_mark
    return Location(name, mark.line + 1, mark.column + 1) if isinstance(mark, StringMark) else Location(name, 1, 1)


def _at(event: Event, name: str) -> Location:
    return Location(name, event.start_mark.line + 1, event.start_mark.column + 1)
