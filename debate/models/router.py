"""From a model's name to the model: ``provider:model-id`` goes to the provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Final, Self

from debate.errors import SettingsError
from debate.models.port import ChatModel, Completion, Request
from debate.models.recorded import Recordings
from debate.models.simulated import SimulatedModel
from debate.settings.nearest import did_you_mean
from debate.settings.schema import Endpoint, Settings

if TYPE_CHECKING:
    from debate.models.client import OpenAICompatible

_NONE: Final[Mapping[str, ChatModel]] = MappingProxyType({})


class Router:
    """A model that hands each request to the provider its model names. Providers are opened when first asked.

    Args:
        settings: Where providers are and what they need.
        custom: Models of the caller's own by provider name; they come before anything in the settings.
        connect: Makes the client of an endpoint; by default one over HTTP.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        custom: Mapping[str, ChatModel] = _NONE,
        connect: Callable[[Endpoint], OpenAICompatible] | None = None,
    ) -> None:
        self._settings = settings
        self._custom = custom
        self._connect = connect if connect is not None else _over_http
        self._opened: dict[str, ChatModel] = {}
        self._closing: list[Callable[[], Awaitable[None]]] = []

    async def __call__(self, request: Request, /) -> Completion:
        """Ask the model's provider.

        Raises:
            SettingsError: If the provider is unknown, or its key is not set.
            ModelError: If there is no usable completion.
        """
        return await self.provider(request.model.provider)(request)

    def provider(self, name: str) -> ChatModel:
        """The provider's client, opened now if it was not yet.

        Raises:
            SettingsError: If the provider is unknown.
            MissingKey: If it needs a key and none is set.
        """
        found = self._opened.get(name)
        if found is None:
            found = self._opened[name] = self._open(name)
        return found

    async def aclose(self) -> None:
        """Close every provider that was opened, whatever one of them raises."""
        closing, self._closing = self._closing, []
        self._opened.clear()
        async with AsyncExitStack() as stack:
            for close in closing:
                stack.push_async_callback(close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _open(self, name: str) -> ChatModel:
        if name in self._custom:
            return self._custom[name]
        if name == "simulated":
            return SimulatedModel()
        if name == "recorded":
            return Recordings(self._settings.transcripts)
        if name not in self._settings.providers:
            known = sorted({*self._settings.providers, *self._custom, "simulated", "recorded"})
            raise SettingsError(f"no provider is called {name!r}{did_you_mean(name, known)}; known: {', '.join(known)}")
        client = self._connect(self._settings.endpoint(name))
        self._closing.append(client.aclose)
        return client


def _over_http(endpoint: Endpoint) -> OpenAICompatible:
    # httpx and aiohttp are loaded with the first request that needs them, not with the command line.
    from debate.models.client import OpenAICompatible  # noqa: PLC0415

    return OpenAICompatible(endpoint)
