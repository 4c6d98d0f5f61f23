"""What the client makes of whole answers, good and bad, from a real socket."""

from __future__ import annotations

import asyncio
import gzip
import logging

import pytest
from model_server import KEY, Received, Server, answers, ask, completion, connected, head, says

from debate.errors import (
    Ambiguous,
    AuthenticationFailed,
    EmptyCompletion,
    Malformed,
    ModelError,
    ModelNotAvailable,
    Overloaded,
    PaymentRequired,
    RateLimited,
    Refused,
    Unavailable,
)
from debate.models.client import OpenAICompatible


async def test_a_completion_is_read_with_all_that_came_with_it(server: Server, client: OpenAICompatible) -> None:
    """Text, finish, model, usage, request id, warnings and timing of an answer are in the completion."""
    body = completion("Cats.", finish="eos") | {"warnings": [{"message": "max_tokens was lowered"}]}
    server.plays(answers(body, x_request_id="r-1"))
    found = await client(ask())
    assert (found.text, found.finish, found.model, found.request_id) == ("Cats.", "eos", "m-answered", "r-1")
    assert found.usage is not None
    assert (found.usage.prompt_tokens, found.usage.completion_tokens, found.usage.cached_tokens) == (5, 3, None)
    assert found.warnings == ("max_tokens was lowered",)
    assert found.timing.total > 0
    assert found.timing.first_token is None
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"
    assert server.received[0].line == "POST /v1/chat/completions HTTP/1.1"


@pytest.mark.parametrize(
    ("usage", "cached", "reasoning"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 4, "cached_tokens": 7}, 7, None),
        ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}}, 6, None),
        ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_cache_hit_tokens": 5}, 5, None),
        ({"prompt_tokens": 9, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 3}}, None, 3),
        ({"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": None}, None, None),
    ],
)
async def test_usage_is_found_wherever_it_stands(
    server: Server, client: OpenAICompatible, usage: dict[str, object], cached: int | None, reasoning: int | None
) -> None:
    """Cached and reasoning tokens are read nested, flat and under DeepSeek's names, and are None when not reported."""
    server.plays(says(usage=usage))
    found = (await client(ask())).usage
    assert found is not None
    assert (found.prompt_tokens, found.cached_tokens, found.reasoning_tokens) == (9, cached, reasoning)


@pytest.mark.parametrize(
    "message",
    [
        {"content": "Cats.", "reasoning": "Let me see."},
        {"content": "Cats.", "reasoning_content": "Let me see."},
        {"content": "<think>Let me see.</think>\n\nCats."},
        {"content": "Let me see.</think>Cats."},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Let me see."}]}, {"text": "Cats."}]},
    ],
)
async def test_reasoning_is_kept_apart_in_each_of_its_forms(
    server: Server, client: OpenAICompatible, message: dict[str, object]
) -> None:
    """Reasoning in a field, in tags, without its opening tag and in parts all end in the same place."""
    content = message.pop("content")
    server.plays(says(content, **message))  # type: ignore[arg-type]
    found = await client(ask())
    assert (found.text, found.reasoning) == ("Cats.", "Let me see.")


async def test_odd_but_valid_answers_are_read(server: Server, client: OpenAICompatible) -> None:
    """A seed above 2**63, blank lines before the JSON, half a surrogate pair and missing usage are no obstacle."""
    body = b'\n\n\n{"choices":[{"seed":15924764223251450000,"message":{"content":"a\\ud83d b"}}],"usage":null}'
    server.plays(answers(body))
    found = await client(ask())
    assert (found.text, found.usage, found.finish, found.model) == ("a\ufffd b", None, None, None)


async def test_a_cap_that_reasoning_ate_is_named_with_its_numbers(server: Server, client: OpenAICompatible) -> None:
    """Empty text with finish `length` says which cap, how many tokens, and that they were billed."""
    usage = {"prompt_tokens": 9, "completion_tokens": 100, "completion_tokens_details": {"reasoning_tokens": 98}}
    server.plays(says("", finish="length", usage=usage, reasoning="Hm, hm."))
    with pytest.raises(EmptyCompletion, match=r"reasoning used 98 of max_tokens 100; raise max_tokens") as caught:
        await client(ask())
    assert caught.value.billed == "yes"
    assert caught.value.spent is not None
    assert caught.value.spent.completion_tokens == 100


