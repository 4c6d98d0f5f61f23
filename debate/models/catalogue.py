"""Which models there are: what they can do, what they cost, and which are served no more.

Together's are in a dated file beside this module, made by ``scripts/make_prices.py``; the user's settings are laid
over it, and between the two, where they ask for it, what a server lists (:mod:`debate.models.listing`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from debate.scenario.sampling import Needs
from debate.settings.facts import ModelFacts
from debate.settings.prices import MILLION, Price
from debate.settings.schema import Settings

_FILE: Final = Path(__file__).with_name("catalogue.json")


class Estimate(NamedTuple):
    """USD for some tokens, exact."""

    input: Decimal
    output: Decimal
    total: Decimal


class ShortName(BaseModel):
    """A name that is no model's id, though people use it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stood_for: str
    chosen_for: Needs
    """What somebody who writes it is after."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: str
    source: str
    served: dict[str, ModelFacts]
    retired: dict[str, str]
    short_names: dict[str, ShortName]


class Known(NamedTuple):
    """A model in the catalogue."""

    facts: ModelFacts
    price: Price | None


class Retired(NamedTuple):
    """A model that is served no more."""

    why: str
    """With the id in full, where a short name was given."""
    needs: Needs
    """What to look for in its place."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Models by ``provider:model-id``, as they stand on one day."""

    models: Mapping[str, Known]
    """Those that are served."""
    retired: Mapping[str, Retired]
    as_of: str
    """Date of the bundled file."""
    today: date = field(default=date.min)

    def estimate_cost(self, model: str, prompt_tokens: int, completion_tokens: int) -> Estimate | None:
        """USD for so many tokens read and written, nothing of it cached; None when the price is unknown.

        Raises:
            ValueError: If a number of tokens is negative.
        """
        if prompt_tokens < 0 or completion_tokens < 0:
            raise ValueError(f"tokens cannot be negative, found {prompt_tokens} and {completion_tokens}")
        known = self.models.get(model)
        if known is None or known.price is None:
            return None
        read, written = (
            known.price.input * prompt_tokens / MILLION,
            known.price.output * completion_tokens / MILLION,
        )
        return Estimate(read, written, read + written)


_NO_NEEDS: Final = Needs()


def catalogue(settings: Settings, *, today: date) -> Catalogue:
    """The catalogue of a user.

    Args:
        settings: Whose facts and prices win over all others.
        today: What retirement dates are compared with.
    """
    bundled = _bundled()
    names = dict.fromkeys((*bundled.served, *settings.models, *settings.prices))
    models, retired = {}, _retired(settings)
    for name in names:
        facts = _facts(name, settings)
        if facts.retires is not None and facts.retires <= today:
            retired[name] = Retired(f"{name} is served no more since {facts.retires}", _NO_NEEDS)
        else:
            models[name] = Known(facts, _price(name, settings))
            retired.pop(name, None)
    return Catalogue(models, retired, bundled.as_of, today)


@cache
def _bundled() -> _File:
    return _File.model_validate(json.loads(_FILE.read_text("utf-8")))


def _facts(name: str, settings: Settings) -> ModelFacts:
    """What is known of a model: the bundled file, and the user's word over it, key by key."""
    given: dict[str, object] = {}
    for layer in (_bundled().served.get(name), settings.models.get(name)):
        if layer is not None:
            given |= layer.model_dump(exclude_unset=True)
    return ModelFacts.model_validate(given)


def _price(name: str, settings: Settings) -> Price | None:
    provider, _, model = name.partition(":")
    return settings.price_of(provider, model)


def _retired(settings: Settings) -> dict[str, Retired]:
    """What the bundled file says is served no more, for providers that are where the file means them to be."""
    bundled, usual = _bundled(), Settings()

    @cache
    def is_usual(provider: str) -> bool:
        here = settings.providers.get(provider)
        # An endpoint of one's own may serve anything.
        return here is not None and here.origin == usual.provider(provider).origin

    def is_meant(name: str) -> bool:
        return is_usual(name.partition(":")[0])

    wanted = {row.stood_for: row.chosen_for for row in bundled.short_names.values()}
    found = {
        name: Retired(f"{name} is {why} (catalogue of {bundled.as_of})", wanted.get(name, _NO_NEEDS))
        for name, why in bundled.retired.items()
        if is_meant(name)
    }
    for name, row in bundled.short_names.items():
        if is_meant(name):
            why = f"{name} is no model's id; {row.stood_for}, which it stood for, is {bundled.retired[row.stood_for]}"
            found[name] = Retired(f"{why} (catalogue of {bundled.as_of})", row.chosen_for)
    return found
