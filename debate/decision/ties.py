"""Ties: how one of several level choices is taken, or none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from debate.decision.ballots import Ballot

TieRule = str
"""``none``, ``lot``, ``earlier_round``, or a participant's id."""


class Broken(NamedTuple):
    """The outcome of breaking a tie."""

    winner: str | None
    how: str
    """How the winner was found, or why there is none."""


def break_tie(
    tied: Sequence[str],
    rule: TieRule,
    ballots: Sequence[Ballot],
    of: Callable[[str], Ballot | None],
    *,
    seed: int,
) -> Broken:
    """Take one of ``tied``; the order they or the ballots come in never decides."""
    match rule:
        case "none":
            return Broken(None, "ties stay undecided")
        case "lot":
            return Broken(draw(tied, seed), f"lot drawn from seed {seed}")
        case "earlier_round":
            return _earlier(tied, ballots)
        case participant:
            ballot = of(participant)
            choice = ballot.choice if ballot is not None else None
            if choice in tied:
                return Broken(choice, f"{participant}'s choice")
            return Broken(None, f"{participant} chose {choice or 'nothing'}, which is not among them")


def draw(options: Sequence[str], seed: int) -> str:
    """One of ``options``, the same for the same seed whatever their order, and equally likely over seeds."""
    names = sorted(options)
    digest = hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()
    return names[int.from_bytes(digest, "big") % len(names)]


def _earlier(tied: Sequence[str], ballots: Sequence[Ballot]) -> Broken:
    """Ask the iteration before, and the one before that, until one of the tied is ahead of the others there."""
    longest = max((len(ballot.history) for ballot in ballots), default=0)
    for back in range(2, longest + 1):
        held = [ballot.history[-back] for ballot in ballots if len(ballot.history) >= back]
        counts = {name: held.count(name) for name in tied}
        most = max(counts.values())
        ahead = [name for name, count in counts.items() if count == most]
        if len(ahead) == 1:
            return Broken(ahead[0], f"ahead {back - 1} iteration{'s' if back > 2 else ''} earlier")  # noqa: PLR2004
    return Broken(None, "no earlier iteration tells them apart")
