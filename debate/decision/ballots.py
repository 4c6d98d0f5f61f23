"""Ballots: what each voter brings to a decision, those who bring nothing included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from debate.reply.answers import shared_names
from debate.reply.reply import Reply
from debate.reply.spec import ReplySpec

Absence = Literal["unreadable", "failed", "skipped", "unused", "silent"]
"""Why there is no reply to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """One voter's ballot. A voter that failed or could not be read has one too, empty and with the reason."""

    participant: str
    choice: str | None = None
    """What it votes for, in the form in which equal answers are equal strings; ``for``, ``against`` or ``neutral`` on a
    motion. None if it votes for nothing."""
    reason: str | None = None
    """Why there is no choice."""
    weight: float = 1.0
    """From the scenario; counts in ``{weighted: weight}`` alone."""
    confidence: float | None = None
    """What the voter claims, from 0 to 1."""
    points: Mapping[str, float] | None = None
    """Approvals, with 1 each, or the points of a cumulative ballot."""
    ranking: tuple[str, ...] | None = None
    """Best first; what is left out was not ranked."""
    scores: Mapping[str, float] | None = None
    agreement: Literal["agree", "disagree"] | None = None
    """Whether it accepts what was proposed; the way to use a veto."""
    own: str | None = None
    """The option that is the voter's own work, where there is one: with ``self_vote: excluded`` it may not help it."""
    history: tuple[str | None, ...] = ()
    """Its choice in each iteration, earliest first, the one that counts included."""


def choice_of(reply: Reply, spec: ReplySpec) -> str | None:
    """What a reply votes for: its ballot's one option, else its answer, else its stance's sign, else its position."""
    if reply.ballot is not None and spec.ballot_style == "one" and len(reply.ballot) == 1:
        return next(iter(reply.ballot))
    match spec.compared:
        case "answer":
            return reply.answer
        case "stance":
            return reply.stance.ballot if reply.stance is not None else None
        case "position":
            return reply.position
        case _:
            return None


def ballot_of(
    participant: str,
    reply: Reply | None,
    spec: ReplySpec,
    *,
    absence: Absence = "unreadable",
    weight: float = 1.0,
    own: str | None = None,
    history: tuple[str | None, ...] = (),
) -> Ballot:
    """The ballot a reply makes; without a reply, an empty one whose reason is ``absence``."""
    if reply is None:
        return Ballot(participant=participant, reason=absence, weight=weight, own=own, history=history)
    choice = choice_of(reply, spec)
    return Ballot(
        participant=participant,
        choice=choice,
        reason=None if choice is not None else f"no {spec.compared or 'ballot'}",
        weight=weight,
        confidence=reply.confidence,
        points=reply.ballot,
        ranking=reply.ranking,
        scores=reply.scores,
        agreement=reply.agreement,
        own=own,
        history=history,
    )


def without_self_votes(ballots: Sequence[Ballot]) -> tuple[Ballot, ...]:
    """The ballots, with nothing on any of them for the voter's own option."""
    return tuple(ballot if ballot.own is None else _impartial(ballot, ballot.own) for ballot in ballots)


def _impartial(ballot: Ballot, own: str) -> Ballot:
    for_itself = ballot.choice == own
    return replace(
        ballot,
        choice=None if for_itself else ballot.choice,
        reason="voted for itself" if for_itself else ballot.reason,
        points=None if ballot.points is None else {name: n for name, n in ballot.points.items() if name != own},
        ranking=None if ballot.ranking is None else tuple(name for name in ballot.ranking if name != own),
        scores=None if ballot.scores is None else {name: n for name, n in ballot.scores.items() if name != own},
        history=tuple(None if choice == own else choice for choice in ballot.history),
    )


def with_equal_answers_merged(ballots: Sequence[Ballot], spec: ReplySpec) -> tuple[Ballot, ...]:
    """The ballots, with answers that are the same written in one way, so that they are counted together.

    Needed for expressions, whose canonical forms can differ where the formulas are equal.
    """
    chosen = [choice for ballot in ballots for choice in (ballot.choice, *ballot.history) if choice is not None]
    names = shared_names(chosen, spec)
    return tuple(
        replace(ballot, choice=_named(ballot.choice, names), history=tuple(_named(c, names) for c in ballot.history))
        for ballot in ballots
    )


def _named(choice: str | None, names: Mapping[str, str]) -> str | None:
    return None if choice is None else names[choice]
