"""The connections to one endpoint: the only module that imports httpx, and aiohttp under it.

httpx's interface is kept, so any ``httpx.AsyncBaseTransport`` can take the place of the usual one. Its own connection
pool is not used: it scans every connection on each open and close, and with a thousand requests in flight nothing
finishes (``docs/decisions/0001-transport.md``). Requests are built without ``AsyncClient``, whose redirects, cookies
and merging of defaults are not wanted and cost a third of a call.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from contextvars import ContextVar
from functools import lru_cache
from time import monotonic
from types import SimpleNamespace
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from debate.errors import Ambiguous, ModelError, SettingsError, Unavailable
from debate.settings.schema import Endpoint

Transport = httpx.AsyncBaseTransport
"""What sends requests. Tests and users may put their own in its place."""

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
"""A longer answer is refused; a completion of a million tokens has some four million bytes."""

_KEEP_ALIVE: Final = 30.0
"""Seconds an idle connection is kept; most servers close theirs after 60 or more."""

_WHOLE_BYTES: Final = 512 * 1024
"""A longer request is written piece by piece: aiohttp warns that a long one at once holds up the event loop."""

_PIECE_BYTES: Final = 64 * 1024

_WRITE_SECONDS: Final = 60.0
"""For a request to be written: a prompt of some megabytes over a slow line."""

_USER_AGENT: Final = b"debate-engine"

_BROKEN: Final = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError)
"""What a broken connection raises; httpx-aiohttp lets some of aiohttp's errors through as they are."""


class Sent:
    """When one request was written to its connection."""

    __slots__ = ("_on_sent", "at")

    def __init__(self, on_sent: Callable[[], None] | None) -> None:
        self._on_sent = on_sent
        self.at: float | None = None
        """``time.monotonic()``; None while it has not been written."""

    def stamp(self) -> None:
        """The request has been written. Only the first call counts."""
        if self.at is None:
            self.at = monotonic()
            if self._on_sent is not None:
                self._on_sent()


_sending: ContextVar[Sent | None] = ContextVar("_sending", default=None)
"""The request being sent in this task: the one way through httpx-aiohttp to aiohttp's tracing."""


class _Pieces(httpx.AsyncByteStream):
    """A body that can be written in pieces."""

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        for start in range(0, len(self._content), _PIECE_BYTES):
            yield self._content[start : start + _PIECE_BYTES]


