"""What a token costs, as far as is known, and what that makes of a completion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

_FILE: Final = Path(__file__).with_name("prices.json")

MILLION: Final = Decimal(1_000_000)

FREE_PROVIDERS: Final = ("simulated", "recorded")
"""Providers that run in this process and cost nothing."""


def _not_a_float(value: object) -> object:
    if isinstance(value, float):
        raise ValueError(f'money is written in quotes, as "{value}", so that it stays exact')  # noqa: TRY004 - pydantic turns a ValueError into a problem at its place
    return value


Usd = Annotated[Decimal, BeforeValidator(_not_a_float), Field(ge=0, allow_inf_nan=False)]
"""US dollars, exact."""


class Price(BaseModel):
    """USD per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: Usd
    output: Usd
    cached_input: Usd | None = None
    """For prompt tokens from the provider's own cache; None when they cost like any other."""
    local: bool = False
    """Runs on the user's own machine: free because nobody sends a bill."""
    source: str = "settings"
    as_of: str | None = None
    """ISO date of the source."""


class Tokens(Protocol):
    """Anything that counts the tokens of a completion."""

    @property
    def prompt_tokens(self) -> int | None:
        """Tokens read."""
        ...

    @property
    def completion_tokens(self) -> int | None:
        """Tokens written, reasoning included."""
        ...

    @property
    def cached_tokens(self) -> int | None:
        """The part of the prompt that came from the provider's cache."""
        ...


def cost(usage: Tokens | None, price: Price | None) -> Decimal | None:
    """USD for ``usage`` at ``price``; None when the price or a token count is unknown. Local models cost 0."""
    if price is None:
        return None
    if price.local:
        return Decimal(0)
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.prompt_tokens) if price.cached_input is not None else 0
    full = (usage.prompt_tokens - cached) * price.input + usage.completion_tokens * price.output
    return (full + cached * (price.cached_input or Decimal(0))) / MILLION


@cache
def bundled_prices() -> Mapping[str, Price]:
    """Prices by ``provider:model-id``, from the dated file that ships with the package."""
    data = json.loads(_FILE.read_text("utf-8"))
    return MappingProxyType(
        {name: Price(**row, source=data["source"], as_of=data["as_of"]) for name, row in data["prices"].items()}
    )
