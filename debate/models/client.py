"""The one client for every server that speaks OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from decimal import Decimal
from typing import Final, NamedTuple

from debate.errors import Ambiguous, Malformed, Unavailable
from debate.models.answers import Answer, completion, read_answer
from debate.models.dialects import DIALECTS, Dialect
from debate.models.failures import Asked, failure, failure_inside, request_id, without_key
from debate.models.loose import Object, as_count, as_list, as_money, as_object, as_text, decode
from debate.models.port import Completion, Delta, Request
from debate.models.streams import DELTA_BUFFER, Outlet, StreamReader
from debate.models.transport import Answered, Connections, Transport
from debate.models.wire import encode
from debate.settings.prices import MILLION
from debate.settings.schema import Endpoint
from debate.transcript.usage import Timing

OK: Final = 200

_LINGER: Final = 0.25
"""Seconds to wait for the end of a body after ``[DONE]``, so that its connection can be used again."""


class ListedPrice(NamedTuple):
    """USD per million tokens."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None


class Listed(NamedTuple):
    """A model as a server lists it. Being listed does not mean that it can be called."""

    id: str
    type: str | None
    """As ``chat`` or ``embedding``, where the server says."""
    context_length: int | None
    price: ListedPrice | None = None
    """What the server says it charges; None where it says nothing, or 0, which some say of what they do not sell."""


class OpenAICompatible:
    """A model behind HTTP: one endpoint, any of its models.

    Args:
        endpoint: Address, key and timeouts.
        dialect: How the server is spoken to; by default the endpoint's.
        transport: Sends the requests in place of the usual one; closed with this object.
        buffer: Chunks of a stream that are handed on together.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        dialect: Dialect | None = None,
        transport: Transport | None = None,
        buffer: int = DELTA_BUFFER,
    ) -> None:
        self.endpoint = endpoint
        self.dialect = dialect if dialect is not None else DIALECTS[endpoint.dialect]
        self._buffer = buffer
        self._connections = Connections(endpoint, transport=transport)

    async def __call__(self, request: Request, /) -> Completion:
        """Send ``request`` once. It is streamed if somebody listens to its deltas.

        Raises:
            ModelError: If there is no usable completion; which one says why.
        """
        asked = self._asked(str(request.model))
        body = encode(request, self.dialect, stream=request.on_delta is not None)
        async with self._connections.send(
            "POST", "/chat/completions", body.content, model=asked.model, on_sent=request.on_sent
        ) as answered:
            first_token_at = None
            streams = request.on_delta is not None and answered.status == OK and answered.is_event_stream
            if streams and request.on_delta is not None:
                answer, first_token_at = await self._streamed(asked, answered, request.on_delta)
            else:
                answer = read_answer(asked, await self._json(asked, answered))
            ended_at = time.monotonic()
            sent_at = ended_at if answered.sent.at is None else answered.sent.at
            timing = Timing(
                first_token=None if first_token_at is None else first_token_at - sent_at, total=ended_at - sent_at
            )
            answer.warnings[:0] = body.warnings
            result = completion(
                asked,
                answer,
                request,
                dialect=self.dialect,
                request_id=without_key(asked, request_id(answered.headers)),
                timing=timing,
            )
        if request.on_delta is not None and not (streams and answer.content):
            # A server that does not stream has answered at once, and a tool's arguments are no deltas of text: whoever
            # listens hears it all the same.
            request.on_delta(Delta(result.text))
        return result

    async def list_models(self) -> tuple[Listed, ...]:
        """What the server lists, in its order: a bare array, or one under ``data``.

        Raises:
            ModelError: If it does not answer with a list.
        """
        asked = self._asked(self.endpoint.provider)
        async with self._connections.send("GET", self.dialect.models_path, model=asked.model) as answered:
            body = await self._json(asked, answered)
        wrapped = as_object(body)
        rows = as_list(body if wrapped is None else wrapped.get("data"))
        if rows is None:
            raise Malformed(f"{asked.model}: the list of models is no list", status=200, model=asked.model)
        return tuple(
            Listed(
                name,
                as_text(row.get("type")),
                as_count(row.get("context_length", row.get("max_model_len"))),
                _price(as_object(row.get("pricing"))),
            )
            for row in map(as_object, rows)
            if row is not None and (name := as_text(row.get("id"))) is not None
        )

    async def aclose(self) -> None:
        """Close the connections. A later request opens new ones."""
        await self._connections.aclose()

    def _asked(self, model: str) -> Asked:
        endpoint = self.endpoint
        return Asked(endpoint.provider, model, endpoint.key, endpoint.key_variables, self.dialect.reset_headers)

    async def _json(self, asked: Asked, answered: Answered) -> object:
        """The body of an answer, which must be JSON and no error."""
        try:
            raw = await answered.read()
        except ValueError as error:
            raise self._malformed(asked, answered, str(error)) from None
        raw = _bytes_without_key(asked, raw)
        headers = {name: without_key(asked, value) or "" for name, value in answered.headers.items()}
        if answered.status != OK:
            raise failure(asked, answered.status, headers, raw, now=time.time())
        try:
            body = decode(raw)
        except ValueError:
            raise self._malformed(asked, answered, "the answer is no JSON") from None
        whole = as_object(body)
        if whole is not None and whole.get("error"):
            raise failure_inside(asked, whole, headers, now=time.time())
        return body

    async def _streamed(
        self, asked: Asked, answered: Answered, on_delta: Callable[[Delta], None]
    ) -> tuple[Answer, float | None]:
        """The answer, and when its first token came."""
        outlet = Outlet(on_delta, buffer=self._buffer)
        reader = StreamReader(asked, outlet, think_tags=self.dialect.think_tags, wall=time.time)
        idle = self.endpoint.timeouts.idle
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(None) as patience, aclosing(answered.chunks()) as chunks:
                async for chunk in chunks:
                    reader.feed(_bytes_without_key(asked, chunk))
                    patience.reschedule(clock() + (_LINGER if reader.done else idle))
        except TimeoutError:
            if not reader.is_complete:
                raise reader.cut(f"nothing more came for {idle:g} s") from None
        except (Unavailable, Ambiguous) as lost:
            if not reader.is_complete:
                raise reader.cut("the connection was lost before the completion was finished") from lost
        return reader.finish(), reader.first_token_at

    def _malformed(self, asked: Asked, answered: Answered, what: str) -> Malformed:
        return Malformed(
            f"{asked.model}: {what}",
            status=answered.status,
            request_id=without_key(asked, request_id(answered.headers)),
            billed="possibly" if answered.status == OK else "no",
            model=asked.model,
        )


def _bytes_without_key(asked: Asked, raw: bytes) -> bytes:
    """What a server sent, without the key if it repeats it."""
    if asked.key is None:
        return raw
    key = asked.key.reveal().encode()
    return raw.replace(key, b"[key]") if key in raw else raw


def _price(listed: Object | None) -> ListedPrice | None:
    """Together lists USD per million tokens as numbers, under ``input``; OpenRouter per token, under ``prompt``."""
    if listed is None:
        return None
    names, unit = (("input", "output", "cached_input"), Decimal(1))
    if "prompt" in listed:
        names, unit = (("prompt", "completion", "input_cache_read"), MILLION)
    read, written, cached = (as_money(listed.get(name)) for name in names)
    if read is None or written is None or not (read or written):
        return None
    return ListedPrice(read * unit, written * unit, None if cached is None else cached * unit)
