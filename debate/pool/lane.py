"""What the pool keeps for one scope: who waits, what is in flight, what was learnt."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Container
from typing import Final

from debate.pool.circuit import Circuit
from debate.pool.concurrency import AdaptiveLimit
from debate.pool.counters import ScopeCounters
from debate.pool.gates import Gates, Held
from debate.pool.limits import Limits
from debate.pool.line import Line
from debate.pool.pause import Pause
from debate.pool.permit import Permit
from debate.pool.scope import Scope
from debate.pool.ticket import Ticket

_PASSES: Final = 8
"""How often a request that waits for tokens is passed over before nobody may pass it any more."""
_LOOK_AHEAD: Final = 16
"""How many that wait for tokens are looked at before giving up for now."""


class Lane:
    """One scope. It says who may go and why nobody may; the dispatcher lets them go."""

    def __init__(
        self, scope: Scope, limits: Limits, account: Gates, *, bound: int, rng: random.Random, circuit_seconds: float
    ) -> None:
        ceiling = bound if limits.concurrency is None else min(bound, limits.concurrency)
        self.scope = scope
        self.gates = Gates(limits)
        self.account = account
        """Shared with the other models asked with the same key."""
        self.adaptive = AdaptiveLimit(start=ceiling if limits.start is None else limits.start, ceiling=ceiling)
        self.pause = Pause(rng)
        self.circuit = Circuit(scope, seconds=circuit_seconds)
        self.line: Line[Ticket] = Line()
        self.held: Held | None = None
        """Why the first in line did not go at the last look; None if only its own account holds it."""
        self.tells_writes = False
        """Whether its model has ever said that a request was written: if so, silence means that it was not."""
        self.admitted = self.answered = self.refused = self.failed = 0
        self._passed: tuple[Ticket, ...] = ()

    def candidate(self, now: float, without: Container[str]) -> Ticket | None:
        """The next that may go, but for debates in ``without``; None sets :attr:`held`."""
        self.held = self._closed(now)
        if self.held is not None:
            return None
        passed: list[Ticket] = []
        for ticket in self.line.in_order(without):
            due = max(self.gates.tokens_due(ticket.tokens, now), self.account.tokens_due(ticket.tokens, now))
            if due <= now:
                self._passed = tuple(passed)
                return ticket
            self.held = self.held or Held("tpm limit", due)
            passed.append(ticket)
            if ticket.passed >= _PASSES or len(passed) >= _LOOK_AHEAD:
                break
        return None

    def go(self, ticket: Ticket) -> None:
        """The last candidate goes; those it passed over remember it."""
        for other in self._passed:
            other.passed += 1
        self.line.go(ticket)
        self.admitted += 1

    def take(self, tokens: int, now: float) -> Permit | None:
        """A slot, a wave and a place in every window; None, and :attr:`held`, if asyncio-throttle would wait."""
        mine = self.gates.take(tokens, now)
        if isinstance(mine, Held):
            self.held = mine
            return None
        shared = self.account.take(tokens, now)
        if isinstance(shared, Held):
            mine.undo()
            self.held = shared
            return None
        return Permit(passages=(mine, shared), wave=self.pause.admitted(), admitted_at=now)

    def tell(self, ticket: Ticket, held: Held, now: float, *, ahead: int = 0) -> None:
        """Tell ``ticket`` why it waits, and how long as far as is known."""
        known = max(held.until - now, 0.0) if held.until < math.inf else 0.0
        apart = max(self.gates.seconds_per_request, self.account.seconds_per_request)
        ticket.tell(held.reason, known + ahead * apart)

    def tell_all_of_pause(self, now: float) -> None:
        """Tell everybody in line that it pauses: once an episode, never on the way of a single request."""
        for ticket in self.line:
            self.tell(ticket, Held("paused after 429", self.pause.until), now)

    def fail_all(self, error_of: Callable[[], Exception]) -> None:
        """Everybody in line fails at once, each with an error of its own."""
        for ticket in tuple(self.line):
            self.line.leave(ticket)
            ticket.fail(error_of())

    def counters(self, now: float) -> ScopeCounters:
        """What a live view shows."""
        return ScopeCounters(
            scope=self.scope,
            waiting=len(self.line),
            in_flight=self.gates.in_flight,
            limit=self.adaptive.limit,
            limit_history=tuple(self.adaptive.history),
            paused_for=max(0.0, self.pause.until - now),
            circuit_open=self.circuit.opened.is_set(),
            admitted=self.admitted,
            answered=self.answered,
            refused=self.refused,
            failed=self.failed,
        )

    def _closed(self, now: float) -> Held | None:
        """Why nobody at all may go now."""
        if now < self.pause.until:
            return Held("paused after 429", self.pause.until)
        if self.gates.in_flight >= self.adaptive.limit or not self.pause.admits():
            return Held("concurrency limit", math.inf)
        mine, shared = self.gates.held(now), self.account.held(now)
        if mine is None or shared is None:
            return mine or shared
        return max(mine, shared, key=lambda held: held.until)
