"""The scope a limit belongs to: one model behind one key of one endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from debate.models.port import Request


class AccountKey(NamedTuple):
    """One key of one endpoint, whatever the model: what a provider counts as a customer."""

    endpoint: str
    key: str


class Scope(NamedTuple):
    """What a provider limits: one model, asked with one key, at one endpoint."""

    endpoint: str
    """The provider's name or its base URL."""
    key: str
    """A fingerprint that tells keys apart; never the key itself, as scopes are shown to people."""
    model: str

    @property
    def account(self) -> AccountKey:
        """The key and endpoint this scope shares with the other models asked through them."""
        return AccountKey(self.endpoint, self.key)

    def __str__(self) -> str:
        return f"{self.model} at {self.endpoint}" if "://" in self.endpoint else f"{self.endpoint}:{self.model}"


ScopeOf = Callable[[Request], Scope]
"""Says which scope a request falls into."""


def provider_scope(request: Request) -> Scope:
    """The scope when a provider has one endpoint and one key, which is the usual case."""
    return Scope(request.model.provider, "", request.model.id)
