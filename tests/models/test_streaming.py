"""What the client makes of streams, whole, odd and broken, from a real socket."""

from __future__ import annotations

import asyncio

import pytest
from model_server import DONE, KEY, Received, Server, answers, ask, connected, event, head, says, streams

from debate.errors import EmptyCompletion, Malformed, ModelError, Overloaded, RateLimited, StreamCut
from debate.models.client import OpenAICompatible
from debate.models.port import Completion, Delta

USAGE = {"prompt_tokens": 45, "completion_tokens": 3, "total_tokens": 48, "cached_tokens": 0}


async def heard(client: OpenAICompatible, model: str = "together:m") -> tuple[Completion, list[Delta]]:
    """A streamed completion, and the deltas that led to it."""
    deltas: list[Delta] = []
    return await client(ask(model, on_delta=deltas.append)), deltas


async def test_a_stream_becomes_a_completion_and_deltas_in_small_buffers(
    server: Server, client: OpenAICompatible
) -> None:
    """Twelve chunks come as three deltas of at most five; the text is whole; the first token is timed."""
    words = [f"w{number} " for number in range(12)]
    server.plays(streams(*map(event, words), event("", finish="stop", usage=USAGE), DONE))
    found, deltas = await heard(client)
    assert found.text == "".join(words)
    assert [delta.text for delta in deltas] == ["".join(words[:5]), "".join(words[5:10]), "".join(words[10:])]
    assert found.usage is not None
    assert (found.usage.completion_tokens, found.usage.cached_tokens) == (3, 0)
    assert found.finish == "stop"
    assert found.timing.first_token is not None
    assert 0 < found.timing.first_token <= found.timing.total
    assert server.received[0].json["stream"] is True


async def test_the_last_usage_counts_wherever_it_stands(server: Server, client: OpenAICompatible) -> None:
    """Usage in the finish chunk, in a final chunk without choices, in both, and running usage are never added up."""
    inside = event("Hi", finish="stop", usage={"prompt_tokens": 1, "completion_tokens": 1})
    after = event(usage=USAGE).replace(
        b'"choices": [{"index": 0, "delta": {}, "finish_reason": null}]', b'"choices": []'
    )
    nothing = event(usage=None)
    for pieces in ((inside.replace(b": 1", b": 45"), nothing), (inside, after), (event("Hi", finish="stop"), after)):
        server.plays(streams(*pieces, DONE))
        found, _ = await heard(client)
        assert found.text == "Hi"
        assert found.usage is not None
        assert found.usage.prompt_tokens == 45


async def test_a_stream_may_be_written_in_any_lawful_way(server: Server, client: OpenAICompatible) -> None:
    """CRLF split between packets, lone CR, U+2028 in the text, comments, no blank after the colon, two data lines."""
    line = "\u2028"
    body = event(f"a{line}b", finish="stop")
    for pieces in (
        (b": keep-alive\n\n", body.replace(b"\n", b"\r\n"), DONE),
        (body.replace(b"\n\n", b"\r"), b"\n", b"\r", b"\n", b"data: [DONE]\r", b"\n\r\n"),
        (body.replace(b"\n", b"\r"), DONE.replace(b"\n", b"\r")),
        (body.replace(b"data: ", b"data:"), b"event: x\nid: 7\nretry: 1\n", b"data:[DONE]\n\n"),
        (body.replace(b', "choices"', b',\ndata: "choices"'), DONE),
        (b"\xef\xbb\xbf", body, DONE),
        tuple(bytes([byte]) for byte in body + DONE),
    ):
        server.plays(streams(*pieces))
        found, deltas = await heard(client)
        assert found.text == f"a{line}b"
        assert "".join(delta.text for delta in deltas) == found.text


async def test_a_finished_stream_without_done_is_whole(server: Server, client: OpenAICompatible) -> None:
    """A finish reason is enough: without [DONE], with the last blank line missing, with the connection cut after it."""
    for script in (
        streams(event("Hi"), event("", finish="stop")),
        streams(event("Hi"), event("", finish="stop").rstrip()),
        streams(event("Hi"), event("", finish="stop"), end=False),
    ):
        server.plays(script)
        found, _ = await heard(client)
        assert (found.text, found.finish) == ("Hi", "stop")


async def test_done_alone_is_enough(server: Server, client: OpenAICompatible) -> None:
    """[DONE] ends a stream that gives no finish reason; what follows it is of no interest."""
    server.plays(streams(event("Hi"), DONE, b"data: {broken\n\n"))
    found, _ = await heard(client)
    assert (found.text, found.finish) == ("Hi", None)


@pytest.mark.parametrize("end", [True, False])
async def test_a_cut_stream_is_an_error_and_not_a_short_reply(
    server: Server, client: OpenAICompatible, *, end: bool
) -> None:
    """An end without a finish reason is `stream_cut`, orderly or not; what came has been handed on."""
    server.plays(streams(event("Hi"), event(" the"), end=end))
    deltas: list[Delta] = []
    with pytest.raises(StreamCut) as caught:
        await client(ask(on_delta=deltas.append))
    assert "".join(delta.text for delta in deltas) == "Hi the"
    assert caught.value.billed == "possibly"
    assert caught.value.retryable


async def test_an_idle_stream_times_out(server: Server) -> None:
    """A stream in which nothing more comes is cut after the idle timeout, which is not the one for the first byte."""

    async def stall(_request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(kind="text/event-stream") + b"%x\r\n%s\r\n" % (len(event("Hi")), event("Hi")))
        await reader.read()

    server.plays(stall)
    async with connected(server.url, timeouts={"idle": 0.2}) as client:
        with pytest.raises(StreamCut, match=r"nothing more came for 0\.2 s"):
            await heard(client)


