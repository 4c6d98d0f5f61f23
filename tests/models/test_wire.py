"""What is sent: bodies by dialect, and their conformity with Together's own description of its API."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest
from together_api import document, known_fields, validate

from debate.models.dialects import DIALECTS
from debate.models.port import Message, ModelRef, Reasoning, Request, ResponseFormat
from debate.models.wire import encode, is_strict
from debate.settings import Settings

CLOSED = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
LEVELS: tuple[Reasoning | None, ...] = (None, "off", "low", "medium", "high")


def sent(model: str, *, stream: bool = False, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body for a request, decoded, and the warnings."""
    ref = ModelRef.parse(model)
    given = {"messages": (Message("system", "s"), Message("user", "u")), "max_tokens": 9, **fields}
    encoded = encode(Request(model=ref, **given), DIALECTS[ref.provider], stream=stream)  # type: ignore[index]
    return json.loads(encoded.content), encoded.warnings


def test_every_dialect_a_provider_may_name_is_there() -> None:
    """Settings accept exactly the dialects there are, and every built-in provider speaks one."""
    assert {row.dialect for row in Settings().providers.values()} == set(DIALECTS)
    assert all(dialect.name == name for name, dialect in DIALECTS.items())


def test_a_request_that_says_little_sends_little() -> None:
    """Model, messages and the cap are always sent; what was not asked for is not."""
    body, notes = sent("together:m")
    assert body == {
        "model": "m",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "max_tokens": 9,
    }
    assert notes == ()


def test_sampling_is_sent_under_the_dialect_s_names() -> None:
    """Zero is a value; stop is a list; OpenAI's cap has its own name."""
    asked = {"temperature": 0.0, "top_p": 0.5, "seed": 0, "stop": ("a", "b")}
    body, _ = sent("together:m", **asked)
    assert {name: body[name] for name in asked} == {"temperature": 0.0, "top_p": 0.5, "seed": 0, "stop": ["a", "b"]}
    body, _ = sent("openai:gpt-4.1", **asked)
    assert body["max_completion_tokens"] == 9
    assert "max_tokens" not in body
    assert body["temperature"] == 0.0


def test_what_a_model_refuses_is_left_out_and_said() -> None:
    """OpenAI's reasoning models get no temperature, and the completion will say so."""
    body, notes = sent("openai:gpt-5.1", temperature=0.7, stop=("x",))
    assert "temperature" not in body
    assert "stop" not in body
    assert notes == (
        "temperature was not sent: openai:gpt-5.1 does not take it",
        "stop was not sent: openai:gpt-5.1 does not take it",
    )


@pytest.mark.parametrize(
    ("model", "off", "high"),
    [
        (
            "together:zai-org/GLM-5.3",
            {"reasoning": {"enabled": False}},
            {"reasoning": {"enabled": True}, "reasoning_effort": "high"},
        ),
        ("together:openai/gpt-oss-120b", {"reasoning_effort": "low"}, {"reasoning_effort": "high"}),
        ("openai:gpt-5.1", {"reasoning_effort": "none"}, {"reasoning_effort": "high"}),
        ("openai:o3", {"reasoning_effort": "low"}, {"reasoning_effort": "high"}),
        ("openai:gpt-4.1", {}, {}),
        ("ollama:qwen3:4b", {"reasoning_effort": "none"}, {"reasoning_effort": "high"}),
        (
            "vllm:m",
            {"chat_template_kwargs": {"enable_thinking": False}},
            {"chat_template_kwargs": {"enable_thinking": True, "reasoning_effort": "high"}},
        ),
    ],
)
def test_reasoning_is_asked_for_in_the_dialect_s_form(
    model: str, off: dict[str, object], high: dict[str, object]
) -> None:
    """Each dialect has its own form; where a level cannot be had the completion warns."""
    plain, _ = sent(model)
    for level, expected in (("off", off), ("high", high)):
        body, notes = sent(model, reasoning=level)
        assert {name: value for name, value in body.items() if name not in plain} == expected
        cannot = (level == "off" and expected == {"reasoning_effort": "low"}) or (level == "high" and not expected)
        assert bool(notes) is cannot


