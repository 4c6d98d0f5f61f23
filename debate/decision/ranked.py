"""Rules over rankings: Borda, instant run-off, Condorcet. A ranking may be partial."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from debate.decision.ballots import Ballot
from debate.decision.tally import Tally, leaders, nobody, ordered


def _rankings(ballots: Sequence[Ballot]) -> tuple[list[tuple[Ballot, tuple[str, ...]]], dict[str, str], list[str]]:
    """The ballots that rank something, who abstained and why, and every option that is ranked by anybody."""
    ranked = [(ballot, ballot.ranking) for ballot in ballots if ballot.ranking]
    abstained = {b.participant: b.reason or "no ranking" for b in ballots if not b.ranking}
    return ranked, abstained, sorted({name for _, ranking in ranked for name in ranking})


def borda(ballots: Sequence[Ballot]) -> Tally:
    """Borda's count: of m options the first on a ballot gets m - 1 points, the next m - 2, … the last none.

    Options that a ballot leaves out share equally the points of the places it leaves out (the averaged form, which
    neither rewards nor punishes a voter for ranking few). A voter whose own option was taken off ranks m - 1 options;
    its points are stretched to the same range, and an option's points are the mean over those who could rank it, times
    the number of ballots, so that nobody loses by being judged by fewer.
    """
    ranked, abstained, options = _rankings(ballots)
    most = len(options) - 1
    points: defaultdict[str, float] = defaultdict(float)
    eligible: defaultdict[str, int] = defaultdict(int)
    for ballot, ranking in ranked:
        rankable = [name for name in options if name != ballot.own]
        places = len(rankable) - 1
        left_out = [name for name in rankable if name not in ranking]
        for name in rankable:
            place = ranking.index(name) if name in ranking else len(ranking) + (len(left_out) - 1) / 2
            points[name] += (places - place) * (most / places if places else 0.0)
            eligible[name] += 1
    votes = {name: points[name] * len(ranked) / eligible[name] for name in options if eligible[name]}
    return Tally(
        votes=ordered(votes),
        denominator=float(most * len(ranked)),
        measure="share of the Borda points one option can get",
        winners=leaders(votes) if votes else (),
        reason=None if votes else nobody(abstained),
        abstained=abstained,
        held={ballot.participant: ranking[:1] for ballot, ranking in ranked},
    )


def irv(ballots: Sequence[Ballot]) -> Tally:
    """Instant run-off: while nobody is first on more than half of the ballots left, the last are struck out.

    All options tied for last are struck out together, so that no order or lot decides; if that would leave none, they
    tie. A ballot whose options are all struck out is exhausted and leaves the count.
    """
    ranked, abstained, options = _rankings(ballots)
    standing = set(options)
    votes: dict[str, float] = {}
    while standing:
        firsts = [next((name for name in ranking if name in standing), None) for _, ranking in ranked]
        votes = {name: float(firsts.count(name)) for name in standing}
        alive = sum(votes.values())
        best, worst = max(votes.values()), min(votes.values())
        if best * 2 > alive or best == worst:
            break
        standing = {name for name in standing if votes[name] > worst}
    return Tally(
        votes=ordered(votes),
        denominator=float(sum(votes.values())),
        measure="share of the ballots left in the last run-off",
        winners=leaders(votes) if votes else (),
        reason=None if votes else nobody(abstained),
        abstained=abstained,
        held={ballot.participant: ranking[:1] for ballot, ranking in ranked},
    )


def preferred(ballots: Sequence[Ballot]) -> dict[tuple[str, str], int]:
    """How many voters prefer the first to the second; a ranked option is preferred to one that is left out.

    A voter has no say in a contest of its own option that was taken off its ballot.
    """
    ranked, _, options = _rankings(ballots)
    counts: dict[tuple[str, str], int] = {(a, b): 0 for a in options for b in options if a != b}
    for ballot, ranking in ranked:
        place = {name: index for index, name in enumerate(ranking)}
        for a, b in counts:
            if ballot.own not in (a, b) and place.get(a, len(options)) < place.get(b, len(options)):
                counts[a, b] += 1
    return counts


def condorcet(ballots: Sequence[Ballot]) -> Tally:
    """The option that beats every other one pairwise; where there is none, the Smith set ties.

    The Smith set is the smallest group whose members beat all outside it (Smith 1973).
    """
    ranked, abstained, options = _rankings(ballots)
    counts = preferred(ballots)
    won = {a: float(sum(counts[a, b] > counts[b, a] for b in options if b != a)) for a in options}
    winners = smith_set(options, counts)
    return Tally(
        votes=ordered(won),
        denominator=float(max(len(options) - 1, 1)) if ranked else 0.0,
        measure="share of the pairwise contests won",
        winners=winners,
        reason=None if winners else nobody(abstained),
        abstained=abstained,
        held={ballot.participant: ranking[:1] for ballot, ranking in ranked},
    )


def smith_set(options: Sequence[str], counts: Mapping[tuple[str, str], int]) -> tuple[str, ...]:
    """The smallest set of options each of which beats every option outside it."""
    if not options:
        return ()
    unbeaten = {a: {b for b in options if b != a and counts[b, a] >= counts[a, b]} for a in options}
    smallest = set(options)
    for option in options:
        reach, fresh = {option}, {option}
        while fresh:
            fresh = {b for a in fresh for b in unbeaten[a]} - reach
            reach |= fresh
        if len(reach) < len(smallest):
            smallest = reach
    return tuple(sorted(smallest))
