"""A server on a loopback socket that answers exactly what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from debate.models.client import OpenAICompatible
from debate.models.port import Message, ModelRef, Request
from debate.settings import Settings

KEY = "tgp_v1_abcdefghijklmnopqrstuvwxyz0123456789"


@dataclass
class Received:
    """One request as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


Script = Callable[[Received, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """Plays one script for each request, the last one for all that follow."""

    url: str = ""
    scripts: list[Script] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    open: set[int] = field(default_factory=set)
    """Connections that the client has not closed."""

    def plays(self, *scripts: Script) -> None:
        """Set what is answered, in order; the last script is played for all that follow."""
        self.scripts = list(scripts)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the requests of one connection."""
        self.connections += 1
        number = self.connections
        self.open.add(number)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while await self._one(number, reader, writer):
                    await writer.drain()
        finally:
            self.open.discard(number)
            with suppress(OSError):
                await writer.drain()

    async def _one(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        line = (await reader.readline()).decode().strip()
        if not line:
            return False
        headers = {}
        while header := (await reader.readline()).decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        request = Received(line, headers, body, number)
        self.received.append(request)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        await script(request, reader, writer)
        return not writer.is_closing()


def head(status: int = 200, *, kind: str = "application/json", length: int | None = None, **headers: str) -> bytes:
    """The head of an answer; without a length the body is chunked."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    extra = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{size}\r\n{extra}\r\n".encode()


def answers(body: object, status: int = 200, *, kind: str = "application/json", **headers: str) -> Script:
    """A script: a whole answer, of JSON or of bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def script(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(status, kind=kind, length=len(raw), **headers) + raw)

    return script


def says(text: str | None = "Hello.", *, finish: str = "stop", usage: object = None, **message: object) -> Script:
    """A script: a whole completion."""
    return answers(completion(text, finish=finish, usage=usage, **message))


def completion(
    text: str | None = "Hello.", *, finish: str = "stop", usage: object = None, **message: object
) -> dict[str, object]:
    """A whole completion's JSON."""
    return {
        "id": "c1",
        "object": "chat.completion",
        "model": "m-answered",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8} if usage is None else usage,
    }


def streams(*pieces: bytes, end: bool = True, pause: float = 0.0) -> Script:
    """A script: a stream of server-sent events, each piece as its own chunk; ``end=False`` cuts it off."""

    async def script(_request: Received, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(kind="text/event-stream"))
        for piece in pieces:
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(pause)
        if end:
            writer.write(b"0\r\n\r\n")
        else:
            writer.close()

    return script


def event(text: str | None = None, *, finish: str | None = None, **more: object) -> bytes:
    """One chunk of a streamed completion, as an event."""
    delta = {"content": text} if text is not None else {}
    delta.update({name: more.pop(name) for name in ("reasoning", "reasoning_content") if name in more})
    chunk = {"id": "s1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler, **options: Any) -> AsyncIterator[str]:
    """Listen on a loopback socket for as long as the block lasts; gives ``host:port``, and leaves nothing open."""
    handlers: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        try:
            with suppress(asyncio.CancelledError):
                await handler(reader, writer)
        finally:
            handlers.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"{host}:{port}"
    finally:
        server.close()
        for task in tuple(handlers):
            task.cancel()
        if handlers:
            await asyncio.wait(tuple(handlers))
        await asyncio.sleep(0.01)


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[Server]:
    """Run a server for as long as the block lasts."""
    server = Server()
    async with listening(server.serve, **options) as address:
        server.url = f"http://{address}/v1"
        yield server


@asynccontextmanager
async def connected(
    url: str, provider: str = "together", **provider_settings: object
) -> AsyncIterator[OpenAICompatible]:
    """A client of ``url``, closed at the end."""
    settings = Settings.model_validate({"providers": {provider: {"base_url": url, **provider_settings}}})
    settings = settings.with_environment({"TOGETHER_API_KEY": KEY, "OPENAI_API_KEY": KEY})
    made = OpenAICompatible(settings.endpoint(provider))
    try:
        yield made
    finally:
        await made.aclose()


def ask(model: str = "together:openai/gpt-oss-120b", **fields: object) -> Request:
    """A small request."""
    return Request(
        **{
            "model": ModelRef.parse(model),
            "messages": (Message("system", "You debate."), Message("user", "Cats or dogs?")),
            "max_tokens": 100,
            **fields,
        }
    )
