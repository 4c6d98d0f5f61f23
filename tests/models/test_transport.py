"""What connections do: reuse, cancellation, stamping, TLS, proxies, large bodies."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from model_server import KEY, Received, Server, ask, completion, connected, head, listening, says, serving

from debate.errors import Ambiguous, SettingsError, Unavailable
from debate.models.client import OpenAICompatible
from debate.models.port import Message
from debate.settings import Settings


async def until(condition: Callable[[], object]) -> None:
    """Wait for what the other end of a socket is about to bring about."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come about in 5 s")


async def test_connections_are_used_again(server: Server, client: OpenAICompatible) -> None:
    """Calls one after the other share one connection."""
    server.plays(says())
    for _ in range(5):
        await client(ask())
    assert server.connections == 1


async def test_hundreds_of_calls_at_once_all_end(server: Server, client: OpenAICompatible) -> None:
    """No bound of the transport's own stands in the way of 300 calls at once, and a second wave reuses what is open."""
    arrived = 0
    everybody = asyncio.Event()

    async def together(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal arrived
        arrived += 1
        if arrived % 300 == 0:
            everybody.set()
        await everybody.wait()
        await says()(_request, _reader, writer)

    server.plays(together)
    for _ in range(2):
        async with asyncio.TaskGroup() as group:
            calls = [group.create_task(client(ask())) for _ in range(300)]
        assert all(call.result().text == "Hello." for call in calls)
        everybody.clear()
    assert server.connections <= 310


async def test_a_cancelled_call_leaves_nothing_behind(server: Server, client: OpenAICompatible) -> None:
    """Cancelling before the answer, and within it, closes the connection; the client still works."""

    async def silence(_request: Received, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def half(_request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(length=1000) + b'{"choices"')
        await reader.read()

    for script in (silence, half):
        server.plays(script)
        sent = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            call = group.create_task(client(ask(on_sent=sent.set)))
            await sent.wait()
            await until(lambda: server.received)
            await asyncio.sleep(0.05)
            call.cancel()
        await until(lambda: not server.open)
        server.received.clear()
    server.plays(says())
    assert (await client(ask())).text == "Hello."


async def test_sent_is_stamped_when_written_and_not_when_answered(server: Server, client: OpenAICompatible) -> None:
    """on_sent is called once, after the call began and before the server has answered, also on a used connection."""
    order: list[str] = []

    async def slow(request: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        order.append("answered")
        await says()(request, reader, writer)

    server.plays(slow)
    for _ in range(2):
        await client(ask(on_sent=lambda: order.append("sent")))
    assert order == ["sent", "answered"] * 2


@pytest.mark.parametrize("slow", [False, True])
async def test_another_transport_can_take_its_place(server: Server, *, slow: bool) -> None:
    """Any httpx transport works, stamps included: one that tells of its steps, and one that says nothing."""

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        return httpx.Response(200, json=completion("From elsewhere."))

    settings = Settings.model_validate({"providers": {"together": {"base_url": server.url}}})
    endpoint = settings.with_environment({"TOGETHER_API_KEY": KEY}).endpoint("together")
    server.plays(says("From elsewhere."))
    transport = httpx.AsyncHTTPTransport() if slow else httpx.MockTransport(answer)
    client = OpenAICompatible(endpoint, transport=transport)
    sent: list[bool] = []
    found = await client(ask(on_sent=lambda: sent.append(True)))
    await client.aclose()
    assert (found.text, sent) == ("From elsewhere.", [True])


async def test_a_prompt_of_megabytes_is_sent_whole(server: Server, client: OpenAICompatible) -> None:
    """A long context arrives with its length, without a warning."""
    server.plays(says())
    text = "Ünïcode " * 400_000
    await client(ask(messages=(Message("user", text),)))
    assert server.received[0].json["messages"][0]["content"] == text
    assert "transfer-encoding" not in server.received[0].headers


async def test_a_redirect_is_not_followed(server: Server, client: OpenAICompatible) -> None:
    """A redirect to another host ends in an error there and then, so the key goes nowhere else."""
    async with serving() as other:
        other.plays(says("stolen"))

        async def redirect(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(head(307, length=0, Location=f"{other.url}/chat/completions"))

        server.plays(redirect)
        with pytest.raises(Exception, match="redirects are not followed"):
            await client(ask())
        assert not other.received


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost with its key, made by openssl."""
    folder = tmp_path_factory.mktemp("tls")
    pem = folder / "both.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    try:
        subprocess.run(
            [*command.split(), "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
            check=True,
            capture_output=True,
        )
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    pem.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return pem


async def test_tls_is_verified_against_the_named_authority_and_no_other(certificate: Path) -> None:
    """A self-signed server is refused for good, and says so; with its certificate as ca_file it is trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    async with serving(ssl=context) as server:
        server.plays(says("Over TLS."))
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        async with connected(url) as client:
            with pytest.raises(Unavailable, match="its certificate is not trusted") as caught:
                await client(ask())
        assert caught.value.should_retry is False
        assert not server.received
        async with connected(url, ca_file=str(certificate)) as client:
            assert (await client(ask())).text == "Over TLS."
            assert (await client(ask())).text == "Over TLS."
        assert server.connections == 1


async def test_a_file_of_authorities_that_cannot_be_used_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """A missing file, and one without certificates, are not taken for a server that cannot be reached."""
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("missing.pem", "empty.pem"):
        async with connected("https://localhost:9/v1", ca_file=str(tmp_path / name)) as client:
            with pytest.raises(SettingsError, match=f"{name}: no authorities can be read from it"):
                await client(ask())


async def test_a_proxy_is_used_where_the_environment_names_one(server: Server) -> None:
    """With HTTP_PROXY set the request goes to the proxy, with the whole URL and the proxy's own credentials."""
    server.plays(says("Through the proxy."))
    proxy = server.url.removesuffix("/v1").replace("http://", "http://user:pass@")
    settings = Settings.model_validate({"providers": {"together": {"base_url": "http://models.example/v1"}}})
    settings = settings.with_environment({"TOGETHER_API_KEY": KEY, "HTTP_PROXY": proxy})
    client = OpenAICompatible(settings.endpoint("together"))
    found = await client(ask())
    await client.aclose()
    assert found.text == "Through the proxy."
    request = server.received[0]
    assert request.line == "POST http://models.example/v1/chat/completions HTTP/1.1"
    assert request.headers["host"] == "models.example"
    assert request.headers["proxy-authorization"].startswith("Basic ")


async def test_a_proxy_that_refuses_is_named_as_the_reason(server: Server) -> None:
    """A proxy that will not connect to an https address is `unavailable`, not billed, and was not shown the key."""

    async def refuse(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(403, length=0))

    server.plays(refuse)
    settings = Settings().with_environment({"TOGETHER_API_KEY": KEY, "HTTPS_PROXY": server.url.removesuffix("/v1")})
    client = OpenAICompatible(settings.endpoint("together"))
    with pytest.raises(Unavailable, match="the proxy did not let it through") as caught:
        await client(ask())
    await client.aclose()
    assert caught.value.billed == "no"
    assert server.received[0].line == "CONNECT api.together.ai:443 HTTP/1.1"
    assert KEY not in str(server.received)


async def test_a_connection_that_never_stands_is_given_up_unsent() -> None:
    """Silence instead of TLS, and a proxy that does not answer, end after the connect timeout: nothing was billed."""

    async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass

    patience = {"timeouts": {"connect": 0.3}}
    async with listening(silence) as address:
        for row, environ in (
            ({"base_url": f"https://{address}/v1", **patience}, {}),
            ({"base_url": "https://models.example/v1", **patience}, {"HTTPS_PROXY": address}),
        ):
            settings = Settings.model_validate({"providers": {"together": row}})
            endpoint = settings.with_environment({"TOGETHER_API_KEY": KEY, **environ}).endpoint("together")
            client = OpenAICompatible(endpoint)
            with pytest.raises(Unavailable, match="no connection within") as caught:
                await client(ask())
            await client.aclose()
            assert caught.value.billed == "no"


async def test_a_peer_that_stops_reading_does_not_hold_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that cannot be written to its end is given up, and may have been read in part."""
    monkeypatch.setattr("debate.models.transport._WRITE_SECONDS", 0.2)

    async def deaf(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with (
        listening(deaf, limit=1024) as address,
        connected(f"http://{address}/v1", timeouts={"connect": 0.2, "read": 0.2}) as client,
    ):
        with pytest.raises(Ambiguous):
            await client(ask(messages=(Message("user", "x" * 30_000_000),)))