async def test_a_slow_stream_is_no_idle_one(server: Server) -> None:
    """Each piece restarts the idle timeout, so a stream that takes longer than it altogether is read to its end."""
    server.plays(streams(*(event("x") for _ in range(6)), DONE, pause=0.1))
    async with connected(server.url, timeouts={"idle": 0.4}) as client:
        found, _ = await heard(client)
    assert found.text == "xxxxxx"


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (b'data: {"error": {"message": "slow down", "code": 429}}\n\n', RateLimited),
        (b'event: error\ndata: {"message": "overloaded"}\n\n', Overloaded),
        (b"data: {broken\n\n", Malformed),
        (b"data: [1]\n\n", Malformed),
        (b"data: " + b"x" * (5 * 1024 * 1024), Malformed),
    ],
)
async def test_an_error_inside_a_stream_is_that_error(
    server: Server, client: OpenAICompatible, piece: bytes, kind: type[ModelError]
) -> None:
    """An error object, an error event, broken JSON and a line without end never pass for a short reply."""
    server.plays(streams(event("Hi"), piece, event("", finish="stop"), DONE))
    with pytest.raises(kind) as caught:
        await heard(client)
    assert caught.value.billed == "possibly"


async def test_a_server_that_does_not_stream_is_heard_all_the_same(server: Server, client: OpenAICompatible) -> None:
    """A plain JSON answer to a stream request is read as one, and comes as one delta; a refusal is a refusal."""
    server.plays(says("<think>Hm.</think>Hi."), answers({"error": {"message": "slow"}}, 429))
    found, deltas = await heard(client)
    assert found.text == "Hi."
    assert deltas == [Delta("Hi.")]
    with pytest.raises(RateLimited):
        await heard(client)


async def test_streamed_reasoning_is_told_apart(server: Server, client: OpenAICompatible) -> None:
    """Reasoning fields and think tags, split anywhere, come as reasoning deltas; none of it is in the text."""
    for pieces in (
        (event(reasoning="Hm, "), event(reasoning="hm."), event("Hi.")),
        (event(reasoning_content="Hm, hm."), event("Hi.")),
        (event("<th"), event("ink>Hm, "), event("hm.</thi"), event("nk>Hi.")),
    ):
        server.plays(streams(*pieces, event(finish="stop"), DONE))
        found, deltas = await heard(client)
        assert (found.text, found.reasoning) == ("Hi.", "Hm, hm.")
        assert "".join(delta.text for delta in deltas if delta.reasoning) == "Hm, hm."
        assert "".join(delta.text for delta in deltas if not delta.reasoning) == "Hi."


async def test_reasoning_without_its_opening_tag_is_taken_back(server: Server, client: OpenAICompatible) -> None:
    """What was shown as text before a closing tag turned up is void: a reset comes, then the same as reasoning."""
    server.plays(streams(event("Hm, "), event("hm."), event("</think>"), event("Hi."), event(finish="stop")))
    found, deltas = await heard(client)
    assert (found.text, found.reasoning) == ("Hi.", "Hm, hm.")
    after = deltas[next(at for at, delta in enumerate(deltas) if delta.reset) + 1 :]
    assert after == [Delta("Hm, hm.", reasoning=True), Delta("Hi.")]


async def test_a_stream_of_nothing_but_reasoning_says_what_ate_the_cap(
    server: Server, client: OpenAICompatible
) -> None:
    """A streamed completion without text is as empty as a whole one, with the usage of its last chunk."""
    server.plays(streams(event(reasoning="Hm."), event(finish="length", usage=USAGE), DONE))
    with pytest.raises(EmptyCompletion, match="reasoning used all 3 tokens of max_tokens 100") as caught:
        await heard(client)
    assert caught.value.spent is not None


async def test_a_streamed_key_is_hidden(server: Server, client: OpenAICompatible) -> None:
    """A server that streams the key back in one piece does not bring it onto a screen."""
    server.plays(streams(event(f"It is {KEY}."), event(finish="stop")))
    found, deltas = await heard(client)
    assert found.text == "It is [key]."
    assert deltas == [Delta("It is [key].")]


async def test_usage_is_asked_for_where_it_does_not_come_by_itself(server: Server) -> None:
    """OpenAI and local servers get stream_options; Together, whose document has no such field, does not."""
    server.plays(streams(event("Hi", finish="stop"), DONE))
    for provider in ("openai", "ollama", "vllm", "llamacpp", "lmstudio", "together"):
        async with connected(server.url, provider) as client:
            await heard(client, f"{provider}:m")
    options = [request.json.get("stream_options") for request in server.received]
    assert options == [{"include_usage": True}] * 5 + [None]


async def test_a_connection_is_used_again_after_a_stream(server: Server, client: OpenAICompatible) -> None:
    """A stream that was read to its end gives its connection back."""
    server.plays(streams(event("Hi", finish="stop"), DONE))
    for _ in range(3):
        await heard(client)
    assert server.connections == 1


async def test_a_key_that_streams_in_two_chunks_is_hidden_all_the_same(server: Server) -> None:
    """Neither chunk holds the key; the completion, which would hold it, does not."""
    whole = event(f"Your key is {KEY}.", finish="stop")
    middle = whole.index(KEY.encode()) + 10
    server.plays(streams(whole[:middle], whole[middle:], DONE, pause=0.05))
    async with connected(server.url) as client:
        found = await client(ask(on_delta=lambda _: None))
    assert found.text == "Your key is [key]."
