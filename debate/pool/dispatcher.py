"""Who goes next, over all scopes."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final

from debate.models.options import Account
from debate.pool.gates import Held
from debate.pool.lane import Lane
from debate.pool.permit import Permit
from debate.pool.spending import give_back, reserve_all
from debate.pool.ticket import Ticket

_FULL: Final = Held("concurrency limit", math.inf)
_PURSE: Final = Held("budget", math.inf)


class Dispatcher:
    """Grants permits in order, as many at once as ``bound`` allows.

    It is a function, not a task: it runs when somebody joins, leaves, writes or ends, and when its one timer says that
    a window has room. It never waits, so slots, places in windows and money are taken together or not at all, and a
    cancellation falls before or after a decision, never inside one.

    What waits for its own debate's account holds back the rest of that debate and nobody else: that money is of no use
    to others. What waits for an account that everybody shares holds everybody back.
    """

    def __init__(self, *, bound: int, shared: Account | None, clock: Callable[[], float]) -> None:
        self.bound = bound
        self._shared = shared
        self.in_flight = 0
        self._clock = clock
        self._queued: dict[Lane, None] = {}
        """Lanes in which somebody waits, the one served longest ago first."""
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = math.inf

    @property
    def waiting(self) -> int:
        """How many wait, in all lanes."""
        return sum(len(lane.line) for lane in self._queued)

    def join(self, lane: Lane, ticket: Ticket) -> None:
        """Stand in line; granted at once if nothing is in the way, told why otherwise."""
        ahead = len(lane.line)
        lane.line.join(ticket)
        self._queued.setdefault(lane)
        self.dispatch()
        if not ticket.future.done():
            lane.tell(ticket, self._why(lane), self._clock(), ahead=ahead)

    def leave(self, lane: Lane, ticket: Ticket) -> None:
        """Leave the line without having gone."""
        lane.line.leave(ticket)
        self.dispatch()

    def release(self, lane: Lane, permit: Permit) -> None:
        """An attempt is over and has given back what it held."""
        self.in_flight -= 1
        lane.pause.ended(permit.wave)
        self.dispatch()

    def dispatch(self) -> None:
        """Let go whoever may, tell the first of the others why not, and set the timer for when that may change."""
        if not self._queued:
            return
        now = self._clock()
        without: set[str] = set()
        closed: set[Lane] = set()
        while self.in_flight < self.bound:
            best = self._best(now, without, closed)
            if best is None:
                break
            self._admit(*best, now, without, closed)
        wake = math.inf
        for lane in tuple(self._queued):
            first = next(iter(lane.line), None)
            if first is None:
                del self._queued[lane]
                continue
            held = self._why(lane)
            lane.tell(first, held, now)
            wake = min(wake, held.until)
        if wake < self._timer_at:
            self._wake_at(wake, now)

    def close(self) -> None:
        """Forget the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _best(self, now: float, without: set[str], closed: set[Lane]) -> tuple[Lane, Ticket] | None:
        """The best of the lanes' candidates: the greatest priority, then the lane served longest ago."""
        best: tuple[Lane, Ticket] | None = None
        for lane in self._queued:
            ticket = None if lane in closed else lane.candidate(now, without)
            if ticket is not None and (best is None or ticket.priority > best[1].priority):
                best = (lane, ticket)
        return best

    def _admit(self, lane: Lane, ticket: Ticket, now: float, without: set[str], closed: set[Lane]) -> None:
        """Give ``ticket`` everything it needs, or nothing, and say who is not to be asked again this time."""
        if ticket.future.done():  # it was cancelled or failed, and has not yet come to leave the line
            lane.line.leave(ticket)
            return
        try:
            reserved = reserve_all(ticket.accounts, ticket.worst, ticket.request.model)
        except Exception as error:  # noqa: BLE001 - whatever an account raises goes to the one whose account it is
            lane.line.leave(ticket)
            ticket.fail(error)
            return
        if not isinstance(reserved, tuple):
            if reserved is self._shared:
                closed.update(self._queued)
            else:
                without.add(ticket.run)
            return
        permit = lane.take(ticket.tokens, now)
        if permit is None:
            give_back(reserved)
            closed.add(lane)
            return
        permit.reservations = reserved
        self.in_flight += 1
        lane.go(ticket)
        del self._queued[lane]
        self._queued[lane] = None
        ticket.future.set_result(permit)

    def _why(self, lane: Lane) -> Held:
        return _FULL if self.in_flight >= self.bound else lane.held or _PURSE

    def _wake_at(self, when: float, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = when
        self._timer = asyncio.get_running_loop().call_later(max(when - now, 0.0), self._woken)

    def _woken(self) -> None:
        self._timer, self._timer_at = None, math.inf
        self.dispatch()
