"""How long a text given to a debate may be, and what becomes of a longer one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class InputSettings(BaseModel):
    """Bounds on the motion, the question, the context, personas and private texts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    longest: Annotated[int, Field(ge=100)] = 400_000
    """Characters of one text: some 100,000 tokens of English."""
    over_long: Literal["error", "cut"] = "error"
    """What a longer one is: an error, or cut at a blank, with a mark that everyone sees."""
