"""Stopping: whether a condition of `until` or `when` holds, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from debate.scenario.conditions import (
    AgreementReached,
    AllOf,
    AnyOf,
    Condition,
    ConfidenceReached,
    NobodyMoved,
    Not,
    SaysStop,
    ShareReached,
    Unanimous,
)

VOICES: Final = 2
"""Voices it takes before anything can be agreed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where everyone stood in one iteration; after a reply, in the prefix of it that is finished in speaking order."""

    expected: tuple[str, ...]
    """Who was to speak and counts in consensus: not the sided, not the participant that decides."""
    positions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Participant to what it stands for; equal strings are one position: an answer's class, a stance's sign, a camp."""
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The same, as finely as it was stated (a stance's level), for movement; ``positions`` where empty."""
    confidences: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """What each one claims, from 0 to 1."""
    agreement: float | None = None
    """Mean pairwise agreement, where at least two replies could be compared."""
    finished: bool = True
    """Whether every expected turn has ended, unreadable and failed ones included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a condition may look at."""

    standings: tuple[Standing, ...]
    """Of the round's iterations so far, oldest first; only the last may be unfinished."""
    stops: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    """Participant to what its latest reply says under STOP."""
    confidences: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Participant, also one that does not count in consensus, to what its latest reply claims."""


class Finding(NamedTuple):
    """Whether a condition holds, and the figures that say so."""

    holds: bool
    reason: str


def evaluate(condition: Condition, facts: Facts) -> Finding:
    """Look at ``facts``; what is not known does not hold.

    Within an unfinished iteration, shares and unanimity are of all who are to speak, so that they cannot fall again;
    agreement and movement wait until everyone has spoken.
    """
    match condition:
        case AnyOf(any=parts):
            findings = [evaluate(part, facts) for part in parts]
            held = [finding for finding in findings if finding.holds]
            return Finding(bool(held), "; ".join(finding.reason for finding in held or findings))
        case AllOf(all=parts):
            findings = [evaluate(part, facts) for part in parts]
            failed = [finding for finding in findings if not finding.holds]
            return Finding(not failed, "; ".join(finding.reason for finding in failed or findings))
        case Not(not_=part):
            finding = evaluate(part, facts)
            return Finding(not finding.holds, f"not so: {finding.reason}" if finding.holds else finding.reason)
        case SaysStop(says_stop=participant):
            said = facts.stops.get(participant)
            words = {True: "says stop", False: "says to go on", None: "has not said whether to stop"}
            return Finding(said is True, f"{participant} {words[said]}")
        case ConfidenceReached(of=str(participant), for_=1):
            return _one_confidence(condition.confidence, participant, facts)
        case _:
            return _lasting(condition, facts)


_Lasting = Unanimous | NobodyMoved | AgreementReached | ShareReached | ConfidenceReached


def _lasting(condition: _Lasting, facts: Facts) -> Finding:
    """Whether it held in each of the last iterations it is asked to last for."""
    asked = condition.for_
    if not facts.standings:
        return Finding(holds=False, reason="nobody has spoken yet")
    findings = [_at(condition, facts.standings[: len(facts.standings) - back]) for back in range(asked)]
    holds = all(finding.holds for finding in findings)
    if asked == 1:
        return findings[0]
    lasted = next((n for n, finding in enumerate(findings) if not finding.holds), asked)
    return Finding(holds, f"{findings[0].reason}; held for {lasted} of {asked} iterations")


def _at(condition: _Lasting, standings: tuple[Standing, ...]) -> Finding:
    if not standings:
        return Finding(holds=False, reason="no such iteration yet")
    now = standings[-1]
    match condition:
        case Unanimous():
            return _unanimous(now)
        case ShareReached(share=share):
            return _share(share, now)
        case AgreementReached(agreement=least):
            return _agreement(least, now)
        case ConfidenceReached(confidence=least, of=participant):
            return _confidence(least, (participant,) if participant is not None else now.expected, now)
        case _:
            return _nobody_moved(standings)


def _unanimous(now: Standing) -> Finding:
    held = {now.positions.get(participant) for participant in now.expected}
    if len(now.expected) < VOICES:
        return Finding(holds=False, reason=f"{len(now.expected)} voice cannot be unanimous")
    silent = [participant for participant in now.expected if participant not in now.positions]
    if silent:
        return Finding(holds=False, reason=f"no readable position of {', '.join(silent)}")
    reason = f"all {len(now.expected)} hold {next(iter(held))}" if len(held) == 1 else f"{len(held)} positions are held"
    return Finding(len(held) == 1, reason)


def _agreement(least: float, now: Standing) -> Finding:
    if not now.finished or now.agreement is None:
        return Finding(holds=False, reason="no agreement could be measured yet")
    return Finding(now.agreement >= least, f"agreement {now.agreement:.3g}, asked for {least:.3g}")


def _share(share: float, now: Standing) -> Finding:
    counts = Counter(now.positions[participant] for participant in now.expected if participant in now.positions)
    if not counts:
        return Finding(holds=False, reason="no readable position yet")
    most = max(counts.values())
    largest = min(position for position, count in counts.items() if count == most)
    holds = most / len(now.expected) >= share
    return Finding(holds, f"{most} of {len(now.expected)} hold {largest}, asked for {share:.3g}")


def _confidence(least: float, of: tuple[str, ...], now: Standing) -> Finding:
    silent = [participant for participant in of if participant not in now.confidences]
    if silent or not of:
        return Finding(holds=False, reason=f"no confidence stated by {', '.join(silent) or 'anybody'}")
    lowest = min(now.confidences[participant] for participant in of)
    return Finding(lowest >= least, f"lowest confidence {lowest:.3g}, asked for {least:.3g}")


def _one_confidence(least: float, participant: str, facts: Facts) -> Finding:
    claimed = facts.confidences.get(participant)
    if claimed is None:
        return Finding(holds=False, reason=f"no confidence stated by {participant}")
    return Finding(claimed >= least, f"{participant} claims {claimed:.3g}, asked for {least:.3g}")


def _nobody_moved(standings: tuple[Standing, ...]) -> Finding:
    if len(standings) < VOICES or not standings[-1].finished:
        return Finding(holds=False, reason="no two finished iterations to compare")
    before, now = (standing.details or standing.positions for standing in standings[-2:])
    unknown = [name for name in standings[-1].expected if (name in now) != (name in before)]
    both = [name for name in standings[-1].expected if name in now and name in before]
    moved = [name for name in both if now[name] != before[name]]
    if moved:
        return Finding(holds=False, reason=f"{', '.join(moved)} moved")
    if unknown:
        return Finding(holds=False, reason=f"cannot tell whether {', '.join(unknown)} moved")
    return Finding(len(both) >= VOICES, f"none of {len(both)} moved")
