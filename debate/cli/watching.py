"""What a live view knows of a run: who speaks, who waits, what was said last, and what it took so far."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from debate.engine.casting import Casting
from debate.engine.loop import Update
from debate.models.port import Delta, Waiting
from debate.report.spoken import stand_of
from debate.report.words import printable
from debate.transcript.events import AttemptFailed, Event, Scored, TurnAnswered, TurnAsked, TurnEnded, VerdictReached

Doing = Literal["idle", "asked", "speaking", "waiting"]

TAIL = 600
"""Characters of streaming text that are kept: more than the longest excerpt a terminal shows."""


@dataclass(slots=True)
class Seat:
    """One participant, as it stands at this moment."""

    id: str
    doing: Doing = "idle"
    turn: str = ""
    model: str = ""
    stand: str = ""
    """Where its latest reply stands."""
    text: str = ""
    """The end of what it is saying."""
    thinks: bool = False
    """Whether what streams in is reasoning and not yet the reply."""
    wait: str = ""
    until: float = 0.0
    """When the wait is over, as far as is known, by the clock that :meth:`Watch.told` is given."""

    def doing_at(self, now: float) -> Doing:
        """What it does at ``now``: nobody tells when a wait is over, as the request simply goes out."""
        return "asked" if self.doing == "waiting" and now >= self.until else self.doing


@dataclass(slots=True)
class Watch:
    """A run under way, folded from what a listener is told. It is the view's own; the engine never sees it."""

    casting: Casting
    seats: dict[str, Seat] = field(init=False)
    over: int = 0
    """Turns that have ended."""
    doing: str = "beginning"
    """What the run is at: the iteration a turn was asked for last, or what follows the last turn."""
    agreement: list[tuple[str, float | None]] = field(default_factory=list)
    """Iteration to agreement, in the order in which they were scored."""
    tokens: int = 0
    cost: Decimal = Decimal(0)
    unpriced: int = 0
    """Completions and attempts whose cost is not known."""
    speaking: deque[str] = field(default_factory=deque)
    """Participants whose text streams in, who began first coming first."""

    def __post_init__(self) -> None:
        self.seats = {id_: Seat(id_) for id_ in self.casting.members}

    def told(self, turn: str | None, update: Update, *, now: float) -> None:
        """Take in one update at ``now`` seconds of any steady clock."""
        if isinstance(update, Delta):
            self._heard(self._seat(turn or ""), update)
        elif isinstance(update, Waiting):
            seat = self._seat(turn or "")
            seat.doing, seat.wait, seat.until = "waiting", printable(update.reason), now + update.seconds
        else:
            self._happened(update.event, now)

    def _seat(self, turn: str) -> Seat:
        return self.seats[turn.rpartition("/")[2]]

    def _heard(self, seat: Seat, delta: Delta) -> None:
        if delta.reset:
            seat.text = ""
        if seat.doing != "speaking":
            seat.doing = "speaking"
            self.speaking.append(seat.id)
        if seat.thinks and not delta.reasoning:
            seat.text = ""
        seat.thinks = delta.reasoning
        seat.text = (seat.text + printable(delta.text))[-TAIL:]

    def _happened(self, event: Event, now: float) -> None:
        match event:
            case TurnAsked():
                seat = self._seat(event.turn)
                seat.doing, seat.turn, seat.model, seat.text = "asked", event.turn, event.model, ""
                self.doing = event.turn.rpartition("/")[0]
            case TurnAnswered():
                self._spent(event)
            case AttemptFailed():
                seat = self._seat(event.turn)
                if event.retry_in is not None:
                    seat.doing, seat.wait, seat.until = "waiting", printable(event.error), now + event.retry_in
                if event.billed != "no":
                    self.cost += event.cost_usd or 0
                    self.unpriced += event.cost_usd is None
            case TurnEnded():
                self._ended(event)
            case VerdictReached():
                self.doing = "verdict reached, comparing positions"
            case Scored(measure="agreement"):
                labels = {(i.round, i.number): i.id for i in self.casting.graph.iterations.values()}
                self.agreement.append((labels[event.round, event.iteration], event.value))

    def _spent(self, event: TurnAnswered) -> None:
        usage = event.usage
        if usage is not None:
            self.tokens += (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
        self.cost += event.cost_usd or 0
        self.unpriced += event.cost_usd is None

    def _ended(self, event: TurnEnded) -> None:
        self.over += 1
        if event.outcome == "skipped":
            return
        seat = self._seat(event.turn)
        seat.doing, seat.text, seat.thinks = "idle", "", False
        if seat.id in self.speaking:
            self.speaking.remove(seat.id)
        completed = event.outcome == "completed" and event.reply is not None
        seat.stand = stand_of(event.reply) if completed and event.reply is not None else event.outcome
