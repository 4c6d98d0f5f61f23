"""A reply as the arguments of a tool, and the quirks of further providers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from model_server import DONE, Server, answers, ask, completion, connected, event, says, streams
from scripted import Scripted, motion_reply, scenario

from debate.engine.engine import Engine
from debate.errors import EmptyCompletion
from debate.models.dialects import DIALECTS
from debate.models.port import Delta, Message, ModelRef, Request, ResponseFormat
from debate.models.tools import Tool
from debate.models.wire import encode
from debate.pool.single_flight import flight_key

SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
FORM = ResponseFormat(name="reply", schema=SCHEMA, as_tool=True)
CALL = {"id": "c", "type": "function", "function": {"name": "reply", "arguments": '{"text": "Yes."}'}}


def sent(model: str, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body of a request, and the warnings."""
    ref = ModelRef.parse(model)
    request = Request(**{"model": ref, "messages": (Message("user", "u"),), "max_tokens": 9, **fields})
    encoded = encode(request, DIALECTS[ref.provider], stream=False)  # type: ignore[index]
    return json.loads(encoded.content), encoded.warnings


@pytest.mark.parametrize(
    ("model", "choice"),
    [
        ("together:zai-org/GLM-5.3", "required"),
        ("together:deepseek-ai/DeepSeek-V4-Pro-0813", None),
        ("openai:gpt-5.1", {"type": "function", "function": {"name": "reply"}}),
        ("anthropic:claude", {"type": "function", "function": {"name": "reply"}}),
        ("mistral:m", "any"),
        ("lmstudio:m", "required"),
        ("deepseek:deepseek-chat", None),
        ("ollama:qwen3:4b", None),
    ],
)
def test_the_tool_is_forced_where_it_can_be(model: str, choice: object) -> None:
    """One tool with the reply's schema goes along, no response_format; who cannot be forced is offered it, noted."""
    body, notes = sent(model, response_format=FORM)
    (tool,) = body["tools"]
    assert tool["type"] == "function"
    assert tool["function"]["name"] == "reply"
    assert tool["function"]["parameters"] == SCHEMA
    assert "response_format" not in body
    assert body.get("tool_choice") == choice
    assert bool(notes) is (choice is None)


async def test_the_arguments_are_the_text(server: Server) -> None:
    """What the tool is called with is read as the completion's text, given as text or as an object."""
    as_object = {**CALL, "function": {"name": "reply", "arguments": {"text": "Yes."}}}
    for call in (CALL, as_object):
        server.plays(answers(completion(None, finish="tool_calls", tool_calls=[call])))
        async with connected(server.url) as client:
            found = await client(ask(response_format=FORM))
        assert json.loads(found.text) == {"text": "Yes."}
        assert found.warnings == ()


