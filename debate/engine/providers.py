"""What an engine knows of those it asks: the user's settings, and models of the caller's own beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from debate.engine.starting import prices_for
from debate.models.port import ChatModel, ModelRef
from debate.pool.limits import Limits
from debate.pool.retry import RetryPolicy
from debate.pool.scope import Scope
from debate.settings.prices import FREE_PROVIDERS, Price
from debate.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Providers:
    """Limits, prices and keys, looked up by provider."""

    settings: Settings
    custom: Mapping[str, ChatModel]
    """Models of the caller's own by provider name; nothing in the settings concerns them but prices."""

    def check_keys(self, models: Iterable[ModelRef]) -> None:
        """Refuse models that cannot be asked.

        Raises:
            debate.errors.SettingsError: If a provider is unknown.
            debate.errors.MissingKey: If its key is not set.
        """
        for provider in dict.fromkeys(model.provider for model in models):
            if provider not in self.custom and provider not in FREE_PROVIDERS:
                self.settings.endpoint(provider)

    def prices(self, models: Iterable[ModelRef]) -> dict[str, Price | None]:
        """Model, as ``provider:id``, to its price; None where it is unknown."""
        return prices_for(tuple(models), self.settings, self.custom)

    def price_of(self, model: ModelRef) -> Price | None:
        """The price of one model; None when it is unknown."""
        return self.prices([model])[str(model)]

    def limits_of(self, scope: Scope) -> Limits:
        """How hard a scope may be asked."""
        row = self.settings.providers.get(scope.endpoint)
        if row is None or scope.endpoint in self.custom:
            return Limits(start=None)
        bounds = row.limits
        return Limits(
            concurrency=bounds.concurrency,
            requests_per_second=bounds.requests_per_second,
            requests_per_minute=bounds.requests_per_minute,
            tokens_per_minute=bounds.tokens_per_minute,
        )

    def policy_of(self, scope: Scope) -> RetryPolicy:
        """How often a scope is asked again."""
        row = self.settings.providers.get(scope.endpoint)
        return RetryPolicy() if row is None else RetryPolicy(retries=row.retries)
