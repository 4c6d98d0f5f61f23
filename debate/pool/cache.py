"""Answers that were paid for are kept, and given again to whoever asks the same."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from types import TracebackType
from typing import Final, Self, TypeVar

from debate.models.port import ChatModel, Completion, Delta, ModelRef, Request
from debate.pool.cache_key import cache_key
from debate.pool.cache_store import CacheStore
from debate.pool.spending import PriceOf, no_prices
from debate.settings.prices import cost
from debate.transcript.usage import Timing, Usage

LOG: Final = logging.getLogger("debate")

EndpointOf = Callable[[ModelRef], str | None]
"""The base URL a model is asked at; None for one whose answers are not kept."""

OpenStore = Callable[[], CacheStore]
"""Opens the file. Called in a thread, when the first request comes that it may answer."""

WHOLE: Final = frozenset({"stop", "eos", "end_turn", "stop_sequence", "tool_calls", "function_call"})
"""Finish reasons of a completion that says all it was going to. One that was cut off or kept back is not kept."""

T = TypeVar("T")


class Cache:
    """Answers from what was kept, if it is there; asks otherwise, and keeps the answer. An async context manager.

    What is given from the cache took no attempts, and its usage is that of the answer as it was paid for. Errors, and
    completions that are empty, cut off, refused, or no server's own are never kept. The file is worked on in a thread
    of its own; an answer does not wait for being kept. A file that cannot be used costs a warning and nothing else.

    Args:
        inner: Who answers.
        open_store: Opens the file.
        endpoint_of: Where a model is asked.
        price_of: For what a kept answer cost.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        inner: ChatModel,
        *,
        open_store: OpenStore,
        endpoint_of: EndpointOf,
        price_of: PriceOf = no_prices,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._inner = inner
        self._open_store = open_store
        self._endpoint_of = endpoint_of
        self._price_of = price_of
        self._clock = clock
        self._thread: ThreadPoolExecutor | None = None
        self._store: CacheStore | None = None
        self._looking: Counter[str] = Counter()
        """Key to how many look for it in the file at this moment."""
        self._meanwhile: dict[str, Completion] = {}
        """What was answered to others while somebody looked for it, and was kept too late to be found."""
        self.unusable: str | None = None
        """Why nothing is kept any more; None while all is well."""
        self.hits = 0
        self.misses = 0
        """Requests whose answer could have been kept and was not."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            # The one thread works in order: what is still to be kept is kept before the file is closed.
            try:
                await asyncio.get_running_loop().run_in_executor(thread, self._close)
            finally:
                thread.shutdown(wait=False)

    async def __call__(self, request: Request) -> Completion:
        """Answer ``request``.

        Raises:
            ModelError: As whoever answers does.
        """
        endpoint = self._endpoint_of(request.model)
        key = None if endpoint is None else cache_key(request, endpoint)
        if key is None or self.unusable is not None:
            return await self._inner(request)
        found = None
        if request.turn is None or not request.turn.fresh:
            found = await self._found(key, request)
        if found is not None:
            self.hits += found.source == "cache"
            if request.on_delta is not None:
                request.on_delta(Delta(found.text))
            return found
        self.misses += 1
        completion = await self._inner(request)
        if is_whole(completion):
            self._keep(key, request.model, completion)
        return completion

    async def _found(self, key: str, request: Request) -> Completion | None:
        began = time.perf_counter()
        model, now = str(request.model), self._clock()
        self._looking[key] += 1
        try:
            body = await asyncio.get_running_loop().run_in_executor(
                self._working(), self._try, lambda store: store.get(key, model, now=now)
            )
            meanwhile = self._meanwhile.get(key)
        finally:
            self._looking[key] -= 1
            if not self._looking[key]:
                del self._looking[key]
                self._meanwhile.pop(key, None)
        if body is not None:
            return _read(body, seconds=time.perf_counter() - began)
        return None if meanwhile is None else dataclasses.replace(meanwhile, source="shared", attempts=0)

    def _keep(self, key: str, model: ModelRef, completion: Completion) -> None:
        usd = completion.reported_cost
        if usd is None:
            usd = cost(completion.usage, self._price_of(model))
        now = self._clock()
        if key in self._looking:
            self._meanwhile[key] = completion
        self._working().submit(
            self._try, lambda store: store.put(key, str(model), _written(completion), usd=usd, now=now)
        )

    def _working(self) -> ThreadPoolExecutor:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="debate-cache")
        return self._thread

    def _try(self, work: Callable[[CacheStore], T]) -> T | None:
        """Work on the file, in the thread; None from the moment on that it cannot be used."""
        if self.unusable is not None:
            return None
        try:
            if self._store is None:
                self._store = self._open_store()
            return work(self._store)
        except (sqlite3.Error, OSError) as error:
            self.unusable = f"{type(error).__name__}: {error}"
            LOG.warning("the cache cannot be used, so every answer is asked for and none is kept: %s", error)
            return None

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def is_whole(completion: Completion) -> bool:
    """Whether a completion is worth keeping: a server's own answer, with text, and known not to be cut off."""
    own = completion.source in {"live", "batch"}
    return own and completion.finish in WHOLE and bool(completion.text.strip())


def _written(completion: Completion) -> str:
    usage, charged = completion.usage, completion.reported_cost
    return json.dumps(
        {
            "text": completion.text,
            "reasoning": completion.reasoning,
            "finish": completion.finish,
            "model": completion.model,
            "usage": None if usage is None else usage.model_dump(exclude_none=True),
            "reported_cost": None if charged is None else str(charged),
            "request_id": completion.request_id,
            "warnings": completion.warnings,
        }
    )


def _read(body: str, *, seconds: float) -> Completion:
    kept = json.loads(body)
    usage, charged = kept["usage"], kept["reported_cost"]
    return Completion(
        text=kept["text"],
        reasoning=kept["reasoning"],
        finish=kept["finish"],
        model=kept["model"],
        usage=None if usage is None else Usage.model_validate(usage),
        reported_cost=None if charged is None else Decimal(charged),
        source="cache",
        request_id=kept["request_id"],
        timing=Timing(total=seconds),
        attempts=0,
        warnings=tuple(kept["warnings"]),
    )
