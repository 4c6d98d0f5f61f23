"""Deciding: ballots and rules become a verdict, with every choice on the way stated in it."""

from __future__ import annotations

from dataclasses import replace

from debate.decision.ballots import without_self_votes
from debate.decision.counting import COUNTS
from debate.decision.material import Decision, Material
from debate.decision.rule import Rule
from debate.decision.tally import Tally, count
from debate.decision.ties import break_tie
from debate.decision.verdict import Abstention, Dissent, Tried, Verdict


def decide(decision: Decision, material: Material, fallback: Material | None = None) -> Verdict:
    """Try the rules in order; the first that gives an answer gives the verdict.

    Args:
        decision: The rules.
        material: The ballots.
        fallback: The ballots of all rules but the first, where those count another vote.
    """
    material = _counted(decision, material)
    fallback = material if fallback is None else _counted(decision, fallback)
    tried: list[Tried] = []
    verdict = _by(decision.by, decision, material)
    for rule in decision.otherwise:
        if verdict.answer is not None:
            break
        tried.append(Tried(verdict.by, verdict.reason or "no answer"))
        verdict = _by(rule, decision, fallback)
    reason = verdict.reason
    if verdict.answer is None and tried:
        reason = "; ".join(f"{rule}: {why}" for rule, why in [*tried, Tried(verdict.by, reason or "no answer")])
    return replace(verdict, tried=tuple(tried), reason=reason)


def _counted(decision: Decision, material: Material) -> Material:
    if decision.self_vote == "counts":
        return material
    return replace(material, ballots=without_self_votes(material.ballots))


def _by(rule: Rule, decision: Decision, material: Material) -> Verdict:
    if rule.name == "participant":
        return _by_participant(rule, decision, material)
    if rule.name == "veto" and rule.over is not None:
        return _unless_vetoed(rule, rule.over, decision, material)
    tally = COUNTS[rule.name](rule, decision, material)
    verdict = Verdict(
        answer=None,
        by=str(rule),
        votes=tally.votes,
        denominator=tally.denominator,
        measure=tally.measure,
        abstentions=tuple(Abstention(*item) for item in sorted(tally.abstained.items())),
        reason=tally.reason,
    )
    if not tally.winners:
        return verdict
    winner, how = tally.winners[0], None
    if len(tally.winners) > 1:
        broken = break_tie(tally.winners, decision.tie, material.ballots, material.of, seed=material.seed)
        verdict = replace(verdict, tie=tally.winners)
        if broken.winner is None:
            return replace(verdict, reason=f"a tie of {', '.join(tally.winners)}; {broken.how}")
        winner, how = broken.winner, broken.how
    share = tally.votes[winner] / tally.denominator if tally.denominator else None
    return replace(
        verdict,
        answer=winner,
        tie_broken_by=how,
        confidence=None if share is None else min(max(share, 0.0), 1.0),
        confidence_is=tally.measure,
        dissent=_dissent(winner, tally),
    )


def _by_participant(rule: Rule, decision: Decision, material: Material) -> Verdict:
    """A judge's verdict, with the voters' own votes beside it for comparison."""
    judge = material.of(str(rule.participant))
    tally = count(material.ballots, abstain=decision.abstain)
    verdict = Verdict(
        answer=None,
        by=str(rule),
        votes=tally.votes,
        denominator=tally.denominator,
        measure=tally.measure,
        abstentions=tuple(Abstention(*item) for item in sorted(tally.abstained.items())),
    )
    if judge is None or judge.choice is None:
        why = "did not speak" if judge is None else judge.reason or "no choice"
        return replace(verdict, reason=f"{rule.participant} gave no decision: {why}")
    claimed = None if judge.confidence is None else f"claimed by {rule.participant}"
    dissent = tuple(one for one in _dissent(judge.choice, tally) if one.participant != judge.participant)
    return replace(verdict, answer=judge.choice, confidence=judge.confidence, confidence_is=claimed, dissent=dissent)


def _unless_vetoed(rule: Rule, over: Rule, decision: Decision, material: Material) -> Verdict:
    """The answer of another rule, unless the participant with the veto says that it disagrees.

    It vetoes by ``AGREEMENT: disagree`` or, where it was not asked for that, by holding another choice. A participant
    that cannot be read has not vetoed.
    """
    verdict = _by(over, decision, material)
    holder = material.of(str(rule.participant))
    if verdict.answer is None or holder is None:
        return replace(verdict, by=str(rule))
    against = holder.choice is not None and holder.choice != verdict.answer
    vetoed = holder.agreement == "disagree" if holder.agreement is not None else against
    if not vetoed:
        return replace(verdict, by=str(rule))
    return replace(
        verdict,
        by=str(rule),
        answer=None,
        confidence=None,
        confidence_is=None,
        dissent=(),
        reason=f"{rule.participant} vetoed {verdict.answer}, the answer of {over}",
    )


def _dissent(answer: str, tally: Tally) -> tuple[Dissent, ...]:
    return tuple(
        Dissent(participant, ", ".join(held) or "none of them")
        for participant, held in tally.held.items()
        if answer not in held
    )