@pytest.mark.parametrize(
    ("message", "finish", "reason"),
    [
        ({"text": "<think>So", "usage": {"completion_tokens": 7}}, "length", "reasoning used all 7 tokens"),
        ({"text": None}, "length", "max_tokens 100 was used up"),
        ({"text": None, "refusal": "I would rather not."}, "stop", "the model refused: I would rather not."),
        ({"text": " \n"}, "content_filter", "content filter"),
        ({"text": None, "tool_calls": [{"id": "1"}]}, "tool_calls", "called a tool"),
        ({"text": "", "reasoning": "Hm."}, "stop", "only reasoning"),
        ({"text": ""}, "stop", "finish reason stop"),
    ],
)
async def test_no_text_is_an_error_that_says_why(
    server: Server, client: OpenAICompatible, message: dict[str, object], finish: str, reason: str
) -> None:
    """Each way to answer without text has its own reason in the message."""
    server.plays(says(finish=finish, **message))  # type: ignore[arg-type]
    with pytest.raises(EmptyCompletion, match=reason):
        await client(ask())


FAILURES = [
    (400, {"error": {"message": "bad temperature"}}, Refused),
    (
        400,
        {"error": {"message": "Unable to access non-serverless model x", "code": "model_not_available"}},
        ModelNotAvailable,
    ),
    (401, {"error": {"message": f"Invalid key {KEY}", "type": "invalid_request_error"}}, AuthenticationFailed),
    (402, {"error": "out of credit"}, PaymentRequired),
    (403, {"error": {"message": "prompt exceeds the context length", "type": "invalid_request_error"}}, Refused),
    (403, {"error": {"message": "no", "code": "third_party_data_sharing_blocked"}}, Refused),
    (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, ModelNotAvailable),
    (404, b"<html><head><title>404 Not Found</title></head><body>nginx</body></html>", Refused),
    (408, b"", Unavailable),
    (413, b"too large", Refused),
    (422, {"detail": [{"msg": "extra fields not permitted"}]}, Refused),
    (429, {"error": {"message": "slow down", "type": "dynamic_request_limited"}}, RateLimited),
    (429, {"error": {"message": "600 RPM", "type": "credit_limit"}}, RateLimited),
    (429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}, PaymentRequired),
    (500, b"Internal Server Error", Unavailable),
    (501, b"", Refused),
    (503, {"error": {"message": "Loading model", "code": 503}}, Overloaded),
    (504, b"upstream timed out", Ambiguous),
    (520, b"<html><title>example | 520: Web server is returning an unknown error</title></html>", Unavailable),
    (524, [{"error": {"message": "timeout"}}], Ambiguous),
    (529, b"\xff\xfe", Overloaded),
    (302, b"", Refused),
]


@pytest.mark.parametrize(("status", "body", "kind"), FAILURES)
async def test_each_status_is_the_error_that_says_what_to_do(
    server: Server, client: OpenAICompatible, status: int, body: object, kind: type[ModelError]
) -> None:
    """A refusal ends in the right class, names the model, is one line, and never shows the key."""
    server.plays(answers(body, status, x_request_id=f"r {KEY}", location=f"https://elsewhere.example/?{KEY}"))
    with pytest.raises(kind) as caught:
        await client(ask())
    error = caught.value
    assert type(error) is kind
    assert error.status == status
    assert error.model == "together:openai/gpt-oss-120b"
    assert error.request_id == "r [key]"
    assert str(error).startswith("together:openai/gpt-oss-120b: ")
    assert len(str(error).splitlines()) == 1
    assert KEY not in f"{error}{error!r}{vars(error)}"


async def test_a_429_carries_what_the_server_says_of_waiting(server: Server, client: OpenAICompatible) -> None:
    """Retry-After and the dialect's reset header become seconds; without headers there is no wait to go by."""
    server.plays(
        answers({"error": {"message": "m"}}, 429, Retry_After="7.5", x_should_retry="true"),
        answers({"error": {"message": "m"}}, 429, x_ratelimit_reset="12.5"),
        answers({"error": {"message": "Please try again in 5.289s."}}, 429),
        answers({"error": {"message": "m"}}, 429),
    )
    waits = []
    for _ in range(4):
        with pytest.raises(RateLimited) as caught:
            await client(ask())
        waits.append((caught.value.retry_after, caught.value.should_retry))
    assert waits == [(7.5, True), (12.5, None), (5.289, None), (None, None)]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"error": {"message": "Provider returned error", "code": 502}}, Unavailable),
        ({"error": {"message": "slow down", "code": "rate_limit_exceeded"}, "choices": None}, RateLimited),
        ({"error": "the engine is overloaded"}, Overloaded),
        ({"choices": None}, Malformed),
        ({"choices": []}, Malformed),
        ({"choices": [{"finish_reason": "stop"}]}, Malformed),
        ([], Malformed),
        (b"<html>welcome</html>", Malformed),
        (b"", Malformed),
        (b"[" * 100_000, Malformed),
    ],
)
async def test_a_200_that_is_no_completion_is_an_error(
    server: Server, client: OpenAICompatible, body: object, kind: type[ModelError]
) -> None:
    """An error object inside a 200, missing choices and what is no JSON never pass for an answer."""
    server.plays(answers(body))
    with pytest.raises(kind) as caught:
        await client(ask())
    assert type(caught.value) is kind
    assert caught.value.billed == "possibly"


