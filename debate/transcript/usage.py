"""What a completion used, as its provider reported it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Usage(BaseModel):
    """Tokens of one completion. What was not reported is None, never 0."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    """Includes reasoning tokens, which are billed like any other."""
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    """The part of the prompt that the provider served from its own cache."""


class Timing(BaseModel):
    """Seconds a completion took, by the engine's monotonic clock."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    queued: float = 0.0
    """From asking the pool to the request being sent, all waits included."""
    first_token: float | None = None
    """From sending to the first text; None when the completion was not streamed."""
    total: float = 0.0
    """From sending to the last byte of the attempt that succeeded."""
