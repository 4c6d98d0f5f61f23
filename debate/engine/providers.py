"""What an engine knows of those it asks: the user's settings, and models of the caller's own beside them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from debate.engine.starting import prices_for
from debate.errors import SettingsError
from debate.models.beliefs import TEMPERS
from debate.models.port import ChatModel, ModelRef, Request
from debate.pool.limits import Limits
from debate.pool.presets import effect, preset
from debate.pool.retry import RetryPolicy
from debate.pool.scope import AccountKey, Scope
from debate.settings.nearest import did_you_mean
from debate.settings.prices import FREE_PROVIDERS, Price
from debate.settings.provider import Limits as Bounds
from debate.settings.provider import ProviderSettings
from debate.settings.schema import Settings

LOG: Final = logging.getLogger("debate")

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Providers:
    """Limits, prices and keys, looked up by provider."""

    settings: Settings
    custom: Mapping[str, ChatModel]
    """Models of the caller's own by provider name; nothing in the settings concerns them but prices."""
    _accounts: dict[str, AccountKey] = field(default_factory=dict, init=False)
    _known_rows: dict[AccountKey, dict[str, ProviderSettings]] = field(default_factory=dict, init=False)
    """Provider to whom it is asked as: endpoint and key, once they were looked up."""
    _told: set[str] = field(default_factory=set, init=False)
    """Providers whose tier was told already."""

    def check(self, models: Iterable[ModelRef]) -> None:
        """Refuse models that cannot be asked, and tell once what a tier of limits does.

        Raises:
            debate.errors.SettingsError: If a provider is unknown, or its tier is.
            debate.errors.MissingKey: If its key is not set.
        """
        asked = tuple(models)
        for model in asked:
            if model.provider == "simulated" and model.provider not in self.custom and model.id not in TEMPERS:
                near = did_you_mean(model.id, TEMPERS)
                raise SettingsError(f"{model}: there is no such simulated model{near}; there are {', '.join(TEMPERS)}")
        for provider in dict.fromkeys(model.provider for model in asked):
            if provider in self.custom or provider in FREE_PROVIDERS:
                continue
            self.settings.endpoint(provider)
            row = self.settings.provider(provider)
            limits = _limits(provider, row)
            if row.tier is not None and provider not in self._told:
                self._told.add(provider)
                LOG.warning("%s: %s", provider, effect(row.tier, limits))

    def prices(self, models: Iterable[ModelRef]) -> dict[str, Price | None]:
        """Model, as ``provider:id``, to its price; None where it is unknown."""
        return prices_for(tuple(models), self.settings, self.custom)

    def price_of(self, model: ModelRef) -> Price | None:
        """The price of one model; None when it is unknown."""
        return self.prices([model])[str(model)]

    def endpoint_of(self, model: ModelRef) -> str | None:
        """Where the model is asked; None for one in this process."""
        row = self.settings.providers.get(model.provider)
        return None if row is None or model.provider in self.custom else row.base_url

    def scope_of(self, request: Request) -> Scope:
        """What a provider limits together: the model, at the address and behind the key it is asked with.

        Raises:
            debate.errors.SettingsError: If its provider is unknown, or its key is not set.
        """
        account = self._account(request.model.provider)
        return Scope(account.endpoint, account.key, request.model.id)

    def limits_of(self, scope: Scope) -> Limits:
        """How hard a scope may be asked: the tightest of what is set for the providers that share it."""
        rows = self._rows(scope.account)
        if not rows:
            return Limits(start=None)
        return _tightest([_limits(name, row) for name, row in rows.items()])

    def account_limits_of(self, account: AccountKey) -> Limits:
        """How hard all models behind one key may be asked together."""
        return _tightest([_bounds(row.account_limits) for row in self._rows(account).values()] or [Limits()])

    def policy_of(self, scope: Scope) -> RetryPolicy:
        """How often a scope is asked again."""
        rows = self._rows(scope.account)
        return RetryPolicy(retries=min(row.retries for row in rows.values())) if rows else RetryPolicy()

    def _account(self, provider: str) -> AccountKey:
        found = self._accounts.get(provider)
        if found is None:
            if provider in self.custom or provider in FREE_PROVIDERS:
                found = AccountKey(provider, "")
            else:
                endpoint = self.settings.endpoint(provider)
                key = "" if endpoint.key is None else endpoint.key.fingerprint
                found = AccountKey(endpoint.base_url, key)
            self._accounts[provider] = found
        return found

    def _rows(self, account: AccountKey) -> dict[str, ProviderSettings]:
        """The settings of every provider that is reached at this address with this key."""
        found = self._known_rows.get(account)
        if found is None:
            found = {name: row for name, row in self.settings.providers.items() if self._is_at(account, name)}
            self._known_rows[account] = found
        return found

    def _is_at(self, account: AccountKey, provider: str) -> bool:
        try:
            return provider not in self.custom and self._account(provider) == account
        except SettingsError:  # it has no key, so nobody is asked as it
            return False


def _limits(provider: str, row: ProviderSettings) -> Limits:
    own = _bounds(row.limits)
    if row.tier is None:
        return own
    rates = replace(own, concurrency=None)
    try:
        found = preset(row.tier, own=None if rates == Limits() else rates)
    except SettingsError as error:
        named = " or ".join([f"providers.{provider}.tier", *row.tier_env])
        raise SettingsError(f"{named}: {error}") from None
    return replace(found, concurrency=own.concurrency)


def _bounds(bounds: Bounds) -> Limits:
    return Limits(
        concurrency=bounds.concurrency,
        requests_per_second=bounds.requests_per_second,
        requests_per_minute=bounds.requests_per_minute,
        tokens_per_minute=bounds.tokens_per_minute,
    )


def _tightest(limits: list[Limits]) -> Limits:
    """The least bound of each kind."""
    return Limits(
        concurrency=_least([one.concurrency for one in limits]),
        requests_per_second=_least([one.requests_per_second for one in limits]),
        requests_per_minute=_least([one.requests_per_minute for one in limits]),
        tokens_per_minute=_least([one.tokens_per_minute for one in limits]),
    )


def _least(bounds: list[N | None]) -> N | None:
    return min((bound for bound in bounds if bound is not None), default=None)
