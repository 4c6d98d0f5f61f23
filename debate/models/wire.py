"""A request as the bytes that are sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from pydantic_core import to_json

from debate.models.dialects import Dialect
from debate.models.port import Message, Request, ResponseFormat

_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")
_MAX_NAME: Final = 64

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
    if request.seed is not None:
        if dialect.seed is None:
            warnings.append(f"seed was not sent: {request.model} does not take it")
        else:
            body[dialect.seed] = request.seed
    if request.reasoning is not None:
        _ask_to_reason(body, warnings, request, dialect)
    if request.response_format is not None:
        _ask_for_json(body, warnings, request.response_format, dialect)
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


def _ask_to_reason(body: Body, warnings: list[str], request: Request, dialect: Dialect) -> None:
    level = request.reasoning
    off = level == "off"
    match dialect.reasoning:
        case "toggle":
            body["reasoning"] = {"enabled": not off}
            if not off:
                body["reasoning_effort"] = level
        case "effort":
            body["reasoning_effort"] = "low" if off else level
            if off:
                warnings.append(f"reasoning cannot be turned off for {request.model}; low was asked for")
        case "effort_or_none":
            body["reasoning_effort"] = "none" if off else level
        case "template":
            kwargs: dict[str, object] = {"enable_thinking": not off}
            if not off:
                kwargs["reasoning_effort"] = level
            body["chat_template_kwargs"] = kwargs
        case "not_sent":
            if not off:
                warnings.append(f"reasoning was not sent: {request.model} does not reason")


def _ask_for_json(body: Body, warnings: list[str], wanted: ResponseFormat, dialect: Dialect) -> None:
    if "json_schema" in dialect.structured:
        schema: dict[str, object] = {
            "name": _NOT_IN_A_NAME.sub("_", wanted.name)[:_MAX_NAME],
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
