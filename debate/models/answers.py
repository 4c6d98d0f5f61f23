"""What a server answered, as a completion. Tolerant of where things stand, strict about what is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from pydantic_core import to_json

from debate.errors import EmptyCompletion, Malformed, Spent
from debate.models.dialects import Dialect
from debate.models.failures import Asked, without_key
from debate.models.loose import (
    Object,
    as_count,
    as_list,
    as_money,
    as_object,
    as_text,
    first_object,
    plain_text,
    thinking_text,
)
from debate.models.port import Completion, Request
from debate.models.thinking import split_thinking
from debate.transcript.usage import Timing, Usage


@dataclass(slots=True, kw_only=True)
class Answer:
    """A completion being read, whole or piece by piece."""

    content: str = ""
    reasoning: str = ""
    finish: str | None = None
    model: str | None = None
    id: str | None = None
    usage: Usage | None = None
    cost: Decimal | None = None
    refusal: str | None = None
    called_a_tool: bool = False
    arguments: str = ""
    """What the first tool that was called is called with."""
    warnings: list[str] = field(default_factory=list)

    def take_head(self, body: Object) -> None:
        """Read what whole answers and chunks of a stream have alike: id, model, usage, warnings."""
        self.model = as_text(body.get("model")) or self.model
        self.id = as_text(body.get("id")) or self.id
        self.take_usage(body)
        for warning in map(as_object, as_list(body.get("warnings")) or ()):
            text = as_text(warning.get("message")) if warning is not None else None
            if text is not None:
                self.warnings.append(text)

    def take_usage(self, body: Object) -> None:
        """The last usage that is not null counts: some servers repeat it, none splits it."""
        used = as_object(body.get("usage"))
        if used:
            self.usage = read_usage(used)
            self.cost = as_money(used.get("cost"))

    def spent(self) -> Spent | None:
        """The usage, for an error to carry."""
        return Spent(**self.usage.model_dump()) if self.usage is not None else None


def read_usage(used: Object) -> Usage:
    """Token counts, nested, flat or under DeepSeek's names."""
    prompt = as_object(used.get("prompt_tokens_details")) or {}
    written = as_object(used.get("completion_tokens_details")) or {}
    cached = (prompt.get("cached_tokens"), used.get("cached_tokens"), used.get("prompt_cache_hit_tokens"))
    reasoning = (written.get("reasoning_tokens"), used.get("reasoning_tokens"))
    return Usage(
        prompt_tokens=as_count(used.get("prompt_tokens")),
        completion_tokens=as_count(used.get("completion_tokens")),
        reasoning_tokens=_first_count(reasoning),
        cached_tokens=_first_count(cached),
    )


def _first_count(values: tuple[object, ...]) -> int | None:
    return next((count for value in values if (count := as_count(value)) is not None), None)


def read_answer(asked: Asked, body: object) -> Answer:
    """A whole answer.

    Raises:
        Malformed: If it is not a chat completion.
    """
    answer = Answer()
    whole = as_object(body)
    choice = first_object(whole.get("choices")) if whole is not None else None
    if whole is None or choice is None:
        raise _malformed(asked, "the answer has no choices", whole, answer)
    answer.take_head(whole)
    answer.finish = as_text(choice.get("finish_reason"))
    message = as_object(choice.get("message"))
    if message is None:
        text = as_text(choice.get("text"))
        if text is None:
            raise _malformed(asked, "the answer has no message", whole, answer)
        answer.content = text
        return answer
    take_message(answer, message)
    return answer


def take_message(answer: Answer, message: Object) -> tuple[str, str]:
    """Add a message or a stream's delta to the answer; gives the text and the reasoning it added."""
    content = message.get("content")
    text = plain_text(content) or ""
    reasoning = (
        as_text(message.get("reasoning")) or as_text(message.get("reasoning_content")) or thinking_text(content) or ""
    )
    answer.content += text
    answer.reasoning += reasoning
    refusal = as_text(message.get("refusal"))
    if refusal:
        answer.refusal = (answer.refusal or "") + refusal
    _take_calls(answer, message)
    return text, reasoning


