"""How OpenAI-compatible servers differ, as data.

Sources: Together's OpenAPI document 2.0.0 (2026-04-28) and its guides; OpenAI's OpenAPI document 2.3.0; the
documentation of the others. ``docs/reference/providers.md`` says what of it was verified.
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

ToolChoice = Literal["named", "required", "any", "auto"]
"""How a model is made to call the one tool it is given.

``named``: by the tool's name. ``required`` and ``any``: some tool. ``auto``: it cannot be made to, only offered it.
"""

ReasoningForm = Literal["toggle", "nested", "effort", "effort_or_none", "template", "not_sent"]
"""How the reasoning level is asked for.

``toggle``: ``reasoning: {enabled}``, with ``reasoning_effort`` beside it. ``nested``: ``reasoning: {effort}``, or
``{enabled: false}``. ``effort``: ``reasoning_effort`` low, medium or high, and no way to turn it off.
``effort_or_none``: the same with ``none``. ``template``: ``chat_template_kwargs``.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is different for the models whose id matches a glob."""

    models: str
    reasoning: ReasoningForm | None = None
    tool_choice: ToolChoice | None = None
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
    tool_choice: ToolChoice = "named"
    stream_usage: bool = True
    """Whether usage must be asked for with ``stream_options``; False where it comes by itself."""
    reasoning: ReasoningForm = "effort_or_none"
    not_sent: frozenset[str] = frozenset()
    """Fields the server refuses."""
    think_tags: bool = True
    """Whether text may begin with reasoning between think tags."""
    reset_headers: tuple[str, ...] = ("x-ratelimit-reset",)
    """Headers that say when to come back, beside ``Retry-After``; tried in this order."""
    reports_cost: bool = False
    """Whether ``usage.cost`` is what was charged, in USD."""
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
                    tool_choice=override.tool_choice or dialect.tool_choice,
                    not_sent=dialect.not_sent | override.not_sent,
                )
        return dialect


_TOGETHER: Final = Dialect(
    name="together",
    # stream_options is not in the vendor's document, and usage rides in the last chunk without it.
    stream_usage=False,
    # Of the forms in its guide, the document allows the words alone; there is one tool to choose.
    tool_choice="required",
    reasoning="toggle",
    overrides=(
        Override(models="openai/gpt-oss-*", reasoning="effort"),
        # A forced choice is refused while the model thinks.
        Override(models="deepseek-ai/DeepSeek-V4*", tool_choice="auto"),
    ),
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

_OPENROUTER: Final = Dialect(name="openrouter", reasoning="nested", stream_usage=False, reports_cost=True)

_GROQ: Final = Dialect(
    name="groq",
    max_tokens="max_completion_tokens",
    reasoning="effort",
    reset_headers=("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"),
)

_DEEPSEEK: Final = Dialect(
    name="deepseek",
    seed=None,
    # json_schema is refused: "This response_format type is unavailable now".
    structured=("json_object",),
    tool_choice="auto",
    reasoning="not_sent",
)

_MISTRAL: Final = Dialect(
    name="mistral",
    seed="random_seed",
    tool_choice="any",
    # Fields it does not know are refused.
    stream_usage=False,
    reasoning="not_sent",
)

_GEMINI: Final = Dialect(name="gemini", seed=None, think_tags=False)

# What it does not know it ignores in silence, so nothing of that is sent, and the completion says so.
_ANTHROPIC: Final = Dialect(
    name="anthropic", seed=None, structured=(), reasoning="not_sent", think_tags=False, merge_system=True
)

_VLLM: Final = Dialect(name="vllm", reasoning="template", merge_system=True)

DIALECTS: Final[Mapping[DialectName, Dialect]] = MappingProxyType(
    {
        "together": _TOGETHER,
        "openai": _OPENAI,
        "openrouter": _OPENROUTER,
        "groq": _GROQ,
        "deepseek": _DEEPSEEK,
        "mistral": _MISTRAL,
        "gemini": _GEMINI,
        "anthropic": _ANTHROPIC,
        # It takes tools, and has no tool_choice.
        "ollama": Dialect(name="ollama", tool_choice="auto"),
        "vllm": _VLLM,
        "llamacpp": replace(_VLLM, name="llamacpp"),
        # json_object is refused: "'response_format.type' must be 'json_schema' or 'text'".
        "lmstudio": Dialect(name="lmstudio", structured=("json_schema",), tool_choice="required"),
    }
)
