"""The user's own: providers, limits, prices, keys. The only place that reads the environment."""

from debate.settings.keys import Secret
from debate.settings.load import load_settings, read_settings
from debate.settings.nearest import did_you_mean
from debate.settings.origin import Origin
from debate.settings.prices import Price, Tokens, cost
from debate.settings.provider import DialectName, Limits, ProviderSettings, Timeouts
from debate.settings.schema import Endpoint, Settings, missing_key

__all__ = [
    "DialectName",
    "Endpoint",
    "Limits",
    "Origin",
    "Price",
    "ProviderSettings",
    "Secret",
    "Settings",
    "Timeouts",
    "Tokens",
    "cost",
    "did_you_mean",
    "load_settings",
    "missing_key",
    "read_settings",
]
