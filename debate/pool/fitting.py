"""Requests that cannot fit into what a model holds are refused before they are sent."""

from __future__ import annotations

from collections.abc import Callable

from debate.errors import ContextExceeded
from debate.models.port import ChatModel, Completion, ModelRef, Request
from debate.pool.estimate import Estimator

ContextOf = Callable[[ModelRef], int | None]
"""Tokens a model holds, read and written together; None where nobody knows."""


def no_context(_model: ModelRef) -> None:
    """Nothing is known, so nothing is refused."""


class ContextGuard:
    """Refuses what is expected not to fit. The expectation is learnt from what each model's provider counts.

    It errs towards sending: a request that does not fit after all is refused by the provider, unbilled, while one that
    is refused here for nothing is a voice lost.

    Args:
        inner: Who answers.
        context_of: What each model holds.
    """

    def __init__(self, inner: ChatModel, *, context_of: ContextOf) -> None:
        self._inner = inner
        self._context_of = context_of
        self._estimator = Estimator()

    async def __call__(self, request: Request, /) -> Completion:
        """Answer ``request``.

        Raises:
            ContextExceeded: If it does not fit; nothing was sent.
            ModelError: If there is no usable completion.
        """
        holds = self._context_of(request.model)
        if holds is None:
            return await self._inner(request)
        prompt = self._estimator.prompt_tokens(request)
        if prompt + request.max_tokens > holds:
            raise ContextExceeded(
                f"{request.model}: about {prompt:,} tokens of prompt and max_tokens {request.max_tokens:,} are more "
                f"than the {holds:,} it holds; not sent. Lower max_tokens, or let less be heard (hears: {{budget: …}})",
                model=str(request.model),
            )
        completion = await self._inner(request)
        if completion.source == "live" and completion.usage is not None:
            self._estimator.observe(request, completion.usage)
        return completion
