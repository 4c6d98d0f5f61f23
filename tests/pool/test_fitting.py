"""Requests that cannot fit, and what the source document's sanitiser got wrong about lengths."""

from __future__ import annotations

import pytest

from debate.errors import ContextExceeded
from debate.models.port import Completion, Message, ModelRef, Request
from debate.pool.fitting import ContextGuard
from debate.transcript.usage import Usage

MODEL = ModelRef("mine", "small")


class Answering:
    """Answers, counting half a token for each byte it reads."""

    def __init__(self, source: str = "live") -> None:
        self.asked: list[Request] = []
        self.source = source

    async def __call__(self, request: Request, /) -> Completion:
        """Say yes."""
        self.asked.append(request)
        read = sum(len(message.content) for message in request.messages) // 2
        return Completion(
            text="yes",
            usage=Usage(prompt_tokens=read, completion_tokens=1),
            source=self.source,  # type: ignore[arg-type]
        )


def ask(size: int, *, max_tokens: int = 100, before: int = 0) -> Request:
    """A request with a system message and a user's of so many letters."""
    messages = (Message("system", "s" * before), Message("user", "u" * size))
    return Request(model=MODEL, messages=messages, max_tokens=max_tokens)


async def test_what_does_not_fit_is_not_sent() -> None:
    """The error says what was estimated, what may be written, what is held, and what to do; nobody was asked."""
    model = Answering()
    guard = ContextGuard(model, context_of=lambda _: 1000)
    await guard(ask(3000))
    with pytest.raises(
        ContextExceeded, match=r"max_tokens 100 are more than the 1,000 it holds; not sent\. Lower"
    ) as caught:
        await guard(ask(8000))
    assert len(model.asked) == 1
    assert (caught.value.billed, caught.value.retryable, caught.value.kind) == ("no", False, "context")


async def test_sanitizer_counts_everything_that_is_sent() -> None:
    """There only the user's text counted; here history, system prompt and what may be written do too."""
    guard = ContextGuard(Answering(), context_of=lambda _: 1000)
    for request in (ask(0, before=8000), ask(0, max_tokens=1001)):
        with pytest.raises(ContextExceeded):
            await guard(request)


async def test_sanitizer_limits_are_those_of_the_model() -> None:
    """There names never matched, so one limit held for all; here each model has its own, and the unknown has none."""
    holds = {"small": 100, "large": 100_000}
    guard = ContextGuard(Answering(), context_of=lambda model: holds.get(model.id))
    for id_, fits in (("small", False), ("large", True), ("unknown", True)):
        request = Request(model=ModelRef("mine", id_), messages=(Message("user", "u" * 4000),), max_tokens=10)
        if fits:
            await guard(request)
        else:
            with pytest.raises(ContextExceeded):
                await guard(request)


async def test_the_estimate_is_learnt_from_what_was_counted() -> None:
    """A model that takes two bytes for a token, not four, is soon known to hold less; a kept answer teaches nothing."""
    learning, not_learning = (
        ContextGuard(Answering(source), context_of=lambda _: 1100) for source in ("live", "cache")
    )
    for guard in (learning, not_learning):
        for _ in range(12):
            await guard(ask(1000))
    await not_learning(ask(3000))
    with pytest.raises(ContextExceeded):
        await learning(ask(3000))
