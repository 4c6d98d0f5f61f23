"""What a live view and a usage report read off the pool."""

from __future__ import annotations

from dataclasses import dataclass

from debate.pool.concurrency import LimitChange
from debate.pool.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeCounters:
    """One scope as it stands at a moment. Attempts are counted, not requests."""

    scope: Scope
    waiting: int
    in_flight: int
    limit: int
    """Concurrent requests the scope may have now."""
    limit_history: tuple[LimitChange, ...]
    paused_for: float
    """Seconds until the pause after a 429 is over; 0 when there is none."""
    circuit_open: bool
    admitted: int
    answered: int
    refused: int
    """429s."""
    failed: int
    """Ended without a completion, 429s included, cancelled ones not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounters:
    """The whole pool as it stands at a moment."""

    bound: int
    in_flight: int
    waiting: int
    scopes: tuple[ScopeCounters, ...]
