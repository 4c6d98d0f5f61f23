"""Who moved between two iterations, along which hearings, and towards whom. Association, never causation. Pure.

In recorded debates 37 % of answers change under self-reflection alone (arXiv 2606.00820), so that somebody moved
towards what they heard does not show that they moved because of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from debate.consensus.camps import groups_of
from debate.consensus.method import Method
from debate.consensus.pair import answers_agree, stances_agree
from debate.consensus.voices import Voice
from debate.consensus.wording import normalised
from debate.reply.reply import Stance

TextAgreement = Callable[[str, str], float]
"""How far two texts agree, in [0, 1]."""

_SAME: Final = 0.5
"""A position whose agreement with the earlier one is below this has moved; the cut of camps."""


@dataclass(frozen=True, slots=True)
class Move:
    """How one participant's reply compares with its own of the iteration before."""

    participant: str
    before: str
    after: str
    moved: bool
    change: float
    """From 0 (none) to 1: half the distance of stances, 1 for another answer, 1 - agreement of positions."""
    shift: float | None = None
    """On a motion the signed change of stance, in [-2, 2]; greater is more in favour."""


@dataclass(frozen=True, slots=True)
class CoMovement:
    """A hearer moved nearer to what a speaker it heard had said."""

    speaker: str
    hearer: str
    credit: float
    """1 divided by the number of valid speakers the hearer heard, as the others may as well be the reason."""


@dataclass(frozen=True, slots=True)
class Conformity:
    """Whether the minority joined the majority of the iteration before, and the majority left it."""

    minority: int
    joined: int
    majority: int
    left: int

    @property
    def towards_majority_rate(self) -> float | None:
        """Which part of the minority joined; None without a minority."""
        return self.joined / self.minority if self.minority else None

    @property
    def away_rate(self) -> float | None:
        """Which part of the majority left it; None without one."""
        return self.left / self.majority if self.majority else None


@dataclass(frozen=True, slots=True)
class Movement:
    """What changed from one iteration to the next, over participants valid in both."""

    method: Method
    moves: tuple[Move, ...]
    co_movements: tuple[CoMovement, ...] = ()
    conformity: Conformity | None = None
    """None without a strict majority before, and for methods that compare wording."""

    @property
    def moved(self) -> tuple[str, ...]:
        """Who moved."""
        return tuple(move.participant for move in self.moves if move.moved)

    @property
    def stability(self) -> float | None:
        """One minus the mean change, in [0, 1]; None when nobody can be compared."""
        if not self.moves:
            return None
        return 1 - math.fsum(move.change for move in self.moves) / len(self.moves)


def movement(
    previous: Sequence[Voice],
    current: Sequence[Voice],
    method: Method,
    *,
    heard: Mapping[str, Collection[str]] | None = None,
    agreement: TextAgreement | None = None,
) -> Movement:
    """Compare each participant with itself one iteration before.

    Args:
        previous: The voices of the iteration before.
        current: The voices now.
        method: The run's method.
        heard: For each participant, whom it really heard between the two iterations.
        agreement: Of two texts; needed by methods other than answer and stance.

    Raises:
        ValueError: If the method compares texts and ``agreement`` is missing.
    """
    agree = _agreement(method, agreement)
    before = {voice.participant: text for voice in previous if (text := method.compared(voice)) is not None}
    after = {voice.participant: text for voice in current if (text := method.compared(voice)) is not None}
    moves = tuple(_move(name, before[name], text, method, agree) for name, text in after.items() if name in before)
    return Movement(
        method=method,
        moves=moves,
        co_movements=_co_movements(moves, before, heard or {}, agree),
        conformity=_conformity(moves, before, method),
    )


def _agreement(method: Method, given: TextAgreement | None) -> TextAgreement:
    if method is Method.ANSWER:
        return answers_agree
    if method is Method.STANCE:
        return lambda first, second: stances_agree(Stance(first), Stance(second))
    if given is None:
        raise ValueError(f"movement by {method.value!r} needs an agreement of two texts")
    return lambda first, second: 1.0 if normalised(first) == normalised(second) else given(first, second)


def _move(name: str, before: str, after: str, method: Method, agree: TextAgreement) -> Move:
    if method is Method.STANCE:
        shift = Stance(after).score - Stance(before).score
        return Move(name, before, after, moved=shift != 0, change=abs(shift) / 2, shift=shift)
    agreement = agree(before, after)
    moved = agreement < (1 if method is Method.ANSWER else _SAME)
    return Move(name, before, after, moved=moved, change=1 - agreement)


def _co_movements(
    moves: Sequence[Move], before: Mapping[str, str], heard: Mapping[str, Collection[str]], agree: TextAgreement
) -> tuple[CoMovement, ...]:
    found = []
    for move in moves:
        speakers = sorted(name for name in heard.get(move.participant, ()) if name in before)
        speakers = [name for name in speakers if name != move.participant]
        if not move.moved:
            continue
        found += [
            CoMovement(speaker=name, hearer=move.participant, credit=1 / len(speakers))
            for name in speakers
            if agree(move.after, before[name]) > agree(move.before, before[name])
        ]
    return tuple(found)


def _conformity(moves: Sequence[Move], before: Mapping[str, str], method: Method) -> Conformity | None:
    if not method.structured:
        return None
    side = _side_of(method)
    names = list(before)
    largest = max(groups_of([side(before[name]) for name in names]), key=len, default=())
    if 2 * len(largest) <= len(names):
        return None
    majority = side(before[names[largest[0]]])
    inside = [move for move in moves if side(move.before) == majority]
    outside = [move for move in moves if side(move.before) != majority]
    return Conformity(
        minority=len(outside),
        joined=sum(side(move.after) == majority for move in outside),
        majority=len(inside),
        left=sum(side(move.after) != majority for move in inside),
    )


def _side_of(method: Method) -> Callable[[str], str]:
    return (lambda text: Stance(text).ballot) if method is Method.STANCE else normalised
