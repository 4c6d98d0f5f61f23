"""Verdicts: what was decided, by which rule, and everything needed to dispute it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Tried(NamedTuple):
    """A rule that was tried before the one that decided."""

    rule: str
    reason: str
    """Why it gave no answer."""


class Abstention(NamedTuple):
    """A voter whose ballot did not count for any choice."""

    participant: str
    reason: str


class Dissent(NamedTuple):
    """A voter who voted for something else than what was decided."""

    participant: str
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a decision. Without an answer, ``reason`` says why."""

    answer: str | None
    by: str
    """The rule that decided, or the last one tried."""
    tried: tuple[Tried, ...] = ()
    """Rules that came before it in the chain of ``else`` and gave no answer."""
    votes: Mapping[str, float] = field(default_factory=dict)
    """What each choice got, most first."""
    denominator: float = 0.0
    """What a choice could have got at most."""
    measure: str = ""
    """What ``votes`` count."""
    abstentions: tuple[Abstention, ...] = ()
    confidence: float | None = None
    """From 0 to 1; see ``confidence_is``. Never an estimate of being right."""
    confidence_is: str | None = None
    """What ``confidence`` is: a share of votes, say, or what the judge claims."""
    dissent: tuple[Dissent, ...] = ()
    tie: tuple[str, ...] | None = None
    """The choices that were level."""
    tie_broken_by: str | None = None
    """How one of them was taken all the same."""
    reason: str | None = None
    """Why there is no answer, naming every rule that was tried."""


Similarity = Sequence[Sequence[float]]
"""An (n, n) matrix in the order of the ballots."""
