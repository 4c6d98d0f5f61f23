"""What servers list of their models, laid over the bundled catalogue, for providers whose settings ask for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, Final

from debate.errors import DebateError
from debate.models.catalogue import catalogue
from debate.settings.facts import ModelFacts
from debate.settings.prices import Price
from debate.settings.schema import Settings

if TYPE_CHECKING:
    from debate.models.client import Listed

LOG: Final = logging.getLogger("debate")

PATIENCE: Final = 15.0
"""Seconds a server has to list its models."""


async def with_listed(settings: Settings, *, today: date) -> Settings:
    """``settings`` with what the servers of providers with ``list_models = true`` say of contexts and prices.

    The user's own entries win over what is listed, and that wins over the bundled catalogue. A server that does not
    list its models changes nothing, and the log says so. Being listed does not bring back what is known to be retired.
    """
    asked = [name for name, row in settings.providers.items() if row.list_models]
    if not asked:
        return settings
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_listed(settings, name)) for name in asked]
    retired = catalogue(settings, today=today).retired
    prices, models = dict(settings.prices), dict(settings.models)
    for provider, task in zip(asked, tasks, strict=True):
        for row in task.result():
            name = f"{provider}:{row.id}"
            if name in retired or row.type not in (None, "chat"):
                continue
            if row.price is not None:
                listed = Price(**row.price._asdict(), source=f"listed by {provider}", as_of=today.isoformat())
                prices.setdefault(name, listed)
            if row.context_length is not None:
                own = models.get(name, ModelFacts())
                given = {"context": row.context_length, **own.model_dump(exclude_unset=True)}
                models[name] = ModelFacts.model_validate(given)
    return settings.model_copy(update={"prices": prices, "models": models})


async def _listed(settings: Settings, provider: str) -> Iterable[Listed]:
    # httpx and aiohttp are loaded only where a server is asked.
    from debate.models.client import OpenAICompatible  # noqa: PLC0415

    try:
        client = OpenAICompatible(settings.endpoint(provider))
        try:
            async with asyncio.timeout(PATIENCE):
                return await client.list_models()
        finally:
            await client.aclose()
    except (DebateError, TimeoutError) as error:
        why = str(error) or f"nothing came within {PATIENCE:g} s"
        LOG.warning("%s does not list its models, so what is bundled counts: %s", provider, why)
        return ()
