"""What stands in the wording of a text: its words, negations and numbers. Pure, English."""

from __future__ import annotations

import re
from typing import Final

_STEM: Final = 5
_NAME: Final = re.compile(r"(?<=[a-z,] )[A-Z]\w+")
_WORD: Final = re.compile(r"[a-z0-9]+(?:['\u2019][a-z]+)?")
_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?")
_NEGATING_FIXED: Final = re.compile(
    r"\bnot (?:only|just|merely)\b|\bno doubt\b|\bno one can deny\b|\bwithout (?:a |any )?doubt\b"
)


def lexicon(*lines: str) -> frozenset[str]:
    """The words of ``lines``, written out as a person reads them best."""
    return frozenset(word for line in lines for word in line.split())


_NEGATIONS: Final = lexicon(
    "no not never none nobody nothing nowhere neither nor cannot without hardly isnt arent wasnt werent dont doesnt",
    "didnt wont wouldnt shouldnt couldnt cant mustnt neednt hasnt havent hadnt aint unable",
    "refuse refuses reject rejects",
)
_STOP: Final = lexicon(
    "a an the of to in on at for and or but is are was were be been being it its this that these those there here as",
    "by with from into than then so such do does did has have had will would can could may might must should i we you",
    "they he she my our your their his her them us me also very more most some any",
)


def normalised(text: str) -> str:
    """``text`` without regard to case and white space, so that texts that read the same are the same."""
    return " ".join(text.casefold().split())


def words(text: str) -> tuple[str, ...]:
    """The words of ``text`` in order, lower case, curly apostrophes made straight."""
    return tuple(match.group().replace("\u2019", "'") for match in _WORD.finditer(text.casefold()))


def content_words(text: str) -> frozenset[str]:
    """The words of ``text`` that carry meaning: no function words, no negations."""
    return frozenset(word for word in words(text) if word not in _STOP and not is_negation(word))


def content_stems(text: str) -> frozenset[str]:
    """The beginnings of the words that carry meaning, so that ``ban``, ``bans`` and ``banned`` are near to one."""
    return frozenset(word[:_STEM] for word in content_words(text))


def is_negation(word: str) -> bool:
    """Whether ``word`` turns a statement round."""
    return word.endswith("n't") or word.replace("'", "") in _NEGATIONS


def negations(text: str) -> int:
    """How many words of ``text`` turn a statement round; fixed phrases as "not only" do not."""
    plain = _NEGATING_FIXED.sub(" ", text.casefold().replace("\u2019", "'"))
    return sum(is_negation(word) for word in words(plain))


def numbers(text: str) -> frozenset[str]:
    """The numbers written in digits in ``text``, without thousands separators."""
    return frozenset(match.group().replace(",", "").lstrip("+") for match in _NUMBER.finditer(text))


def renamed(first: str, second: str) -> bool:
    """Whether each of two texts names something, in capitals inside a sentence, that the other does not."""
    left, right = (frozenset(_NAME.findall(text)) for text in (first, second))
    return bool(left - right) and bool(right - left)


def without(text: str, left_out: frozenset[str]) -> str:
    """The words of ``text`` but for some."""
    return " ".join(word for word in words(text) if word not in left_out)


def without_particulars(text: str) -> str:
    """``text`` without its numbers and names."""
    return _NUMBER.sub(" ", _NAME.sub(" ", text))


def overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """The Jaccard index of two sets, from 0 to 1; 0 when both are empty."""
    union = first | second
    return len(first & second) / len(union) if union else 0.0
