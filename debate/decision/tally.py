"""Tallies: what counting gave, before ties are broken; and the rules that count first choices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from debate.decision.ballots import Ballot

Abstain = Literal["counts", "ignored"]
"""Whether voters without a choice stay in the denominator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a rule counted."""

    votes: Mapping[str, float]
    """What each choice got, most first, equals in alphabetical order."""
    denominator: float
    """What a choice could have got at most."""
    measure: str
    """What ``votes`` over ``denominator`` is, as ``share of votes``."""
    winners: tuple[str, ...]
    """Who won; several on a tie, none where the rule's threshold was not reached."""
    reason: str | None = None
    """Why nobody won."""
    abstained: Mapping[str, str]
    """Participant to the reason why its ballot held nothing for this rule."""
    held: Mapping[str, tuple[str, ...]]
    """Participant to what it voted for under this rule: one choice, or all it approved of."""


def ordered(votes: Mapping[str, float]) -> dict[str, float]:
    """Most first, equals in alphabetical order, so that the order of the voters shows nowhere."""
    return dict(sorted(votes.items(), key=lambda item: (-item[1], item[0])))


def leaders(votes: Mapping[str, float], tolerance: float = 1e-9) -> tuple[str, ...]:
    """All choices with the most votes; sums of weights that differ by rounding alone are equal."""
    most = max(votes.values(), default=0.0)
    return tuple(sorted(name for name, count in votes.items() if count >= most - tolerance))


def count(
    ballots: Sequence[Ballot],
    *,
    abstain: Abstain,
    weigh: Callable[[Ballot], float] = lambda _: 1.0,
    measure: str = "share of votes",
) -> Tally:
    """Plurality: the choice with the most votes."""
    votes: defaultdict[str, float] = defaultdict(float)
    for ballot in ballots:
        if ballot.choice is not None:
            votes[ballot.choice] += weigh(ballot)
    counted = [ballot for ballot in ballots if ballot.choice is not None or abstain == "counts"]
    abstained = {b.participant: b.reason or "no choice" for b in ballots if b.choice is None}
    return Tally(
        votes=ordered(votes),
        denominator=sum(weigh(ballot) for ballot in counted),
        measure=measure,
        winners=leaders(votes) if votes else (),
        reason=None if votes else nobody(abstained),
        abstained=abstained,
        held={b.participant: (b.choice,) for b in ballots if b.choice is not None},
    )


def at_least(tally: Tally, part: float, *, strictly: bool, name: str) -> Tally:
    """The same tally, won only by a choice that holds (more than) ``part`` of the denominator."""
    if not tally.winners:
        return tally
    reached = [
        choice
        for choice in tally.winners
        if (share := tally.votes[choice] / tally.denominator if tally.denominator else 0.0) > part
        or (not strictly and share == part)
    ]
    if reached:
        return replace(tally, winners=tuple(reached))
    best = tally.winners[0]
    reason = (
        f"no {name}: {' and '.join(tally.winners)} got {tally.votes[best]:g} of {tally.denominator:g}"
        f"{' each' if len(tally.winners) > 1 else ''}, needed {'more than' if strictly else 'at least'} {part:.4g}"
    )
    return replace(tally, winners=(), reason=reason)


def nobody(abstained: Mapping[str, str]) -> str:
    """Why there is nothing to count, naming how many abstained for which reason."""
    if not abstained:
        return "nobody was asked to vote"
    reasons = sorted(abstained.values())
    counted = ", ".join(f"{reasons.count(reason)} {reason}" for reason in dict.fromkeys(reasons))
    return f"no vote to count ({counted})"


CONFIDENCE_STEPS = ((1.0, 1.0), (0.9, 0.8), (0.8, 0.5))
"""ReConcile's recalibration (arXiv 2309.13007): a vote claimed with at least the first number weighs the second."""


def recalibrated(confidence: float | None) -> float:
    """What a vote weighs: claimed 1 → 1, [0.9, 1) → 0.8, [0.8, 0.9) → 0.5, (0.6, 0.8) → 0.3, less → 0.1.

    A voter that states none weighs as little as one can.
    """
    if confidence is None:
        return 0.1
    for least, weight in CONFIDENCE_STEPS:
        if confidence >= least:
            return weight
    return 0.3 if confidence > 0.6 else 0.1  # noqa: PLR2004 - ReConcile's lowest step
