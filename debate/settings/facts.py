"""What a model is able to do, as far as is known."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Capability = Literal["reasoning", "tools", "vision", "json_schema"]
"""Thinks before it answers; takes tools; reads pictures; can be held to a JSON schema."""


class ModelFacts(BaseModel):
    """One model of one provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    context: Annotated[int, Field(ge=1)] | None = None
    """Tokens it holds, read and written together."""
    max_output: Annotated[int, Field(ge=1)] | None = None
    """Tokens it writes at most."""
    capabilities: tuple[Capability, ...] = ()
    """What it is known to be able to do. What is not here may be unknown, and is not counted on."""
    retires: date | None = None
    """The day from which on it is no longer served."""
    on_condition: str | None = None
    """What must be done before it can be called. Such a model is never chosen by itself."""