class Answered:
    """The head of an answer, and its body still to be read."""

    __slots__ = ("_lost", "_response", "headers", "sent", "status")

    def __init__(self, response: httpx.Response, sent: Sent, lost: Callable[[Exception], ModelError]) -> None:
        self._response = response
        self._lost = lost
        self.sent = sent
        self.status = response.status_code
        self.headers = dict(response.headers.items())
        """By name in lower case."""

    @property
    def is_event_stream(self) -> bool:
        """Whether the body is a stream of server-sent events."""
        return self.headers.get("content-type", "").lower().startswith("text/event-stream")

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The body as it comes, decompressed.

        Raises:
            Unavailable: If the connection was lost before its end.
            Ambiguous: If nothing came in time.
        """
        try:
            async for chunk in self._response.aiter_bytes():
                yield chunk
        except _BROKEN as error:
            raise self._lost(error) from error

    async def read(self, *, limit: int = MAX_BODY_BYTES) -> bytes:
        """The whole body.

        Raises:
            ValueError: If it is longer than ``limit`` bytes, counted after decompression.
        """
        parts: list[bytes] = []
        size = 0
        async with aclosing(self.chunks()) as chunks:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise ValueError(f"the answer is longer than {limit} bytes")
                parts.append(chunk)
        return b"".join(parts)


class Connections:
    """Sends requests to one endpoint. Opened with the first request, closed by :meth:`aclose`."""

    def __init__(self, endpoint: Endpoint, *, transport: Transport | None = None) -> None:
        self._endpoint = endpoint
        self._transport = transport
        self._is_own = transport is None
        self._urls: dict[str, httpx.URL] = {}
        self._headers = [
            (b"Host", httpx.URL(endpoint.base_url).netloc),
            (b"Content-Type", b"application/json"),
            (b"Accept", b"application/json, text/event-stream"),
            (b"Accept-Encoding", b"gzip, deflate"),
            (b"User-Agent", _USER_AGENT),
        ]
        if endpoint.key is not None:
            self._headers.append((b"Authorization", b"Bearer " + endpoint.key.reveal().encode()))
        credentials = _proxy_credentials(endpoint)
        if credentials is not None and endpoint.origin.scheme == "http":
            # Without a tunnel the proxy reads the request itself.
            self._headers.append((b"Proxy-Authorization", credentials))

    @asynccontextmanager
    async def send(
        self, method: str, path: str, content: bytes = b"", *, model: str, on_sent: Callable[[], None] | None = None
    ) -> AsyncGenerator[Answered]:
        """Send a request; inside, its answer may be read. Leaving closes the answer, however it is left.

        Raises:
            Unavailable: If no connection stood, or it was lost before the answer was read.
            Ambiguous: If the answer did not come in time.
            SettingsError: If the provider's ca_file cannot be used.
        """
        sent = Sent(on_sent)
        started = monotonic()

        def lost(error: Exception) -> ModelError:
            return self._lost(error, sent, model=model, seconds=monotonic() - started)

        try:
            response = await self._answer(method, path, content, sent)
        except _BROKEN as error:
            raise lost(error) from error
        try:
            sent.stamp()
            yield Answered(response, sent, lost)
        finally:
            await _close(response)

    async def aclose(self) -> None:
        """Close every connection. A later request opens new ones, unless the transport was given."""
        transport = self._transport
        if transport is not None:
            if self._is_own:
                self._transport = None
            await transport.aclose()

    async def _answer(self, method: str, path: str, content: bytes, sent: Sent) -> httpx.Response:
        transport = self._transport if self._transport is not None else await self._opened()
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = httpx.URL(self._endpoint.base_url + path)
        waits = self._endpoint.timeouts
        # What httpx calls pool is aiohttp's bound on all of connecting: the name, the proxy's answer, TLS.
        timeout = {
            "connect": waits.connect,
            "pool": waits.connect if self._is_own else None,
            "write": _WRITE_SECONDS,
            "read": waits.read,
        }
        extensions: dict[str, object] = {"timeout": timeout}
        if not self._is_own:
            extensions["trace"] = _httpcore_trace(sent)
        headers = [*self._headers, (b"Content-Length", b"%d" % len(content))] if content else self._headers
        request = httpx.Request(method, url, headers=headers, stream=_Pieces(content), extensions=extensions)
        if len(content) <= _WHOLE_BYTES:
            await request.aread()
        token = _sending.set(sent)
        try:
            # aiohttp has no bound of its own on writing, and a peer that stops reading would hold the call for ever.
            async with asyncio.timeout(waits.connect + _WRITE_SECONDS + waits.read):
                return await transport.handle_async_request(request)
        finally:
            _sending.reset(token)

    async def _opened(self) -> Transport:
        context = await _tls(self._endpoint)
        # Another call may have opened it meanwhile.
        if self._transport is None:
            self._transport = _own_transport(self._endpoint, context)
        return self._transport

    def _lost(self, error: Exception, sent: Sent, *, model: str, seconds: float) -> ModelError:
        where = str(self._endpoint.origin)
        cause = _cause(error)
        timed_out = isinstance(cause, TimeoutError | httpx.TimeoutException)
        if sent.at is None:
            reason = f"no connection within {seconds:.0f} s" if timed_out else _reason(cause)
            permanent = isinstance(cause, aiohttp.ClientConnectorCertificateError)
            return Unavailable(
                f"{model}: {where} cannot be reached: {reason}", model=model, should_retry=False if permanent else None
            )
        if timed_out:
            return Ambiguous(
                f"{model}: no answer from {where} within {seconds:.0f} s; the request may have been billed",
                model=model,
                billed="possibly",
            )
        return Unavailable(
            f"{model}: the connection to {where} was lost before the answer was complete: {_reason(cause)}",
            model=model,
            billed="possibly",
        )


def _cause(error: Exception) -> BaseException:
    """What aiohttp raised, where it was: httpx-aiohttp makes every failed connection a timeout."""
    return error.__cause__ if isinstance(error.__cause__, aiohttp.ClientError | OSError) else error


_REASONS: Final[tuple[tuple[tuple[type[BaseException], ...], str], ...]] = (
    ((aiohttp.ClientConnectorCertificateError,), "its certificate is not trusted"),
    ((aiohttp.ClientConnectorDNSError,), "its name is not known"),
    (
        (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError, httpx.ProxyError),
        "the proxy did not let it through",
    ),
    ((aiohttp.ServerDisconnectedError,), "the server closed it"),
)


def _reason(cause: BaseException) -> str:
    for kinds, reason in _REASONS:
        if isinstance(cause, kinds):
            return reason
    inner = cause.os_error if isinstance(cause, aiohttp.ClientConnectorError) else cause
    said = inner.strerror if isinstance(inner, OSError) else None
    return said.lower() if said else type(inner).__name__


async def _close(response: httpx.Response) -> None:
    """Close, but never let a broken connection's last words hide what went wrong before."""
    with suppress(*_BROKEN):
        await response.aclose()


