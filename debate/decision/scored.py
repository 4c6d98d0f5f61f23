"""Rules over points and scores: approval, cumulative, score."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from debate.decision.ballots import Ballot
from debate.decision.tally import Abstain, Tally, leaders, nobody, ordered


def approval(ballots: Sequence[Ballot], *, abstain: Abstain) -> Tally:
    """The option that most voters approve of. An empty ballot approves of nothing and counts."""
    votes: defaultdict[str, float] = defaultdict(float)
    for ballot in ballots:
        for name in ballot.points or ():
            votes[name] += 1
    abstained = {b.participant: b.reason or "no approvals" for b in ballots if b.points is None}
    return _tally(
        votes,
        abstained,
        denominator=float(len(ballots) if abstain == "counts" else len(ballots) - len(abstained)),
        measure="share of voters who approve",
        held={b.participant: tuple(sorted(b.points)) for b in ballots if b.points is not None},
    )


def cumulative(ballots: Sequence[Ballot], *, abstain: Abstain, points: float) -> Tally:
    """The option with the most points, of which every voter shares out up to ``points``."""
    votes: defaultdict[str, float] = defaultdict(float)
    for ballot in ballots:
        for name, given in (ballot.points or {}).items():
            votes[name] += given
    abstained = {b.participant: b.reason or "no points" for b in ballots if not b.points}
    voters = len(ballots) if abstain == "counts" else len(ballots) - len(abstained)
    return _tally(
        votes,
        abstained,
        denominator=voters * points,
        measure="share of the points there were to give",
        held={b.participant: leaders(b.points) for b in ballots if b.points},
    )


def score(ballots: Sequence[Ballot], *, by: Literal["mean", "median"], highest: float) -> Tally:
    """The option with the highest mean or median score among those that at least half the possible voters scored.

    The coverage keeps an option that a single voter scored high from winning over one that all have judged.
    """
    given: defaultdict[str, list[float]] = defaultdict(list)
    scored = [ballot for ballot in ballots if ballot.scores]
    for ballot in scored:
        for name, value in (ballot.scores or {}).items():
            given[name].append(value)
    average = statistics.fmean if by == "mean" else statistics.median
    covered = {
        name: float(average(values))
        for name, values in given.items()
        if len(values) * 2 >= sum(ballot.own != name for ballot in scored)
    }
    abstained = {b.participant: b.reason or "no scores" for b in ballots if not b.scores}
    tally = _tally(
        covered,
        abstained,
        denominator=highest,
        measure=f"{by} score as a part of the highest possible",
        held={b.participant: leaders(b.scores) for b in ballots if b.scores},
    )
    return replace(tally, reason="no option was scored by half the voters") if given and not covered else tally


def _tally(
    votes: Mapping[str, float],
    abstained: Mapping[str, str],
    *,
    denominator: float,
    measure: str,
    held: Mapping[str, tuple[str, ...]],
) -> Tally:
    return Tally(
        votes=ordered(votes),
        denominator=denominator,
        measure=measure,
        winners=leaders(votes) if votes else (),
        reason=None if votes else nobody(abstained),
        abstained=abstained,
        held=held,
    )
