"""``debate models``: which providers and prices are known."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer
from pydantic_core import to_json

from debate.cli import options
from debate.cli.ending import edge
from debate.cli.given import settings_from
from debate.cli.output import say
from debate.errors import MissingKey
from debate.models.beliefs import TEMPERS
from debate.report.words import table
from debate.settings.prices import Price, bundled_prices
from debate.settings.schema import Settings


class Provider(NamedTuple):
    """A provider as it is listed: everything but its key."""

    name: str
    base_url: str
    variables: tuple[str, ...]
    key: str
    """``set``, ``not set`` or ``not needed``."""


def models(
    part: Annotated[str, typer.Argument(metavar="[TEXT]", help="Show only what has this in its name.")] = "",
    *,
    endpoint: options.Endpoints = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    key_env: options.KeyVariables = [],  # noqa: B006 - likewise
    as_json: options.Json = False,
) -> None:
    """List providers, whether their keys are set (never the keys), and the prices that are known."""
    settings = settings_from(out=None, endpoints=endpoint, key_variables=key_env)
    providers = [_provider(settings, name) for name in settings.providers]
    prices = {name: price for name, price in {**bundled_prices(), **settings.prices}.items() if part in name}
    if as_json:
        listed = [provider._asdict() for provider in providers]
        say(
            to_json(
                {
                    "providers": listed,
                    "simulated": list(TEMPERS),
                    "prices": {name: price.model_dump(mode="json") for name, price in prices.items()},
                }
            ).decode()
        )
        return
    if not part:
        _providers(providers)
    _prices(prices)


def _provider(settings: Settings, name: str) -> Provider:
    row = settings.provider(name)
    try:
        key = "not needed" if settings.endpoint(name).key is None else "set"
    except MissingKey:
        key = "not set"
    return Provider(name, row.base_url, row.key_env, key)


def _providers(providers: list[Provider]) -> None:
    rows = [("provider", "key", "variable", "address")]
    rows += [(p.name, p.key, " or ".join(p.variables) or "-", p.base_url) for p in providers]
    rows.append(("simulated", "not needed", "-", f"in this process: {', '.join(TEMPERS)}"))
    say(*table(rows, width=edge()), "")


def _prices(prices: dict[str, Price]) -> None:
    if not prices:
        say("no price is known for that; prices go into the settings: see debate models --json")
        return
    rows = [("USD per million tokens", "read", "from cache", "written")]
    for name, price in prices.items():
        cached = "-" if price.cached_input is None else f"{price.cached_input:f}"
        rows.append((name, f"{price.input:f}", cached, f"{price.output:f}"))
    say(*table(rows, width=edge()))
    origins = {f"{price.source}{f', {price.as_of}' if price.as_of else ''}" for price in prices.values()}
    say("", f"prices: {'; '.join(sorted(origins))}; models on this machine cost nothing, others are unknown, not free")