def _httpcore_trace(sent: Sent) -> Callable[[str, object], object]:
    async def trace(event: str, _info: object) -> None:
        if event.endswith("send_request_body.complete"):
            sent.stamp()

    return trace


async def _chunk_sent(_session: aiohttp.ClientSession, _context: SimpleNamespace, _params: object) -> None:
    sent = _sending.get()
    if sent is not None:
        sent.stamp()


def _own_transport(endpoint: Endpoint, context: ssl.SSLContext) -> AiohttpTransport:
    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(_chunk_sent)

    def session() -> aiohttp.ClientSession:
        # No bound on connections here: the pool above bounds requests, and a second queue would hide waits from it.
        connector = aiohttp.TCPConnector(ssl=context, limit=0, keepalive_timeout=_KEEP_ALIVE)
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace], trust_env=False
        )

    return AiohttpTransport(verify=context, proxy=_proxy(endpoint), client=session)


def _proxy(endpoint: Endpoint) -> httpx.Proxy | None:
    """The proxy, its credentials as a header: the form that aiohttp keeps beyond version 3."""
    if endpoint.proxy is None:
        return None
    bare = httpx.Proxy(httpx.URL(endpoint.proxy).copy_with(username=None, password=None))
    credentials = _proxy_credentials(endpoint)
    if credentials is not None:
        bare.headers["Proxy-Authorization"] = credentials.decode()
    return bare


def _proxy_credentials(endpoint: Endpoint) -> bytes | None:
    given = None if endpoint.proxy is None else httpx.Proxy(endpoint.proxy).raw_auth
    return None if given is None else b"Basic " + b64encode(b":".join(given))


async def _tls(endpoint: Endpoint) -> ssl.SSLContext:
    """What to trust. Reading the authorities takes some 20 ms, so it is done in a thread.

    Raises:
        SettingsError: If the file of authorities cannot be used.
    """
    if endpoint.origin.scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        return await asyncio.to_thread(_trusting, endpoint.ca_file)
    except OSError as error:
        raise SettingsError(f"{endpoint.ca_file}: no authorities can be read from it: {error.strerror}") from error


@lru_cache(maxsize=8)
def _trusting(ca_file: str | None) -> ssl.SSLContext:
    """One context for all endpoints that trust the same authorities."""
    return ssl.create_default_context(cafile=ca_file) if ca_file is not None else httpx.create_ssl_context()