def test_a_schema_is_sent_in_the_mode_the_server_has() -> None:
    """The schema goes with a lawful name, strict only if it is; who has no such mode gets what it has, and a note."""
    wanted = ResponseFormat(name="the reply: " + "x" * 80, schema=CLOSED)
    for provider, dialect in DIALECTS.items():
        body, notes = sent(f"{provider}:m", response_format=wanted)
        if "json_schema" not in dialect.structured:
            assert body.get("response_format") == ({"type": "json_object"} if dialect.structured else None)
            assert notes[0].startswith("the JSON schema was not sent")
            continue
        schema = body["response_format"]["json_schema"]
        assert schema["schema"] == CLOSED
        assert schema["strict"] is True
        assert schema["name"].startswith("the_reply__xxx")
        assert len(schema["name"]) == 64
    body, _ = sent(
        "together:m", response_format=ResponseFormat(name="n", schema={"type": "object", "properties": {"a": {}}})
    )
    assert "strict" not in body["response_format"]["json_schema"]


def test_strict_is_what_providers_mean_by_it() -> None:
    """Every object closed and every property required, at any depth."""
    assert is_strict(CLOSED)
    assert is_strict({"type": "array", "items": CLOSED})
    assert not is_strict(CLOSED | {"required": []})
    assert not is_strict(CLOSED | {"properties": {"text": {"anyOf": [{"properties": {"a": {}}}]}}})


def test_several_system_messages_are_joined_where_templates_take_one() -> None:
    """VLLM and llama.cpp templates reject a second system message; the others get what was said as it was said."""
    messages = (Message("system", "a"), Message("user", "u"), Message("system", "b"))
    body, _ = sent("vllm:m", messages=messages)
    assert body["messages"] == [{"role": "system", "content": "a\n\nb"}, {"role": "user", "content": "u"}]
    body, _ = sent("together:m", messages=messages)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "system"]


def test_half_a_character_is_replaced_and_not_an_error() -> None:
    """A lone surrogate, which no UTF-8 can hold, becomes the replacement character; whole pairs stay."""
    body, _ = sent("together:m", messages=(Message("user", "a\ud83d b \U0001f600 \ude00"),))
    assert body["messages"] == [{"role": "user", "content": "a\ufffd b \U0001f600 \ufffd"}]


needs_document = pytest.mark.skipif(
    not document().is_file(), reason=f"Together's OpenAPI document is not at {document()}"
)


@needs_document
def test_what_together_is_sent_is_what_its_document_allows() -> None:
    """Every combination of fields validates, and each field sent is one that the document lists."""
    asked = {"temperature": 0.7, "top_p": 0.9, "seed": 7, "stop": ("\n\n##",)}
    forms = (
        None,
        ResponseFormat(name="reply", schema=CLOSED),
        ResponseFormat(name="reply", schema=CLOSED, as_tool=True),
    )
    models = ("zai-org/GLM-5.3", "openai/gpt-oss-120b", "deepseek-ai/DeepSeek-V4-Pro-0813")
    for model, level, form, stream in product(models, LEVELS, forms, (False, True)):
        extra = {} if form is None else asked
        body, _ = sent(f"together:{model}", stream=stream, reasoning=level, response_format=form, **extra)
        assert set(body) <= known_fields()
        validate(json.dumps(body).encode())


@needs_document
def test_the_document_refuses_what_is_wrong() -> None:
    """The check above can fail: a stop that is no list does not validate, nor a tool that is chosen by name."""
    body, _ = sent("together:m")
    for wrong in ({"stop": "x"}, {"tool_choice": {"type": "function", "function": {"name": "f"}}}):
        with pytest.raises(Exception, match="body"):
            validate(json.dumps(body | wrong).encode())
