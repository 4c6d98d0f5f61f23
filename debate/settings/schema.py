"""The user's own settings: providers, keys, limits, prices."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator

from debate.errors import MissingKey, SettingsError
from debate.settings.bounds import Bounds
from debate.settings.cache import CacheSettings
from debate.settings.facts import ModelFacts
from debate.settings.inputs import InputSettings
from debate.settings.keys import Environment, Secret
from debate.settings.nearest import did_you_mean
from debate.settings.origin import Origin
from debate.settings.prices import FREE_PROVIDERS, Price, bundled_prices
from debate.settings.provider import DialectName, Limits, ProviderSettings, Timeouts
from debate.settings.proxies import proxy_for

_PROVIDERS: Final = Path(__file__).with_name("providers.toml")

DEFAULT_CONCURRENCY: Final = 10

_HUB_VARIABLES: Final = ("HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "XDG_CACHE_HOME")

_EMPTY: Final = Environment({})
_FREE: Final = {
    name: Price(input=Decimal(0), output=Decimal(0), local=True, source=name) for name in (*FREE_PROVIDERS, "local")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A provider as it is called: address, key and bounds, all resolved."""

    provider: str
    dialect: DialectName
    base_url: str
    origin: Origin
    key: Secret | None = None
    key_variables: tuple[str, ...] = ()
    """Where the key was looked for, to name in a message."""
    limits: Limits = field(default_factory=Limits)
    """With ``concurrency`` filled in."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: int = 4
    proxy: str | None = field(default=None, repr=False)
    """May hold the proxy's password."""
    ca_file: str | None = None


