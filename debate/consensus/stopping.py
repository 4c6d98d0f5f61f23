"""Whether a debate may end here, from how far its voices agree and whether anybody still moves. Pure advice.

The figures are from 649 recorded debates of three agents (GSM8K, MMLU, arithmetic): the majority changes in the next
round after unanimity in 1.4 % of 423, after two thirds agreeing in 22 % of 168, after a three-way split in 67 % of 58.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from debate.consensus.measures import Measures
from debate.consensus.movement import Movement

StopReason = Literal["unanimous", "stable", "deadlock", "similar"]

_MOST: Final = 2 / 3
_SIMILAR: Final = 0.8
_DEADLOCK: Final = 2
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class StopAdvice:
    """That the debate may end, and why."""

    reason: StopReason
    warning: str | None = None
    """What the advice does not rest on, to be shown beside it."""


def stop_advice(history: Sequence[Measures], movements: Sequence[Movement]) -> StopAdvice | None:
    """Whether to stop after the last of ``history``; None to go on.

    Args:
        history: The measures of each iteration so far, oldest first.
        movements: From each iteration to the next, so one fewer.
    """
    if not history or history[-1].agreement is None or history[-1].unreadable:
        return None
    last = history[-1]
    return _on_statements(last, movements) if last.method.structured else _on_similarity(history)


def _on_statements(last: Measures, movements: Sequence[Movement]) -> StopAdvice | None:
    if last.unanimous:
        return StopAdvice("unanimous")
    still = [_nobody_moved(step) for step in movements]
    if still[-1:] == [True] and last.agreement is not None and last.agreement >= _MOST - _ROUNDING:
        return StopAdvice("stable")
    if still[-_DEADLOCK:] == [True] * _DEADLOCK:
        return StopAdvice("deadlock")
    return None


def _on_similarity(history: Sequence[Measures]) -> StopAdvice | None:
    recent = [measures.agreement for measures in history[-2:] if measures.agreement is not None]
    if len(recent) < 2 or min(recent) < _SIMILAR:  # noqa: PLR2004 - two iterations in a row
        return None
    return StopAdvice(
        "similar",
        warning=f"agreement was measured by {history[-1].method.value} alone, which opposite statements can share",
    )


def _nobody_moved(step: Movement) -> bool:
    return bool(step.moves) and not step.moved
