"""Two branches of one debate side by side: a run, and what a change made of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from debate.reply.reply import Reply
from debate.transcript.events import VerdictReached
from debate.transcript.state import State, TurnState

Came = Literal["copied", "planted", "asked", "not held"]
"""How a turn of the fork came about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One turn in both branches."""

    turn: str
    parent: str | None
    """What was stood for there: an answer, a stance, a position, or how the turn ended; None if it was not held."""
    fork: str | None
    came: Came

    @property
    def moved(self) -> bool:
        """Whether the branches differ here."""
        return self.parent != self.fork


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """The agreement of one iteration in both branches; None where there is none."""

    iteration: str
    parent: float | None
    fork: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """What a change moved."""

    parent: str
    fork: str
    """Run ids."""
    turns: tuple[Pair, ...]
    agreement: tuple[Agreed, ...]
    parent_verdict: VerdictReached | None
    fork_verdict: VerdictReached | None

    @property
    def moved(self) -> tuple[Pair, ...]:
        """The turns at which the branches differ."""
        return tuple(pair for pair in self.turns if pair.moved)

    @property
    def same_verdict(self) -> bool:
        """Whether both decided alike."""
        return _answer(self.parent_verdict) == _answer(self.fork_verdict)


def branches(parent: State, fork: State) -> Branches:
    """Compare two runs turn by turn, in the order of the fork.

    Raises:
        ValueError: If one of them has no header.
    """
    if parent.header is None or fork.header is None:
        raise ValueError("a branch begins with its header")
    names = [*fork.turns, *(id_ for id_ in parent.turns if id_ not in fork.turns)]
    places = {(key.round, key.iteration): None for state in (fork, parent) for key in state.scores}
    return Branches(
        parent=parent.header.run,
        fork=fork.header.run,
        turns=tuple(_pair(id_, parent.turns, fork.turns) for id_ in names),
        agreement=tuple(
            Agreed(
                iteration=f"{round_}.{number}",
                parent=_agreement(parent, round_, number),
                fork=_agreement(fork, round_, number),
            )
            for round_, number in places
        ),
        parent_verdict=parent.verdict,
        fork_verdict=fork.verdict,
    )


def stands_for(reply: Reply) -> str:
    """What a reply stands for, as it is compared: its answer, else its stance, else its position, else its text."""
    stance = reply.stance.value if reply.stance is not None else None
    return reply.answer or stance or reply.position or reply.text


def _pair(id_: str, parent: Mapping[str, TurnState], fork: Mapping[str, TurnState]) -> Pair:
    return Pair(turn=id_, parent=_shown(parent.get(id_)), fork=_shown(fork.get(id_)), came=_came(fork.get(id_)))


def _shown(turn: TurnState | None) -> str | None:
    ended = turn.ended if turn is not None else None
    if ended is None or ended.outcome == "skipped":
        return None
    return stands_for(ended.reply) if ended.outcome == "completed" and ended.reply is not None else ended.outcome


def _came(turn: TurnState | None) -> Came:
    if turn is None or not turn.asked:
        return "not held"
    source = turn.answer.source if turn.answer is not None else None
    if source == "planted":
        return "planted"
    return "copied" if source == "recorded" else "asked"


def _agreement(state: State, round_: str, number: int) -> float | None:
    scored = state.score(round_, number)
    return scored.value if scored is not None else None


def _answer(verdict: VerdictReached | None) -> str | None:
    return verdict.answer if verdict is not None else None