async def test_a_lost_connection_may_have_been_billed_once_the_request_was_sent(
    server: Server, client: OpenAICompatible
) -> None:
    """FIN and reset before and within an answer are `unavailable`, possibly billed."""

    async def fin(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def reset(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async def half(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(length=1000) + b'{"choices"')
        await writer.drain()
        writer.close()

    async def nonsense(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is not HTTP\r\n\r\n")

    for script in (fin, reset, half, nonsense):
        server.plays(script)
        with pytest.raises(Unavailable, match="lost before the answer was complete") as caught:
            await client(ask())
        assert caught.value.billed == "possibly"


async def test_a_refused_connection_was_not_billed() -> None:
    """Nobody listening is `unavailable`, names the address, and nothing was sent."""
    sent: list[bool] = []
    async with connected("http://127.0.0.1:9/v1") as client:
        with pytest.raises(Unavailable, match=r"http://127\.0\.0\.1:9 cannot be reached") as caught:
            await client(ask(on_sent=lambda: sent.append(True)))
    assert caught.value.billed == "no"
    assert not sent


async def test_silence_after_sending_is_ambiguous(server: Server) -> None:
    """A server that takes the request and says nothing may have done the work: possibly billed."""

    async def silence(_request: Received, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    server.plays(silence)
    async with connected(server.url, timeouts={"read": 0.2}) as client:
        with pytest.raises(Ambiguous, match="no answer from") as caught:
            await client(ask())
    assert caught.value.billed == "possibly"


async def test_an_endless_answer_is_refused(server: Server, client: OpenAICompatible) -> None:
    """A body beyond the bound is given up, compressed or not, instead of filling the memory."""
    raw = gzip.compress(b" " * (40 * 1024 * 1024))
    server.plays(answers(raw, Content_Encoding="gzip"))
    with pytest.raises(Malformed, match="longer than"):
        await client(ask())


async def test_models_are_listed_from_a_bare_array_and_from_an_envelope(
    server: Server, client: OpenAICompatible
) -> None:
    """Together answers /models with an array, others with `data`; rows without an id are passed over."""
    rows = [{"id": "a", "type": "chat", "context_length": 8192}, {"id": "b", "max_model_len": 16}, {"x": 1}, "c"]
    server.plays(answers(rows), answers({"data": rows}), answers({"error": {"message": "no"}}, 401), answers({"a": 1}))
    listed = await client.list_models()
    assert [tuple(row) for row in listed] == [("a", "chat", 8192, None), ("b", None, 16, None)]
    assert await client.list_models() == listed
    assert server.received[0].line == "GET /v1/models HTTP/1.1"
    with pytest.raises(AuthenticationFailed, match="together: the key in TOGETHER_API_KEY was refused"):
        await client.list_models()
    with pytest.raises(Malformed, match="no list"):
        await client.list_models()


async def test_no_log_nor_answer_shows_the_key(
    server: Server, client: OpenAICompatible, caplog: pytest.LogCaptureFixture
) -> None:
    """Even a server that sends the key back cannot bring it into a completion or a log."""
    caplog.set_level(logging.DEBUG)
    server.plays(says(f"Your key is {KEY}."))
    found = await client(ask())
    assert found.text == "Your key is [key]."
    shown = f"{found}{caplog.text}{client!r}{client.endpoint!r}{vars(client)}"
    assert KEY not in shown


async def test_without_a_key_a_401_says_that_none_was_sent(server: Server) -> None:
    """A keyless local server that wants a key after all is understood."""
    server.plays(answers({"error": {"message": "Invalid API Key", "code": 401}}, 401))
    async with connected(server.url, "llamacpp") as client:
        with pytest.raises(AuthenticationFailed, match="wants a key and none was sent; set LLAMA_API_KEY"):
            await client(ask("llamacpp:any"))
    assert "authorization" not in server.received[0].headers
