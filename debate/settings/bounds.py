"""What the user lets one engine spend, whatever scenarios ask for."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from debate.settings.prices import Usd


class Bounds(BaseModel):
    """At most so much over all runs of one engine: of one command, or of one ``debate.Engine``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd: Annotated[Usd, Field(gt=Decimal(0))] | None = None
    requests: Annotated[int, Field(ge=1)] | None = None
    """HTTP sends, retries included."""
    tokens: Annotated[int, Field(ge=1)] | None = None
    """Prompt and completion tokens together."""
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """From the engine's first moment."""
