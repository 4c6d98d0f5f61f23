"""A client of the openai package is a model: over a real socket, with its own retries off."""

from __future__ import annotations

from asyncio import StreamReader, StreamWriter
from pathlib import Path

import pytest
from model_server import DONE, KEY, Received, Script, answers, ask, completion, event, says, serving, streams
from openai import AsyncOpenAI
from scripted import motion_reply, scenario

import debate
from debate.errors import (
    Ambiguous,
    AuthenticationFailed,
    EmptyCompletion,
    Malformed,
    ModelError,
    RateLimited,
    StreamCut,
    Unavailable,
)
from debate.models.port import Completion, Delta, ResponseFormat


async def test_a_whole_answer_is_read_like_any_other() -> None:
    """Text, reasoning, finish, usage and request id are those the server gave; the request is the engine's."""
    usage = {"prompt_tokens": 9, "completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 4}}
    async with serving() as server, AsyncOpenAI(base_url=server.url, api_key=KEY) as client:
        server.plays(answers(completion("Dogs.", usage=usage, reasoning_content="Hm."), x_request_id="req-7"))
        form = ResponseFormat(name="reply", schema={"type": "object", "properties": {}})
        made = await debate.from_openai(client)(ask("mine:gpt-4o", temperature=0.3, response_format=form))
        sent = server.received[0].json
    assert (made.text, made.reasoning, made.finish, made.model) == ("Dogs.", "Hm.", "stop", "m-answered")
    assert made.usage == debate.Usage(prompt_tokens=9, completion_tokens=7, reasoning_tokens=4)
    assert made.request_id == "req-7"
    assert made.timing.total > 0
    assert sent["model"] == "gpt-4o"
    assert sent["messages"][1] == {"role": "user", "content": "Cats or dogs?"}
    assert (sent["max_completion_tokens"], sent["temperature"]) == (100, 0.3)
    assert sent["response_format"]["json_schema"]["name"] == "reply"


async def test_a_stream_is_told_as_it_comes() -> None:
    """Whoever listens hears the pieces; what comes back is the whole, with its usage."""
    heard: list[Delta] = []
    end = event(finish="stop", usage={"prompt_tokens": 2, "completion_tokens": 3})
    async with serving() as server, AsyncOpenAI(base_url=server.url, api_key=KEY) as client:
        server.plays(streams(event("Do"), event("gs."), end, DONE))
        made: Completion = await debate.from_openai(client)(ask("mine:gpt-4o", on_delta=heard.append))
        assert server.received[0].json["stream"] is True
    assert "".join(delta.text for delta in heard) == made.text == "Dogs."
    assert made.usage is not None
    assert made.usage.completion_tokens == 3
    assert made.timing.first_token is not None


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        (answers({"error": {"message": "slow down"}}, 429, retry_after="7"), RateLimited, "above the allowed rate"),
        (answers({"error": {"message": f"bad key {KEY}"}}, 401), AuthenticationFailed, "was refused"),
        (answers({"error": {"message": "down"}}, 500), Unavailable, "the server failed"),
        (answers({"error": {"message": "inside"}}), Unavailable, "inside"),
        (answers(b"not json"), Malformed, "no JSON"),
        (says("", finish="length"), EmptyCompletion, "raise max_tokens"),
        (streams(event("Do"), end=False), StreamCut, "before the completion was finished"),
    ],
)
async def test_its_errors_are_ours(script: Script, kind: type[ModelError], message: str) -> None:
    """Each failure is the error the engine knows, sent once, and never shows the key."""
    async with serving() as server, AsyncOpenAI(base_url=server.url, api_key=KEY, max_retries=5) as client:
        server.plays(script)
        with pytest.raises(kind, match=message) as raised:
            await debate.from_openai(client)(ask("mine:gpt-4o", on_delta=lambda _delta: None))
        assert len(server.received) == 1
        assert client.max_retries == 5
    assert KEY not in str(raised.value)
    if kind is RateLimited:
        assert raised.value.retry_after == 7


async def test_what_was_never_sent_is_not_billed() -> None:
    """No connection costs nothing; an answer that takes too long may have cost something."""
    async with AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key=KEY) as client:
        with pytest.raises(Unavailable, match="no connection") as raised:
            await debate.from_openai(client)(ask("mine:gpt-4o"))
    assert raised.value.billed == "no"

    async def never(_request: Received, reader: StreamReader, _writer: StreamWriter) -> None:
        await reader.read()

    async with serving() as server, AsyncOpenAI(base_url=server.url, api_key=KEY, timeout=0.1) as client:
        server.plays(never)
        with pytest.raises(Ambiguous, match="may be billed"):
            await debate.from_openai(client)(ask("mine:gpt-4o"))


async def test_a_debate_is_held_through_it(tmp_path: Path) -> None:
    """``Engine(models={"mine": from_openai(client)})`` serves ``mine:anything``, and the engine retries."""
    async with serving() as server, AsyncOpenAI(base_url=server.url, api_key=KEY) as client:
        server.plays(answers({"error": {"message": "busy"}}, 429, retry_after_ms="1"), says(motion_reply()))
        async with debate.Engine(models={"mine": debate.from_openai(client)}) as engine:
            result = await engine.run(scenario(), transcript=tmp_path / "run.jsonl")
        assert result.status == "completed"
        assert len(server.received) == 7
        assert {request.json["model"] for request in server.received} == {"model"}
    assert result.usage.requests == 6