class Settings(BaseModel):
    """Everything the user sets once for all scenarios. A scenario can name none of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    providers: dict[str, ProviderSettings] = Field(default_factory=dict, validate_default=True)
    """The known providers with the user's laid over them."""
    prices: dict[str, Price] = Field(default_factory=dict)
    """The user's prices by ``provider:model-id``; they win over the bundled ones."""
    models: dict[str, ModelFacts] = Field(default_factory=dict)
    """What the user knows of models, by ``provider:model-id``; it wins over the bundled catalogue, key by key."""
    concurrency: Annotated[int, Field(ge=1)] = DEFAULT_CONCURRENCY
    """Requests in flight at once, where a provider does not say otherwise."""
    budget: Bounds = Bounds()
    """What one engine may spend over all its runs, beside each scenario's own budget."""
    input: InputSettings = InputSettings()
    """How long a text may be that a debate is given."""
    cache: CacheSettings = CacheSettings()
    """Where answers are kept so that nobody pays for them twice."""
    embedder: str | None = None
    """Name or folder of the model that compares positions; None to look for one."""
    nli: str | None = None
    """Name or folder of the cross-encoder that judges positions where a scenario says ``consensus: {method: nli}``."""
    calibrations: Path | None = None
    """Where maps that ``debate calibrate`` fitted are kept and looked for: in the user's data folder. Settings that are
    made in a program have none, and use none."""
    transcripts: Path = Path("transcripts")
    """Where runs are written."""

    _environment: Environment = PrivateAttr(default=_EMPTY)

    @model_validator(mode="before")
    @classmethod
    def _lay_over_builtin(cls, data: object) -> object:
        given = data.get("providers", {}) if isinstance(data, Mapping) else None
        if not isinstance(data, Mapping) or not isinstance(given, Mapping):
            return data
        merged: dict[str, object] = dict(_builtin_providers())
        for name, row in given.items():
            known = merged.get(name)
            merged[name] = {**known, **row} if isinstance(row, Mapping) and isinstance(known, Mapping) else row
        return {**data, "providers": merged}

    @field_validator("providers")
    @classmethod
    def _names_are_free(cls, value: dict[str, ProviderSettings]) -> dict[str, ProviderSettings]:
        for name in value:
            if name in FREE_PROVIDERS:
                raise ValueError(f"{name!r} is built in and is no server; choose another name")
            if ":" in name or not name.strip():
                raise ValueError(f"{name!r} cannot name a provider: it stands before the colon in provider:model-id")
        return value

    def with_environment(self, variables: Mapping[str, str]) -> Settings:
        """These settings, with keys, base URLs and tiers looked up in ``variables``.

        Raises:
            SettingsError: If a variable for a base URL does not hold a URL.
        """
        environment = Environment(variables)
        providers = {name: _moved(name, row, environment) for name, row in self.providers.items()}
        changed = self.model_copy(update={"providers": providers})
        changed._environment = environment  # noqa: SLF001 - a private attribute of the same class
        return changed

    @property
    def hub(self) -> Mapping[str, str]:
        """The variables that say where weights of models are kept and fetched from."""
        found = {name: self._environment.get(name) for name in _HUB_VARIABLES}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def may_download(self) -> bool:
        """Whether weights may be fetched, by the hub's own variable."""
        return self.hub.get("HF_HUB_OFFLINE", "").lower() not in ("1", "true", "yes", "on")

    def with_endpoint(self, provider: str, url: str, key_env: str | None = None) -> Settings:
        """These settings with ``provider`` at ``url``.

        A key goes along only within its origin. At a new one ``key_env`` names the variable for it; without that,
        requests carry none.

        Raises:
            SettingsError: If the provider is unknown or ``url`` is not a URL.
        """
        row = self.provider(provider)
        try:
            moved = ProviderSettings.model_validate({**row.model_dump(), "base_url": url, "base_url_env": ()})
        except ValidationError as error:
            raise SettingsError(f"{provider}: {_reason(error)}") from None
        if key_env is not None:
            moved = moved.model_copy(update={"key_env": (key_env,), "key_required": True})
        elif not moved.origin.serves_the_same(row.origin):
            moved = moved.model_copy(update={"key_env": (), "key_required": False})
        return self.model_copy(update={"providers": {**self.providers, provider: moved}})

    def provider(self, name: str) -> ProviderSettings:
        """What is set for the provider.

        Raises:
            SettingsError: If there is none of that name.
        """
        row = self.providers.get(name)
        if row is None:
            known = (*self.providers, *FREE_PROVIDERS)
            raise SettingsError(
                f"no provider is called {name!r}{did_you_mean(name, known)}; known: {', '.join(sorted(known))}"
            )
        return row

    def endpoint(self, name: str) -> Endpoint:
        """The provider, ready to be called.

        Raises:
            SettingsError: If there is none of that name.
            MissingKey: If it needs a key and none is set.
        """
        row = self.provider(name)
        found = self._environment.first(row.key_env)
        if found is None and row.needs_key:
            raise missing_key(name, row.key_env)
        if found is not None and not (found[1].isascii() and found[1].isprintable() and " " not in found[1]):
            raise SettingsError(f"{found[0]} cannot be a key: it holds blanks, line ends or characters beyond ASCII")
        origin = row.origin
        return Endpoint(
            provider=name,
            dialect=row.dialect,
            base_url=row.base_url,
            origin=origin,
            key=None if found is None else Secret(found[1]),
            key_variables=row.key_env,
            limits=row.limits.model_copy(update={"concurrency": row.limits.concurrency or self.concurrency}),
            timeouts=row.timeouts,
            retries=row.retries,
            proxy=proxy_for(origin, self._environment),
            ca_file=row.ca_file or self._environment.get("SSL_CERT_FILE"),
        )

    def price_of(self, provider: str, model: str) -> Price | None:
        """USD per million tokens of ``provider:model``; None when it is unknown, which is never the same as 0."""
        own = self.prices.get(f"{provider}:{model}")
        if own is not None:
            return own
        if provider in FREE_PROVIDERS:
            return _FREE[provider]
        row = self.providers.get(provider)
        if row is not None and row.is_local:
            return _FREE["local"]
        return bundled_prices().get(f"{provider}:{model}")


def missing_key(provider: str, variables: tuple[str, ...]) -> MissingKey:
    """The error for a provider whose key is not set, with the ways to go on without it."""
    name = " or ".join(variables) if variables else "a key (name its variable in key_env)"
    message = (
        f"{provider} needs {name} (not set). Set it · local: --model cheap=ollama:qwen3:4b · "
        "free: --model '*=simulated:debater'"
    )
    return MissingKey(message, provider=provider, variables=variables)


@cache
def _builtin_providers() -> Mapping[str, Mapping[str, object]]:
    return tomllib.loads(_PROVIDERS.read_text("utf-8"))


def _moved(name: str, row: ProviderSettings, environment: Environment) -> ProviderSettings:
    tier = environment.first(row.tier_env)
    if tier is not None:
        row = row.model_copy(update={"tier": tier[1]})
    found = environment.first(row.base_url_env)
    if found is None:
        return row
    try:
        return ProviderSettings.model_validate({**row.model_dump(), "base_url": found[1]})
    except ValidationError as error:
        raise SettingsError(f"{found[0]}, the base URL of {name}: {_reason(error)}") from None


def _reason(error: ValidationError) -> str:
    return error.errors()[0]["msg"].removeprefix("Value error, ")
