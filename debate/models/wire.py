"""A request as the bytes that are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic_core import to_json

from debate.models.dialects import Dialect, ReasoningForm
from debate.models.port import Message, ModelRef, Reasoning, Request, ResponseFormat
from debate.models.tools import Tool, lawful_name

Body = dict[str, object]


class Encoded(NamedTuple):
    """A request's body, and what of the request could not be said in it."""

    content: bytes
    warnings: tuple[str, ...]


def encode(request: Request, dialect: Dialect, *, stream: bool) -> Encoded:
    """The JSON body of a chat completion request, with only such fields as the dialect knows."""
    body, warnings = chat_body(request, dialect.for_model(request.model.id), stream=stream)
    try:
        content = to_json(body)
    except ValueError:
        # Half a surrogate pair cannot be written as UTF-8.
        body["messages"] = [_message(message, whole=True) for message in request.messages]
        content = to_json(body)
    return Encoded(content, warnings)


def chat_body(request: Request, dialect: Dialect, *, stream: bool) -> tuple[Body, tuple[str, ...]]:
    """The body as plain data, and a warning for each thing that is left out of it."""
    body: Body = {
        "model": request.model.id,
        "messages": [_message(message) for message in _ordered(request.messages, dialect)],
        dialect.max_tokens: request.max_tokens,
    }
    warnings: list[str] = []
    optional: dict[str, object] = {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "stop": list(request.stop) or None,
    }
    for name, value in optional.items():
        if value is None:
            continue
        if name in dialect.not_sent:
            warnings.append(f"{name} was not sent: {request.model} does not take it")
        else:
            body[name] = value
    if request.seed is not None and dialect.seed is not None:
        body[dialect.seed] = request.seed
    elif request.seed is not None:
        warnings.append(f"seed was not sent: {request.model} does not take it")
    if request.reasoning is not None:
        fields, warning = _reasoning(request.reasoning, request.model, dialect.reasoning)
        body |= fields
        warnings += [warning] if warning is not None else []
    if request.response_format is not None:
        _ask_for_form(body, warnings, request.response_format, dialect)
    if stream:
        body["stream"] = True
        if dialect.stream_usage:
            body["stream_options"] = {"include_usage": True}
    return body, tuple(warnings)


def _ordered(messages: tuple[Message, ...], dialect: Dialect) -> list[Message]:
    if not dialect.merge_system:
        return [message._replace(role="system") if message.role == "system" else message for message in messages]
    system = [message.content for message in messages if message.role == "system"]
    rest = [message for message in messages if message.role != "system"]
    return [Message("system", "\n\n".join(system)), *rest] if system else rest


def _message(message: Message, *, whole: bool = False) -> dict[str, str]:
    content = message.content
    if whole:
        content = content.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return {"role": message.role, "content": content}


def _reasoning(level: Reasoning, model: ModelRef, form: ReasoningForm) -> tuple[Body, str | None]:
    """The fields that ask for a level of reasoning, and what could not be said."""
    if level == "off":
        return _no_reasoning(model, form)
    match form:
        case "toggle":
            return {"reasoning": {"enabled": True}, "reasoning_effort": level}, None
        case "nested":
            return {"reasoning": {"effort": level}}, None
        case "effort" | "effort_or_none":
            return {"reasoning_effort": level}, None
        case "template":
            return {"chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": level}}, None
        case "not_sent":
            return {}, f"reasoning was not sent: {model} takes no level of it"


def _no_reasoning(model: ModelRef, form: ReasoningForm) -> tuple[Body, str | None]:
    match form:
        case "toggle" | "nested":
            return {"reasoning": {"enabled": False}}, None
        case "effort":
            return {"reasoning_effort": "low"}, f"reasoning cannot be turned off for {model}; low was asked for"
        case "effort_or_none":
            return {"reasoning_effort": "none"}, None
        case "template":
            return {"chat_template_kwargs": {"enable_thinking": False}}, None
        case "not_sent":
            return {}, None


def _ask_for_form(body: Body, warnings: list[str], wanted: ResponseFormat, dialect: Dialect) -> None:
    if wanted.as_tool:
        _ask_for_a_call(body, warnings, wanted, dialect)
    else:
        _ask_for_json(body, warnings, wanted, dialect)


def _ask_for_a_call(body: Body, warnings: list[str], wanted: ResponseFormat, dialect: Dialect) -> None:
    """Ask for the reply as the arguments of the one tool there is."""
    tool = Tool(
        name=lawful_name(wanted.name), description="Give your reply through this function.", parameters=wanted.schema
    )
    body["tools"] = [tool.definition()]
    match dialect.tool_choice:
        case "named":
            body["tool_choice"] = {"type": "function", "function": {"name": tool.name}}
        case "required" | "any":
            body["tool_choice"] = dialect.tool_choice
        case _:
            warnings.append("the model was not made to call the tool: it can only be offered it")


def _ask_for_json(body: Body, warnings: list[str], wanted: ResponseFormat, dialect: Dialect) -> None:
    if "json_schema" in dialect.structured:
        schema: dict[str, object] = {
            "name": lawful_name(wanted.name),
            "schema": wanted.schema,
        }
        if is_strict(wanted.schema):
            schema["strict"] = True
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif "json_object" in dialect.structured:
        body["response_format"] = {"type": "json_object"}
        warnings.append("the JSON schema was not sent: only JSON as such can be asked for")
    else:
        warnings.append("the JSON schema was not sent: the server cannot be held to JSON")


def is_strict(schema: object) -> bool:
    """Whether a JSON schema keeps to the subset that ``strict`` demands: closed objects, all properties required."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and (
            schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties)
        ):
            return False
        return all(map(is_strict, schema.values()))
    return all(map(is_strict, schema)) if isinstance(schema, list | tuple) else True