async def test_arguments_that_stream_in_are_joined(server: Server) -> None:
    """Pieces of the first call are joined, others left; who listens is told the whole at the end."""

    def piece(index: int, arguments: str) -> bytes:
        calls = [{"index": index, "function": {"arguments": arguments}}]
        chunk = {"id": "s", "choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]}
        return b"data: " + json.dumps(chunk).encode() + b"\n\n"

    server.plays(
        streams(piece(0, '{"te'), piece(1, '{"no":1}'), piece(0, 'xt": "Yes."}'), event(finish="tool_calls"), DONE)
    )
    told: list[Delta] = []
    async with connected(server.url) as client:
        found = await client(ask(response_format=FORM, on_delta=told.append))
    assert json.loads(found.text) == {"text": "Yes."}
    assert "".join(delta.text for delta in told) == found.text


async def test_a_reply_in_text_is_taken_with_a_note(server: Server) -> None:
    """A model that was only offered the tool may write its reply as text; the completion says so."""
    server.plays(says('{"text": "No."}'))
    async with connected(server.url) as client:
        found = await client(ask(response_format=FORM))
    assert found.text == '{"text": "No."}'
    assert found.warnings == ("the model wrote its reply as text, and called no tool",)


async def test_a_tool_nobody_asked_for_is_no_text(server: Server) -> None:
    """Without a tool in the request a call is no reply."""
    server.plays(answers(completion(None, finish="tool_calls", tool_calls=[CALL])))
    async with connected(server.url) as client:
        with pytest.raises(EmptyCompletion, match="called a tool instead"):
            await client(ask())


async def test_a_round_in_tool_mode_asks_for_a_tool_and_reads_its_arguments() -> None:
    """reply_mode: tool reaches the request, and the JSON that comes back is the reply."""
    said = {"text": "An argument.", "position": "It is right.", "stance": "support", "confidence": 70}
    model = Scripted(lines={"opening": json.dumps(said)}, default=motion_reply())
    rounds = [{"name": "opening", "who": "debater", "hears": "nobody", "reply_mode": "tool"}]
    async with Engine(models={"mine": model}) as engine:
        result = await engine.run(scenario(rounds=rounds), transcript=None)
    assert result.turns.valid == 3
    for request in model.asked:
        assert request.response_format is not None
        assert request.response_format.as_tool
        assert "JSON object" in request.messages[-1].content


def test_a_call_and_a_schema_are_not_the_same_request() -> None:
    """Two requests that differ in the mode alone never share an answer."""
    schema = ResponseFormat(name="reply", schema=SCHEMA)
    keys = {flight_key(ask(temperature=0.0, response_format=form)) for form in (FORM, schema, None)}
    assert len(keys) == 3


def test_sanitizer_names_of_functions_are_those_of_the_api() -> None:
    """There a dash was refused, 65 letters were not, and parameters had to be there; here it is as the API has it."""
    assert Tool(name="look-up_2").definition() == {"type": "function", "function": {"name": "look-up_2"}}
    assert Tool(name="x" * 64, parameters=SCHEMA, description="d").definition()["function"] == {
        "name": "x" * 64,
        "description": "d",
        "parameters": SCHEMA,
    }
    for name in ("", "x" * 65, "two words", "naïve", "a.b"):
        with pytest.raises(ValueError, match="a tool's name has 1 to 64"):
            Tool(name=name)
    with pytest.raises(ValueError, match="no JSON schema of an object"):
        Tool(name="f", parameters={"type": "string"})


async def test_what_openrouter_charged_is_the_cost(server: Server) -> None:
    """usage.cost is money at OpenRouter; another server's field of that name is not believed."""
    used = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.00014}
    server.plays(says(usage=used))
    async with connected(server.url, "openrouter", key_required=False) as client:
        assert (await client(ask("openrouter:m"))).reported_cost == Decimal("0.00014")
    async with connected(server.url) as client:
        assert (await client(ask())).reported_cost is None


def test_seed_and_cap_go_under_each_provider_s_name() -> None:
    """Mistral's seed and Groq's cap have names of their own; where there is no seed, the completion says so."""
    body, notes = sent("mistral:m", seed=7)
    assert (body["random_seed"], notes) == (7, ())
    assert "seed" not in body
    assert sent("groq:m")[0]["max_completion_tokens"] == 9
    for provider in ("deepseek", "gemini", "anthropic"):
        body, notes = sent(f"{provider}:m", seed=7)
        assert 7 not in body.values()
        assert notes == (f"seed was not sent: {provider}:m does not take it",)


def test_reasoning_is_asked_for_as_openrouter_has_it() -> None:
    """An effort inside an object, and a switch to turn it off."""
    assert sent("openrouter:m", reasoning="high")[0]["reasoning"] == {"effort": "high"}
    assert sent("openrouter:m", reasoning="off")[0]["reasoning"] == {"enabled": False}


async def test_an_error_inside_an_array_is_read(server: Server) -> None:
    """Gemini's errors stand in a list."""
    server.plays(answers([{"error": {"code": 400, "message": "no such model here", "status": "INVALID"}}], 400))
    async with connected(server.url, "gemini", key_required=False) as client:
        with pytest.raises(Exception, match="no such model here"):
            await client(ask("gemini:m"))
