"""Counting: which function counts for which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from debate.decision.ballots import Ballot
from debate.decision.material import Decision, Material
from debate.decision.ranked import borda, condorcet, irv
from debate.decision.rule import Rule, RuleName
from debate.decision.scored import approval, cumulative, score
from debate.decision.tally import Tally, at_least, count, recalibrated
from debate.decision.trajectory import medoid, trajectory

Count = Callable[[Rule, Decision, Material], Tally]


def _plurality(_: Rule, decision: Decision, material: Material) -> Tally:
    return count(material.ballots, abstain=decision.abstain)


def _threshold(rule: Rule, decision: Decision, material: Material) -> Tally:
    part = {"majority": 0.5, "unanimity": 1.0}.get(rule.name, rule.quota if rule.quota is not None else 1.0)
    return at_least(_plurality(rule, decision, material), part, strictly=rule.name == "majority", name=rule.name)


def _weighted(rule: Rule, decision: Decision, material: Material) -> Tally:
    by_confidence = rule.parameter == "confidence"
    return count(
        material.ballots,
        abstain=decision.abstain,
        weigh=_recalibrated if by_confidence else _given,
        measure="share of recalibrated confidence" if by_confidence else "share of weight",
    )


def _recalibrated(ballot: Ballot) -> float:
    return recalibrated(ballot.confidence)


def _given(ballot: Ballot) -> float:
    return ballot.weight


def _approval(_: Rule, decision: Decision, material: Material) -> Tally:
    return approval(material.ballots, abstain=decision.abstain)


def _cumulative(_: Rule, decision: Decision, material: Material) -> Tally:
    return cumulative(material.ballots, abstain=decision.abstain, points=decision.points)


def _score(rule: Rule, decision: Decision, material: Material) -> Tally:
    by_median = rule.parameter == "median"
    return score(material.ballots, by="median" if by_median else "mean", highest=decision.highest_score)


def _medoid(_: Rule, __: Decision, material: Material) -> Tally:
    if material.similarity is None:
        abstained = {ballot.participant: ballot.reason or "not compared" for ballot in material.ballots}
        return Tally(
            votes={},
            denominator=1.0,
            measure="mean similarity to the others",
            winners=(),
            reason="how alike the positions are was not measured",
            abstained=abstained,
            held={},
        )
    return medoid(material.ballots, material.similarity)


def _of_ballots(counted: Callable[[tuple[Ballot, ...]], Tally], _: Rule, __: Decision, material: Material) -> Tally:
    return counted(material.ballots)


COUNTS: Final[Mapping[RuleName, Count]] = {
    "plurality": _plurality,
    "majority": _threshold,
    "supermajority": _threshold,
    "unanimity": _threshold,
    "weighted": _weighted,
    "approval": _approval,
    "cumulative": _cumulative,
    "score": _score,
    "medoid": _medoid,
    "borda": partial(_of_ballots, borda),
    "irv": partial(_of_ballots, irv),
    "condorcet": partial(_of_ballots, condorcet),
    "trajectory": partial(_of_ballots, trajectory),
}
"""Every rule that counts ballots; a participant's and a veto are no counts."""
