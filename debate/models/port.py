"""The one port every model is called through: ``async (Request) -> Completion``.

A model is any async callable of that shape. Wrappers (cache, retry, pool) have the same shape, so they compose.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from debate.errors import Billed, Spent
from debate.transcript.usage import Timing, Usage

if TYPE_CHECKING:
    from debate.models.options import TurnOptions

Source = Literal["live", "batch", "cache", "shared", "recorded", "planted", "imported"]
"""Where a completion came from."""

Reasoning = Literal["off", "low", "medium", "high"]
"""How much a model that can think before it answers should do so."""


class ModelRef(NamedTuple):
    """A model's name: ``provider:model-id``."""

    provider: str
    id: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Split at the first colon; the id may hold further colons, as in ``ollama:qwen3:4b``.

        Raises:
            ValueError: If there is no colon, or nothing on one side of it.
        """
        provider, colon, id_ = text.partition(":")
        if not (colon and provider.strip() and id_.strip()):
            raise ValueError(f"expected provider:model-id, found {text!r}")
        return cls(provider.strip(), id_.strip())


class Message(NamedTuple):
    """One chat message."""

    role: Literal["system", "user", "assistant"]
    content: str


class Delta(NamedTuple):
    """A piece of text as it streams in. With ``reset`` everything shown so far for this request is void."""

    text: str
    reasoning: bool = False
    reset: bool = False


class Waiting(NamedTuple):
    """A request waits, and why."""

    reason: str
    """As ``rpm limit`` or ``paused after 429``."""
    seconds: float
    """How long, as far as is known."""


class AttemptFailure(NamedTuple):
    """One HTTP send that gave no completion."""

    attempt: int
    """Counts from 1 within a try."""
    kind: str
    """The ``kind`` of the error, as in :mod:`debate.errors`."""
    message: str
    status: int | None
    code: str | None
    request_id: str | None
    billed: Billed
    retry_in: float | None
    """Seconds until the next attempt; None when there will be none."""
    seconds: float
    """How long the attempt took."""
    spent: Spent | None = None
    """Tokens it used, when the provider said so."""


Notice = Waiting | AttemptFailure
"""What a wrapper tells the engine about a request under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseFormat:
    """A JSON schema the completion must follow, for models that can be held to one."""

    name: str
    schema: Mapping[str, object]
    as_tool: bool = False
    """Whether it is asked for as the arguments of a tool that must be called, in place of the provider's own mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked of a model. Everything but the callbacks and ``turn`` is sent."""

    model: ModelRef
    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    reasoning: Reasoning | None = None
    response_format: ResponseFormat | None = None
    on_delta: Callable[[Delta], None] | None = field(default=None, compare=False, repr=False)
    """Called with text as it streams in. With None the completion is not streamed."""
    on_notice: Callable[[Notice], None] | None = field(default=None, compare=False, repr=False)
    """Called with every failed attempt and every wait."""
    on_sent: Callable[[], None] | None = field(default=None, compare=False, repr=False)
    """Called once the request has been written to the connection: from then on it may be answered and billed."""
    turn: TurnOptions | None = field(default=None, compare=False, repr=False)
    """For the engine and for simulated and recorded models; never sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model sent back, raw."""

    text: str
    reasoning: str | None = None
    finish: str | None = None
    """The provider's finish reason; an open set (``stop``, ``length``, ``eos``, …)."""
    model: str | None = None
    """The model that answered, as the provider names it; None when it did not say."""
    usage: Usage | None = None
    reported_cost: Decimal | None = None
    """USD, where the provider says what it charged."""
    source: Source = "live"
    request_id: str | None = None
    timing: Timing = field(default_factory=Timing)
    attempts: int = 1
    """HTTP sends it took; 0 where nothing was sent."""
    warnings: tuple[str, ...] = ()
    """What the provider or the client noticed, as ``max_tokens was lowered``."""


class ChatModel(Protocol):
    """Anything that answers a request."""

    def __call__(self, request: Request, /) -> Awaitable[Completion]:
        """Answer ``request``.

        Raises:
            debate.errors.ModelError: If there is no usable completion.
            debate.errors.BudgetExceeded: If it may not be asked.
        """
        ...
