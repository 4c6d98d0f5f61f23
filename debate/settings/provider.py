"""What is known of a provider: where it is, how it is spoken to, how hard it may be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from debate.settings.origin import Origin

DialectName = Literal[
    "together",
    "openai",
    "openrouter",
    "groq",
    "deepseek",
    "mistral",
    "gemini",
    "anthropic",
    "ollama",
    "vllm",
    "llamacpp",
    "lmstudio",
]
"""The dialects a provider may speak; :mod:`debate.models.dialects` says what each means."""

_LOCAL_DIALECTS = ("ollama", "vllm", "llamacpp", "lmstudio")

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Limits(BaseModel):
    """How hard a provider may be asked. What is None is not limited here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: Annotated[int, Field(ge=1)] | None = None
    """Requests in flight at once; None for the settings' own."""
    requests_per_second: Positive | None = None
    requests_per_minute: Positive | None = None
    """May be a fraction: 0.3 is one request in 200 seconds."""
    tokens_per_minute: Annotated[int, Field(ge=1)] | None = None


class Timeouts(BaseModel):
    """Seconds to wait before giving up."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connect: Positive = 10.0
    """For a connection to stand, TLS included."""
    read: Positive = 600.0
    """For the first byte of an answer, and between bytes of one that is not streamed: models that think are slow."""
    idle: Positive = 120.0
    """Between two pieces of a stream."""


class ProviderSettings(BaseModel):
    """One provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dialect: DialectName
    base_url: str
    """Up to and including ``/v1``."""
    base_url_env: tuple[str, ...] = ()
    """Variables that replace ``base_url``; the first that is set counts."""
    key_env: tuple[str, ...] = ()
    """Variables that hold the key; the first that is set counts."""
    key_required: bool | None = None
    """None: required if ``key_env`` names a variable."""
    local: bool | None = None
    """Whether its models cost nothing. None: if it speaks a local server's dialect at a private address."""
    limits: Limits = Limits()
    """What each model may be asked."""
    account_limits: Limits = Limits()
    """What all models behind one key may be asked together; its concurrency is bounded only if it is given."""
    tier: str | None = None
    """A tier of limits, in place of ``limits``: see :mod:`debate.pool.presets`. None adapts."""
    tier_env: tuple[str, ...] = ()
    """Variables that replace ``tier``; the first that is set counts."""
    timeouts: Timeouts = Timeouts()
    retries: Annotated[int, Field(ge=0)] = 4
    """Sends beyond the first before a request is given up."""
    list_models: bool = False
    """Whether the command line asks the server for its models before a run, and believes the contexts and prices it
    lists; your own still win."""
    ca_file: str | None = None
    """A PEM file of the authorities to trust in place of the usual ones."""

    @field_validator("base_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        Origin.of(value)
        if "?" in value or "#" in value:
            raise ValueError(f"expected a URL such as https://host/v1 without ? and #, found {value!r}")
        return value.rstrip("/")

    @property
    def origin(self) -> Origin:
        """Scheme, host and port of the base URL."""
        return Origin.of(self.base_url)

    @property
    def needs_key(self) -> bool:
        """Whether a request without a key would be refused."""
        return bool(self.key_env) if self.key_required is None else self.key_required

    @property
    def is_local(self) -> bool:
        """Whether nobody sends a bill for it."""
        if self.local is not None:
            return self.local
        return self.dialect in _LOCAL_DIALECTS and self.origin.is_private