def _take_calls(answer: Answer, message: Object) -> None:
    """Add what tools are called with: of several calls only the first, as there was one thing to be called for."""
    calls = [call for call in map(as_object, as_list(message.get("tool_calls")) or ()) if call is not None]
    answer.called_a_tool = answer.called_a_tool or bool(calls)
    for place, call in enumerate(calls):
        index = as_count(call.get("index"))
        function = as_object(call.get("function"))
        if (place if index is None else index) or function is None:
            continue
        given = function.get("arguments")
        # Some servers give the arguments as an object.
        answer.arguments += as_text(given) or ("" if as_object(given) is None else to_json(given).decode())


def _malformed(asked: Asked, what: str, body: Object | None, answer: Answer) -> Malformed:
    if body is not None:
        answer.take_head(body)
    return Malformed(
        f"{asked.model}: {what}",
        status=200,
        billed="possibly" if answer.usage is None else "yes",
        model=asked.model,
        spent=answer.spent(),
    )


def completion(
    asked: Asked,
    answer: Answer,
    request: Request,
    *,
    dialect: Dialect,
    request_id: str | None,
    timing: Timing,
) -> Completion:
    """The finished completion. What a tool was called with is its text, where that was asked for.

    Raises:
        EmptyCompletion: If there is no text, saying what was there instead.
    """
    _hide_key(asked, answer)
    text, reasoning = answer.content, answer.reasoning
    if dialect.think_tags:
        split = split_thinking(text)
        text, reasoning = split.text, "\n".join(part for part in (reasoning, split.reasoning) if part)
    if request.response_format is not None and request.response_format.as_tool:
        if answer.arguments.strip():
            text = answer.arguments
        elif text.strip():
            answer.warnings.append("the model wrote its reply as text, and called no tool")
    if not text.strip():
        raise EmptyCompletion(
            f"{asked.model}: {_why_empty(answer, request, reasoning)}",
            status=200,
            request_id=request_id or answer.id,
            billed="yes",
            model=asked.model,
            spent=answer.spent(),
        )
    return Completion(
        text=text,
        reasoning=reasoning or None,
        finish=answer.finish,
        model=answer.model,
        usage=answer.usage,
        reported_cost=answer.cost if dialect.reports_cost else None,
        request_id=request_id or answer.id,
        timing=timing,
        warnings=tuple(answer.warnings),
    )


def _hide_key(asked: Asked, answer: Answer) -> None:
    if asked.key is None:
        return
    answer.content, answer.reasoning, answer.arguments = map(
        asked.key.hidden_in, (answer.content, answer.reasoning, answer.arguments)
    )
    answer.finish, answer.model = without_key(asked, answer.finish), without_key(asked, answer.model)
    answer.id, answer.refusal = without_key(asked, answer.id), without_key(asked, answer.refusal)
    answer.warnings = [asked.key.hidden_in(warning) for warning in answer.warnings]


def _why_empty(answer: Answer, request: Request, reasoning: str) -> str:
    if answer.finish == "length":
        used = answer.usage
        thought = used.reasoning_tokens if used is not None else None
        written = used.completion_tokens if used is not None else None
        if thought is not None:
            where = f"reasoning used {thought} of max_tokens {request.max_tokens}"
        elif reasoning and written is not None:
            where = f"reasoning used all {written} tokens of max_tokens {request.max_tokens}"
        elif reasoning:
            where = f"reasoning used up max_tokens {request.max_tokens}"
        else:
            where = f"max_tokens {request.max_tokens} was used up"
        return f"no text, because {where}; raise max_tokens, or set reasoning: off"
    if answer.refusal:
        return f"no text, because the model refused: {answer.refusal.strip()[:200]}"
    if answer.finish == "content_filter":
        return "no text, because the provider's content filter cut it"
    if answer.called_a_tool:
        return "no text, because the model called a tool instead"
    if reasoning:
        return "no text, only reasoning"
    return f"no text (finish reason {answer.finish or 'not given'})"
