"""A streamed answer: events in, deltas and at the end an answer out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Final, TypeVar

from debate.errors import Malformed, ModelError, StreamCut
from debate.models.answers import Answer, take_message
from debate.models.failures import Asked, failure_inside, without_key
from debate.models.loose import Object, as_object, as_text, decode, first_object
from debate.models.port import Delta
from debate.models.sse import Decoder, Event
from debate.models.thinking import ThinkingStream

DELTA_BUFFER: Final = 5
"""Chunks that are handed on together: a display need not be woken for each token."""


_Error = TypeVar("_Error", bound=ModelError)


class Outlet:
    """Hands deltas on in small buffers, text and reasoning apart, in order."""

    __slots__ = ("_buffer", "_count", "_on_delta", "_parts", "_reasoning")

    def __init__(self, on_delta: Callable[[Delta], None], *, buffer: int = DELTA_BUFFER) -> None:
        self._on_delta = on_delta
        self._buffer = buffer
        self._parts: list[str] = []
        self._count = 0
        self._reasoning = False

    def give(self, deltas: Iterable[Delta]) -> None:
        """Take the deltas of one chunk."""
        for delta in deltas:
            if delta.reset or (self._parts and delta.reasoning != self._reasoning):
                self.flush()
            if delta.reset:
                self._on_delta(delta)
            elif delta.text:
                self._reasoning = delta.reasoning
                self._parts.append(delta.text)
        self._count += 1
        if self._count >= self._buffer:
            self.flush()

    def flush(self) -> None:
        """Hand on what is kept."""
        self._count = 0
        if self._parts:
            text = "".join(self._parts)
            self._parts = []
            self._on_delta(Delta(text, reasoning=self._reasoning))


class StreamReader:
    """Reads one streamed answer. Bytes go in through :meth:`feed`; :meth:`finish` gives the answer."""

    def __init__(self, asked: Asked, outlet: Outlet, *, think_tags: bool, wall: Callable[[], float]) -> None:
        self._asked = asked
        self._outlet = outlet
        self._wall = wall
        self._thinking = ThinkingStream() if think_tags else None
        self._decoder = Decoder()
        self._contents: list[str] = []
        self._reasonings: list[str] = []
        self._arguments: list[str] = []
        self._answer = Answer()
        self.done = False
        """The stream has said that it is over; what may follow is of no interest."""
        self.first_token_at: float | None = None
        """``time.monotonic()`` of the first text or reasoning."""

    def feed(self, chunk: bytes) -> None:
        """Take bytes as they came.

        Raises:
            ModelError: If the stream holds an error, or is no stream of completion chunks.
        """
        try:
            events = self._decoder.feed(chunk)
        except ValueError as error:
            raise self._broken(Malformed, f"the stream cannot be read: {error}") from None
        self._take(events)

    def finish(self) -> Answer:
        """The answer, after the last byte.

        Raises:
            StreamCut: If neither ``[DONE]`` nor a finish reason came.
        """
        self._take(self._decoder.finish())
        if self._thinking is not None:
            self._outlet.give(self._thinking.finish())
        self._outlet.flush()
        if not self.is_complete:
            raise self.cut("the stream ended before the completion was finished")
        self._answer.content = "".join(self._contents)
        self._answer.reasoning = "".join(self._reasonings)
        self._answer.arguments = "".join(self._arguments)
        return self._answer

    @property
    def is_complete(self) -> bool:
        """Whether the completion was finished, whatever follows."""
        return self.done or self._answer.finish is not None

    def cut(self, what: str) -> StreamCut:
        """The error for a stream that ends here."""
        self._outlet.flush()
        return self._broken(StreamCut, what)

    def _broken(self, kind: type[_Error], what: str) -> _Error:
        return kind(
            f"{self._asked.model}: {what}",
            status=200,
            request_id=without_key(self._asked, self._answer.id),
            billed="possibly" if self._answer.usage is None else "yes",
            model=self._asked.model,
            spent=self._answer.spent(),
        )

    def _take(self, events: list[Event]) -> None:
        for event in events:
            if self.done:
                return
            if event.data.startswith(b"[DONE]"):
                self.done = True
                return
            try:
                chunk = as_object(decode(event.data))
            except ValueError:
                chunk = None
            if chunk is None:
                raise self._broken(Malformed, "the stream holds something that is no JSON object")
            if chunk.get("error") or event.name == b"error":
                self._outlet.flush()
                raise failure_inside(self._asked, chunk, {}, now=self._wall(), spent=self._answer.spent())
            self._answer.take_head(chunk)
            self._take_choice(first_object(chunk.get("choices")))

    def _take_choice(self, choice: Object | None) -> None:
        if choice is None:
            return
        self._answer.finish = as_text(choice.get("finish_reason")) or self._answer.finish
        delta = as_object(choice.get("delta"))
        if delta is None:
            return
        piece = Answer()
        self._give(*take_message(piece, delta))
        self._answer.called_a_tool = self._answer.called_a_tool or piece.called_a_tool
        self._arguments.append(piece.arguments)
        if piece.refusal is not None:
            self._answer.refusal = (self._answer.refusal or "") + piece.refusal

    def _give(self, text: str, reasoning: str) -> None:
        if not (text or reasoning):
            return
        if self.first_token_at is None:
            self.first_token_at = monotonic()
        deltas = [Delta(reasoning, reasoning=True)] if reasoning else []
        self._reasonings.append(reasoning)
        if text:
            self._contents.append(text)
            deltas.extend(self._thinking.feed(text) if self._thinking is not None else (Delta(text),))
        self._outlet.give(deltas)
