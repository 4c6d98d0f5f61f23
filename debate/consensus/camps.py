"""Who stands together: camps by equal answer, by the stance's sign, or by average-link clustering. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

CUT: Final = 0.5
"""Two groups of positions are one camp when their mean agreement is at least this; see the explanation's §camps."""


@dataclass(frozen=True, slots=True)
class Camp:
    """Voices that stand for the same."""

    label: str
    """The answer, the side, or the most central position of the camp."""
    members: tuple[str, ...]
    """Participants, in the order they were given."""
    share: float
    """The camp's part of the weight of all valid voices, in (0, 1]."""


def camps_by_class(names: Sequence[str], classes: Sequence[str], weights: Sequence[float]) -> tuple[Camp, ...]:
    """One camp per distinct class, which also labels it; the greatest first, ties by label."""
    return _camps(names, weights, groups_of(classes), lambda group: classes[group[0]])


def camps_by_agreement(
    names: Sequence[str], texts: Sequence[str], weights: Sequence[float], agreement: Callable[[int, int], float]
) -> tuple[Camp, ...]:
    """Camps of average-link clustering on ``agreement(i, j)``, cut at :data:`CUT`; the greatest first.

    Equal texts are clustered as one, so that a voice more for a position never takes another voice out of its camp.
    Ties are broken by the texts, so that neither order nor names matter.
    """
    same = sorted(groups_of(texts), key=lambda group: texts[group[0]])
    heads = [group[0] for group in same]
    clusters = average_link(len(heads), lambda i, j: agreement(heads[i], heads[j]), cut=CUT)
    groups = [tuple(sorted(member for node in cluster for member in same[node])) for cluster in clusters]

    def central(group: tuple[int, ...]) -> str:
        return min(
            (texts[i] for i in group),
            key=lambda text: (-math.fsum(agreement(texts.index(text), j) for j in group), text),
        )

    return _camps(names, weights, groups, central)


def average_link(count: int, agreement: Callable[[int, int], float], *, cut: float) -> list[tuple[int, ...]]:
    """Merge the two groups of greatest mean agreement until none reaches ``cut``; ties go to the lowest nodes."""
    clusters: list[tuple[int, ...]] = [(node,) for node in range(count)]
    between = {(i, j): agreement(i, j) for i in range(count) for j in range(i + 1, count)}

    def mean(first: tuple[int, ...], second: tuple[int, ...]) -> float:
        return math.fsum(between[min(i, j), max(i, j)] for i in first for j in second) / (len(first) * len(second))

    while len(clusters) > 1:
        candidates = combinations(range(len(clusters)), 2)
        best, a, b = max((mean(clusters[a], clusters[b]), -a, -b) for a, b in candidates)
        if best < cut:
            break
        merged = tuple(sorted(clusters[-a] + clusters[-b]))
        clusters = sorted([c for k, c in enumerate(clusters) if k not in (-a, -b)] + [merged])
    return clusters


def groups_of(keys: Sequence[Hashable]) -> list[tuple[int, ...]]:
    """The indices of equal keys, group by group, in order of first appearance."""
    groups: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return [tuple(group) for group in groups.values()]


def effective_number(shares: Sequence[float]) -> float:
    """How many equally large camps would be as diverse: exp of the entropy of ``shares`` (Hill number of order 1)."""
    return math.exp(-math.fsum(share * math.log(share) for share in shares if share > 0))


def _camps(
    names: Sequence[str],
    weights: Sequence[float],
    groups: Sequence[tuple[int, ...]],
    label: Callable[[tuple[int, ...]], str],
) -> tuple[Camp, ...]:
    total = math.fsum(weights)
    camps = [
        Camp(
            label=label(group),
            members=tuple(names[i] for i in group),
            share=math.fsum(weights[i] for i in group) / total,
        )
        for group in groups
    ]
    return tuple(sorted(camps, key=lambda camp: (-camp.share, camp.label)))
