"""The player of a saved run: where it stands and what a key does to it. Knows no terminal and no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from debate.report.spoken import stand_of
from debate.report.words import listed
from debate.transcript.events import Entry, TurnAsked, TurnEnded

Key = Literal["space", "right", "left", "down", "up", "faster", "slower", "home", "end", "quit"]

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
SECONDS: Final = 2.0
"""A turn is shown for this long at speed 1."""

HELP: Final = "space pause · ← → turn · ↑ ↓ round · - + speed · 1-9 seek · home end · q quit"


@dataclass(frozen=True, slots=True)
class Frame:
    """One turn as it is shown."""

    turn: str
    round: str
    speaker: str
    model: str | None
    heard: tuple[str, ...]
    """Whose replies stood in its prompt."""
    outcome: str
    stands_for: str
    text: str


def frames_of(entries: Sequence[Entry]) -> tuple[Frame, ...]:
    """The turns of a run in the order in which they ended; what gates left out is not among them."""
    asked: dict[str, TurnAsked] = {}
    found = []
    for entry in entries:
        event = entry.event
        if isinstance(event, TurnAsked):
            asked[event.turn] = event
        elif isinstance(event, TurnEnded) and event.outcome != "skipped":
            found.append(_frame(event, asked.get(event.turn)))
    return tuple(found)


def _frame(event: TurnEnded, asked: TurnAsked | None) -> Frame:
    round_, _, speaker = event.turn.rpartition("/")
    heard = dict.fromkeys(one.turn.rpartition("/")[2] for one in asked.recipe.heard) if asked is not None else {}
    return Frame(
        turn=event.turn,
        round=round_,
        speaker=speaker,
        model=asked.model if asked is not None else None,
        heard=tuple(heard),
        outcome=event.outcome,
        stands_for=stand_of(event.reply) if event.reply is not None else event.reason or "",
        text=event.reply.text if event.reply is not None else "",
    )


@dataclass(slots=True)
class Player:
    """Plays frames. :meth:`press` takes keys, :meth:`tick` the time that has passed."""

    frames: tuple[Frame, ...]
    place: int = 0
    playing: bool = True
    speed: float = 1.0
    over: bool = False
    """Whether the person has quit."""
    _waited: float = field(default=0.0, repr=False)

    @property
    def frame(self) -> Frame | None:
        """What is shown; None in a run without a turn."""
        return self.frames[self.place] if self.frames else None

    @property
    def status(self) -> str:
        """Where it stands, as ``▶ 3/12 rebuttal.1 · speed 2``."""
        if self.frame is None:
            return "no turn was held"
        mark = "▶" if self.playing else "⏸"
        return f"{mark} {self.place + 1}/{len(self.frames)} {self.frame.round} · speed {self.speed:g}"

    @property
    def heard(self) -> str:
        """Who was heard, in words."""
        if self.frame is None:
            return ""
        return f"after hearing {listed(self.frame.heard)}" if self.frame.heard else "having heard nobody"

    def press(self, key: Key) -> None:
        """Do what a key means."""
        match key:
            case "space":
                self.playing = not self.playing
            case "right":
                self._go(self.place + 1)
            case "left":
                self._go(self.place - 1)
            case "down":
                self._go(self._round_after())
            case "up":
                self._go(self._round_before())
            case "faster" | "slower":
                at = SPEEDS.index(self.speed) + (1 if key == "faster" else -1)
                self.speed = SPEEDS[min(max(at, 0), len(SPEEDS) - 1)]
            case "home":
                self._go(0)
            case "end":
                self._go(len(self.frames) - 1)
            case "quit":
                self.over = True

    def seek(self, part: float) -> None:
        """Go to a part of the run, from 0 to 1."""
        self._go(round(part * (len(self.frames) - 1)))

    def tick(self, seconds: float) -> bool:
        """Let time pass; whether another turn is shown now. At the last turn it pauses."""
        if not self.playing or not self.frames:
            return False
        self._waited += seconds * self.speed
        if self._waited < SECONDS:
            return False
        if self.place == len(self.frames) - 1:
            self.playing = False
            return True
        self._go(self.place + 1)
        return True

    def _go(self, place: int) -> None:
        self.place = min(max(place, 0), max(len(self.frames) - 1, 0))
        self._waited = 0.0

    def _round_after(self) -> int:
        here = self.frames[self.place].round if self.frames else ""
        later = (at for at in range(self.place, len(self.frames)) if self.frames[at].round != here)
        return next(later, len(self.frames) - 1)

    def _round_before(self) -> int:
        """The beginning of this round; of the one before it, where this one is at its beginning."""
        at = max(self.place - 1, 0)
        while at > 0 and self.frames[at - 1].round == self.frames[at].round:
            at -= 1
        return at
