"""Rules over more than the last vote: the whole trajectory of answers, and the medoid of the positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from debate.decision.ballots import Ballot
from debate.decision.tally import Tally, leaders, nobody, ordered

FIRST: Final = 20.0
LEFT: Final = 25.0
ADOPTED: Final = 30.0
KEPT: Final = 20.0
"""Free-MAD's weights (arXiv 2509.11035): an answer gains when given first, adopted or kept, and loses when left."""


def trajectory(ballots: Sequence[Ballot]) -> Tally:
    """Free-MAD's decision: the answer with the best score over all iterations, not the one that most hold in the end.

    In iteration k, counted from 0, what is gained or lost is divided by k + 1, since later answers are the more shaped
    by conformity. An iteration without a readable answer changes nothing.
    """
    gained: defaultdict[str, float] = defaultdict(float)
    for ballot in ballots:
        held: str | None = None
        for iteration, choice in enumerate(_history(ballot)):
            if choice is None:
                continue
            late = iteration + 1
            if held is None:
                gained[choice] += FIRST / late
            elif choice == held:
                gained[choice] += KEPT / late
            else:
                gained[held] -= LEFT / late
                gained[choice] += ADOPTED / late
            held = choice
    last = {b.participant: next((c for c in reversed(_history(b)) if c is not None), None) for b in ballots}
    abstained = {b.participant: b.reason or "no answer" for b in ballots if last[b.participant] is None}
    return Tally(
        votes=ordered(gained),
        denominator=sum(value for value in gained.values() if value > 0),
        measure="share of the positive trajectory score",
        winners=leaders(gained) if gained else (),
        reason=None if gained else nobody(abstained),
        abstained=abstained,
        held={participant: (choice,) for participant, choice in last.items() if choice is not None},
    )


def _history(ballot: Ballot) -> tuple[str | None, ...]:
    return ballot.history or (ballot.choice,)


def medoid(ballots: Sequence[Ballot], similarity: Sequence[Sequence[float]]) -> Tally:
    """The position that is most like all the others: greatest mean similarity.

    Args:
        ballots: n ballots, whose choices are the positions.
        similarity: An (n, n) symmetric matrix in the order of the ballots; rows of abstainers are not read.

    Raises:
        ValueError: If the matrix has another shape.
    """
    if len(similarity) != len(ballots) or any(len(row) != len(ballots) for row in similarity):
        raise ValueError(f"similarity must be {len(ballots)} by {len(ballots)}, one row a ballot")
    present = [index for index, ballot in enumerate(ballots) if ballot.choice is not None]
    likeness: dict[str, float] = {}
    for index in present:
        others = [similarity[index][other] for other in present if other != index]
        mean = sum(others) / len(others) if others else 1.0
        choice = ballots[index].choice or ""
        likeness[choice] = max(mean, likeness.get(choice, mean))
    abstained = {b.participant: b.reason or "no position" for b in ballots if b.choice is None}
    return Tally(
        votes=ordered(likeness),
        denominator=1.0,
        measure="mean similarity to the others",
        winners=leaders(likeness) if likeness else (),
        reason=None if likeness else nobody(abstained),
        abstained=abstained,
        held={b.participant: (b.choice,) for b in ballots if b.choice is not None},
    )
