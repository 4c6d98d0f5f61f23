"""A client of the openai package as a model. That package is the caller's: this module never imports it for others."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, Protocol

from debate.errors import Ambiguous, Malformed, ModelError, Unavailable
from debate.models.answers import Answer, completion, read_answer
from debate.models.dialects import DIALECTS
from debate.models.failures import Asked, failure, failure_inside, request_id
from debate.models.loose import as_object, decode
from debate.models.port import ChatModel, Completion, Delta, Request
from debate.models.streams import Outlet, StreamReader
from debate.models.wire import chat_body
from debate.settings.keys import Secret
from debate.settings.provider import DialectName
from debate.transcript.usage import Timing

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError, AsyncOpenAI

_UNSENT: Final = ("ConnectError", "ConnectTimeout", "PoolTimeout")
"""What the client's transport calls a connection that never stood."""


class _Raw(Protocol):
    """What a client answered, its body not yet read."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Header to value."""
        ...

    async def read(self) -> bytes:
        """The whole body."""
        ...

    def iter_bytes(self) -> AsyncIterator[bytes]:
        """The body as it comes."""
        ...


def from_openai(client: AsyncOpenAI, *, dialect: DialectName = "openai") -> ChatModel:
    """A model that asks through ``client``: its base URL, key, timeouts and transport.

    The client's own retries are set to 0 on a copy, because the engine retries; the client itself is left as it is, and
    stays its owner's to close.

    Args:
        client: An ``openai.AsyncOpenAI``, or a subclass of it as ``AsyncAzureOpenAI``.
        dialect: How the server behind it is spoken to.
    """
    return _Client(client.with_options(max_retries=0), dialect)


class _Client:
    """The model."""

    def __init__(self, client: AsyncOpenAI, dialect: DialectName) -> None:
        self._client = client
        self._dialect = DIALECTS[dialect]
        # A key that a callable hands out anew is not known here, and never shown by the client's errors either.
        self._key = Secret(client.api_key) if client.api_key else None

    async def __call__(self, request: Request, /) -> Completion:
        """Send ``request`` once. It is streamed if somebody listens to its deltas.

        Raises:
            ModelError: If there is no usable completion; which one says why.
        """
        from openai import APIConnectionError, APIStatusError, APITimeoutError, OpenAIError  # noqa: PLC0415

        asked = Asked(request.model.provider, str(request.model), self._key, ("the client",))
        listener = request.on_delta
        body, warnings = chat_body(request, self._dialect.for_model(request.model.id), stream=listener is not None)
        sent_at = time.monotonic()
        first_token_at: float | None = None
        try:
            async with self._client.chat.completions.with_streaming_response.create(
                model=request.model.id, messages=[], extra_body=body
            ) as response:
                named = request_id(response.headers)
                is_stream = "text/event-stream" in response.headers.get("content-type", "")
                if listener is not None and is_stream:
                    reader = StreamReader(asked, Outlet(listener), think_tags=self._dialect.think_tags, wall=time.time)
                    answer = await _streamed(reader, response)
                    first_token_at = reader.first_token_at
                else:
                    answer = await _whole(asked, response)
        except APIStatusError as error:
            raise _refused(asked, error) from error
        except APIConnectionError as error:
            raise _lost(asked, error, late=isinstance(error, APITimeoutError)) from error
        except OpenAIError as error:
            raise ModelError(f"{asked.model}: {error}", model=asked.model) from error
        answer.warnings[:0] = warnings
        timing = Timing(
            first_token=None if first_token_at is None else first_token_at - sent_at, total=time.monotonic() - sent_at
        )
        made = completion(asked, answer, request, dialect=self._dialect, request_id=named, timing=timing)
        if listener is not None and not (is_stream and answer.content):
            listener(Delta(made.text))
        return made


async def _streamed(reader: StreamReader, response: _Raw) -> Answer:
    try:
        async with aclosing(_chunks(response)) as chunks:
            async for chunk in chunks:
                reader.feed(chunk)
    except Unavailable as lost:
        if not reader.is_complete:
            raise reader.cut("the connection was lost before the completion was finished") from lost
    return reader.finish()


async def _whole(asked: Asked, response: _Raw) -> Answer:
    parts = [chunk async for chunk in _chunks(response)]
    try:
        body = decode(b"".join(parts))
    except ValueError:
        message = f"{asked.model}: the answer is no JSON"
        raise Malformed(message, status=200, billed="possibly", model=asked.model) from None
    whole = as_object(body)
    if whole is not None and whole.get("error"):
        raise failure_inside(asked, whole, response.headers, now=time.time())
    return read_answer(asked, body)


async def _chunks(response: _Raw) -> AsyncGenerator[bytes, None]:
    """The body as it comes. What breaks it is the transport's own error, which the client does not translate."""
    chunks = response.iter_bytes()
    while True:
        try:
            chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except Exception as error:
            raise Unavailable(f"the connection was lost: {error!r}", billed="possibly") from error
        yield chunk


def _lost(asked: Asked, error: APIConnectionError, *, late: bool) -> ModelError:
    """The error for no answer at all. What was never sent costs nothing; of the rest nobody knows."""
    if type(error.__cause__).__name__ in _UNSENT:
        return Unavailable(f"{asked.model}: no connection: {error.__cause__}", model=asked.model)
    if late:
        message = f"{asked.model}: no answer in time; the work may be billed"
        return Ambiguous(message, billed="possibly", model=asked.model)
    message = f"{asked.model}: the connection was lost: {error.__cause__ or error}"
    return Unavailable(message, billed="possibly", model=asked.model)


def _refused(asked: Asked, error: APIStatusError) -> ModelError:
    response = error.response
    return failure(asked, response.status_code, response.headers, response.content, now=time.time())
