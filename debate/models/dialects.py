"""How OpenAI-compatible servers differ, as data.

Sources: Together's OpenAPI document 2.0.0 (2026-04-28) and its guides; OpenAI's OpenAPI document 2.3.0; the
documentation of Ollama, vLLM, llama.cpp and LM Studio.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final, Literal

from debate.settings.provider import DialectName

StructuredMode = Literal["json_schema", "json_object"]
"""How a completion can be held to JSON."""

ReasoningForm = Literal["toggle", "effort", "effort_or_none", "template", "not_sent"]
"""How the reasoning level is asked for.

``toggle``: ``reasoning: {enabled}``, with ``reasoning_effort`` beside it. ``effort``: ``reasoning_effort`` low, medium
or high, and no way to turn it off. ``effort_or_none``: the same with ``none``. ``template``: ``chat_template_kwargs``.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is different for the models whose id matches a glob."""

    models: str
    reasoning: ReasoningForm | None = None
    not_sent: frozenset[str] = frozenset()
    """Fields these models refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The shape of one family of servers."""

    name: DialectName
    max_tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    seed: str | None = "seed"
    """The seed's field; None where there is none."""
    system_role: Literal["system", "developer"] = "system"
    merge_system: bool = False
    """One leading system message only; further ones are joined to it."""
    structured: tuple[StructuredMode, ...] = ("json_schema", "json_object")
    """In order of preference; empty where only the prompt can ask."""
    stream_usage: bool = True
    """Whether usage must be asked for with ``stream_options``; False where it comes by itself."""
    reasoning: ReasoningForm = "effort_or_none"
    not_sent: frozenset[str] = frozenset()
    """Fields the server refuses."""
    think_tags: bool = True
    """Whether text may begin with reasoning between think tags."""
    reset_headers: tuple[str, ...] = ("x-ratelimit-reset",)
    """Headers that say when to come back, beside ``Retry-After``; tried in this order."""
    models_path: str = "/models"
    overrides: tuple[Override, ...] = ()

    def for_model(self, model: str) -> Dialect:
        """This dialect as ``model`` speaks it."""
        dialect = self
        for override in self.overrides:
            if fnmatchcase(model, override.models):
                dialect = replace(
                    dialect,
                    reasoning=override.reasoning or dialect.reasoning,
                    not_sent=dialect.not_sent | override.not_sent,
                )
        return dialect


_TOGETHER: Final = Dialect(
    name="together",
    # stream_options is not in the vendor's document, and usage rides in the last chunk without it.
    stream_usage=False,
    reasoning="toggle",
    overrides=(Override(models="openai/gpt-oss-*", reasoning="effort"),),
)

_SAMPLING: Final = frozenset({"temperature", "top_p"})

_OPENAI: Final = Dialect(
    name="openai",
    # max_tokens is deprecated and refused by reasoning models.
    max_tokens="max_completion_tokens",
    think_tags=False,
    reset_headers=("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"),
    overrides=(
        Override(models="o[0-9]*", reasoning="effort", not_sent=_SAMPLING | {"stop"}),
        Override(models="gpt-5*", not_sent=_SAMPLING | {"stop"}),
        Override(models="gpt-4*", reasoning="not_sent"),
        Override(models="gpt-3*", reasoning="not_sent"),
    ),
)

_VLLM: Final = Dialect(name="vllm", reasoning="template", merge_system=True)

DIALECTS: Final[Mapping[DialectName, Dialect]] = MappingProxyType(
    {
        "together": _TOGETHER,
        "openai": _OPENAI,
        "ollama": Dialect(name="ollama"),
        "vllm": _VLLM,
        "llamacpp": replace(_VLLM, name="llamacpp"),
        # json_object is refused: "'response_format.type' must be 'json_schema' or 'text'".
        "lmstudio": Dialect(name="lmstudio", structured=("json_schema",)),
    }
)
