"""The engine: one request path, one embedder and one syncing thread for every debate inside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Literal, NamedTuple, Self

from debate.engine.beginning import begun
from debate.engine.books import Books
from debate.engine.casting import casting
from debate.engine.changing import Change
from debate.engine.choosing import catalogue_now, check_models
from debate.engine.embedding import EmbedderChoice, Embedding, check_embedder
from debate.engine.forking import Fork, plan_fork
from debate.engine.loop import Listener, Update
from debate.engine.probing import Probe, Probing
from debate.engine.providers import Providers
from debate.engine.resuming import Resumption, models_left, resumption
from debate.engine.run import Ready, Run, Telling, open_run
from debate.engine.starting import asking, check_prices
from debate.errors import DebateError
from debate.models.catalogue import Catalogue
from debate.models.options import Account
from debate.models.port import ChatModel, ModelRef
from debate.models.router import Router
from debate.pool.budget import Budget
from debate.pool.cache_store import CacheStore
from debate.pool.path import RequestPath, request_path
from debate.scenario.schema import Question, Scenario
from debate.settings.bounds import Bounds
from debate.settings.schema import Settings
from debate.transcript.log import FileLog, Log, MemoryLog
from debate.transcript.reading import Saved, load
from debate.transcript.reopening import reopen
from debate.transcript.result import Result
from debate.transcript.syncing import Syncer
from debate.transcript.used import EngineUsage

NOTHING_CHANGED: Final = Change()
NO_MODELS: Final[Mapping[str, ChatModel]] = MappingProxyType({})


__all__ = ["NO_MODELS", "Engine", "Run", "Told"]


class Told(NamedTuple):
    """What :meth:`Engine.stream` yields."""

    turn: str | None
    """The turn a piece of text or a wait belongs to; None for events, which name their own."""
    update: Update


class Engine:
    """Holds debates. An async context manager; whatever runs inside shares one pool.

    Args:
        settings: Providers, keys, limits, prices; the built-in ones without any key when left out.
        models: Models of your own by provider name: ``{"mine": model}`` serves ``mine:anything``.
        embedder: What compares positions.
        nli: Name or folder of the cross-encoder for the method ``nli``; the settings' by default.
        concurrency: Requests in flight at once; the settings' by default.
        account: What the whole engine may spend, beside each scenario's own budget; by the settings' budget when left
            out.
        cache: Whether answers of models behind an address are kept on disk and given again to whoever asks the same,
            as the settings say where and how long. When left out the settings' word counts; without one, no.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        models: Mapping[str, ChatModel] = NO_MODELS,
        embedder: EmbedderChoice = None,
        nli: str | Path | None = None,
        concurrency: int | None = None,
        account: Account | None = None,
        cache: bool | None = None,
    ) -> None:
        self.settings = settings if settings is not None else Settings()
        self._account = account if account is not None else _account(self.settings.budget)
        self._began = time.monotonic()
        self._providers = Providers(self.settings, models)
        self._router = Router(self.settings, custom=models)
        self._path = request_path(
            self._router,
            concurrency=concurrency if concurrency is not None else self.settings.concurrency,
            limits_of=self._providers.limits_of,
            account_limits_of=self._providers.account_limits_of,
            policy_of=self._providers.policy_of,
            scope_of=self._providers.scope_of,
            price_of=self._providers.price_of,
            account=self._account,
            open_store=self._open_store if cache or (cache is None and self.settings.cache.enabled) else None,
            endpoint_of=self._providers.endpoint_of,
            context_of=self._context_of,
        )
        self._embedding = Embedding(embedder, nli=nli, settings=self.settings)
        self._probing = Probing(self._path.once)
        self._syncer = Syncer()
        self._books = Books()
        self._stack = AsyncExitStack()
        self._streams = asyncio.TaskGroup()
        self._streaming: set[asyncio.Task[DebateError | None]] = set()

    async def __aenter__(self) -> Self:
        self._stack.callback(self._syncer.close)
        self._stack.push_async_callback(self._embedding.aclose)
        self._stack.push_async_callback(self._router.aclose)
        await self._stack.enter_async_context(self._path)
        await self._streams.__aenter__()
        self._stack.push_async_callback(self._end_streams)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    async def _end_streams(self) -> None:
        """End the runs of streams that nobody reads any more. What goes wrong elsewhere is not the group's to wrap."""
        for task in tuple(self._streaming):
            task.cancel()
        await self._streams.__aexit__(None, None, None)

    @cached_property
    def _known(self) -> Catalogue:
        return catalogue_now(self.settings)

    def _context_of(self, model: ModelRef) -> int | None:
        known = self._known.models.get(str(model))
        return None if known is None else known.facts.context

    @property
    def path(self) -> RequestPath:
        """The request path, for its counters."""
        return self._path

    async def warm_up(self, models: Iterable[ModelRef | str]) -> tuple[Probe, ...]:
        """Ask models for one token each, in parallel, to see that they can be called; each once in an engine.

        Args:
            models: As ``provider:model-id``. Every one costs a request, counted by the engine's account.

        Raises:
            ValueError: If a name is not ``provider:model-id``.
        """
        return await self._probing(ModelRef.parse(m) if isinstance(m, str) else m for m in models)

    def usage_report(self) -> EngineUsage:
        """What all runs of this engine have used so far, those under way included.

        Of a run that was taken up again only what it used since; of a fork not what it copied.
        """
        return self._books.report()

    async def run(
        self,
        scenario: Scenario,
        *,
        motion: str | None = None,
        question: str | Question | None = None,
        context: str | None = None,
        seed: int = 0,
        deadline: float | None = None,
        transcript: Path | Literal["auto"] | None = "auto",
    ) -> Result:
        """Hold a debate.

        Args:
            scenario: What is asked.
            motion: In place of the scenario's motion or question.
            question: Likewise; text keeps the scenario's kind and choices.
            context: In place of the scenario's context.
            seed: What orders, lots and sample identities derive from.
            deadline: Seconds after which the run stops, resumable.
            transcript: A file, ``auto`` for one in the settings' folder, None to keep the run in memory.

        Raises:
            debate.errors.ScenarioError: If the scenario cannot be run.
            debate.errors.SettingsError: If a provider, key or price is missing.
            debate.errors.TranscriptError: If the transcript cannot be written.
        """
        prepared = await self.prepare(
            scenario,
            motion=motion,
            question=question,
            context=context,
            seed=seed,
            deadline=deadline,
            transcript=transcript,
        )
        return await prepared.hold()

    async def stream(
        self,
        scenario: Scenario,
        *,
        motion: str | None = None,
        question: str | Question | None = None,
        context: str | None = None,
        seed: int = 0,
        deadline: float | None = None,
        transcript: Path | Literal["auto"] | None = "auto",
    ) -> AsyncIterator[Told]:
        """Hold a debate and yield every event as it is written, and text as it streams in.

        Leaving the iteration stops the run, resumably. Arguments and errors as of :meth:`run`.
        """
        queue: asyncio.Queue[Told | None] = asyncio.Queue()
        prepared = await self.prepare(
            scenario,
            motion=motion,
            question=question,
            context=context,
            seed=seed,
            deadline=deadline,
            transcript=transcript,
            listener=lambda turn, update: queue.put_nowait(Told(turn, update)),
            streams=True,
        )

        async def hold() -> DebateError | None:
            try:
                await prepared.hold()
            except DebateError as error:
                return error
            finally:
                queue.put_nowait(None)
            return None

        # Not a group of its own: a generator that is left at its yield would hand the group a GeneratorExit.
        task = self._streams.create_task(hold())
        self._streaming.add(task)
        task.add_done_callback(self._streaming.discard)
        try:
            while (told := await queue.get()) is not None:
                yield told
        finally:
            task.cancel()
            await asyncio.wait((task,))
        failure = task.result()
        if failure is not None:
            raise failure

    async def prepare(
        self,
        scenario: Scenario,
        *,
        motion: str | None = None,
        question: str | Question | None = None,
        context: str | None = None,
        seed: int = 0,
        deadline: float | None = None,
        transcript: Path | Literal["auto"] | None = "auto",
        listener: Listener | None = None,
        streams: bool = False,
    ) -> Run:
        """Check everything that can be checked before anything is spent, and open the transcript.

        Args and errors as of :meth:`run`; ``listener`` is told every event, wait and, with ``streams``, piece of text.
        """
        asked = asking(scenario, motion=motion, question=question, context=context, settings=self.settings)
        cast = casting(asked, seed=seed)
        check_models(cast, self.settings)
        self._providers.check(cast.models)
        ready = await begun(cast, self._providers, self._embedding, seed=seed)
        self._check_money(ready)
        return self._open(ready, self._log(transcript, ready.id), Telling(listener, streams), deadline)

    async def resume(
        self,
        transcript: Path,
        *,
        scenario: Scenario | None = None,
        max_usd: Decimal | None = None,
        max_requests: int | None = None,
        deadline: float | None = None,
    ) -> Result:
        """Take up a run that had stopped, and hold it to its end. One that has ended is left as it is.

        Args:
            transcript: Its transcript.
            scenario: What it is believed to be of; refused if it differs.
            max_usd: In place of the scenario's budget; what was spent before counts against it.
            max_requests: Likewise.
            deadline: Seconds after which the run stops again, resumable.

        Raises:
            debate.errors.ScenarioChanged: If ``scenario`` is not the one the run began with.
            debate.errors.TranscriptError: If the transcript cannot be read, is damaged, or is being written.
            debate.errors.SettingsError: If a provider, key or price is missing.
        """
        saved = await asyncio.to_thread(load, transcript)
        if saved.state.status in ("completed", "failed"):
            return saved.result
        prepared = await self.prepare_resume(
            transcript, scenario=scenario, max_usd=max_usd, max_requests=max_requests, deadline=deadline
        )
        return await prepared.hold()

    def resumption(
        self,
        saved: Saved,
        *,
        scenario: Scenario | None = None,
        max_usd: Decimal | None = None,
        max_requests: int | None = None,
    ) -> Resumption:
        """What :meth:`resume` would do, with nothing written or spent. Args and errors as there."""
        return resumption(saved, self._providers, scenario=scenario, max_usd=max_usd, max_requests=max_requests)

    async def prepare_resume(
        self,
        transcript: Path,
        *,
        scenario: Scenario | None = None,
        max_usd: Decimal | None = None,
        max_requests: int | None = None,
        deadline: float | None = None,
        listener: Listener | None = None,
        streams: bool = False,
    ) -> Run:
        """Check everything that can be checked, lock the transcript and mend its tail. Args and errors as of `resume`.

        Raises:
            debate.errors.TranscriptError: Also if the run has ended.
            debate.errors.EmbedderError: If its scores need an embedder, and the one it began with is not here.
        """
        log, saved = await asyncio.to_thread(reopen, transcript, syncer=self._syncer)
        try:
            taken = self.resumption(saved, scenario=scenario, max_usd=max_usd, max_requests=max_requests)
            self._providers.check(taken.models)
            self._check_money(taken.ready)
            await check_embedder(taken.ready.casting, saved.header, self._embedding)
            return self._open(taken.ready, log, Telling(listener, streams), deadline)
        except BaseException:
            log.close()
            raise

    async def fork(
        self,
        parent: Saved,
        at: str | None = None,
        change: Change = NOTHING_CHANGED,
        *,
        seed: int | None = None,
        deadline: float | None = None,
        transcript: Path | Literal["auto"] | None = "auto",
    ) -> Result:
        """Hold a new run that shares what another said up to a change. What descends from the change is asked again.

        Args:
            parent: The run to fork; it is left as it is.
            at: The round, iteration or turn from which on the change counts; from the beginning when left out. Without
                any change, what is at ``at`` is asked once more.
            change: What is asked otherwise, and which replies are planted.
            seed: In place of the parent's.
            deadline: Seconds after which the run stops, resumable.
            transcript: A file, ``auto`` for one in the settings' folder, None to keep the run in memory.

        Raises:
            debate.errors.ScenarioError: If the changed scenario cannot be run.
            debate.errors.SettingsError: If a provider, key or price is missing.
            debate.errors.TranscriptError: If ``at`` or a planted reply does not fit, or the transcript cannot be
                written.
        """
        prepared = self.prepare_fork(
            await self.plan_fork(parent, at, change, seed=seed), transcript=transcript, deadline=deadline
        )
        return await prepared.hold()

    async def plan_fork(
        self, parent: Saved, at: str | None = None, change: Change = NOTHING_CHANGED, *, seed: int | None = None
    ) -> Fork:
        """Which turns :meth:`fork` would ask and at what cost, with nothing written or spent. Args as there."""
        return await plan_fork(parent, self._providers, self._embedding, at=at, change=change, seed=seed)

    def prepare_fork(
        self,
        fork: Fork,
        *,
        transcript: Path | Literal["auto"] | None = "auto",
        deadline: float | None = None,
        listener: Listener | None = None,
        streams: bool = False,
    ) -> Run:
        """Open the transcript of a fork and write its prefix. Args and errors as of :meth:`fork`."""
        self._providers.check(models_left(fork.ready))
        self._check_money(fork.ready)
        log = self._log(transcript, fork.ready.id)
        return self._open(fork.ready, log, Telling(listener, streams), deadline)

    def _open(self, ready: Ready, log: Log, telling: Telling, deadline: float | None) -> Run:
        bounds = [bound for bound in (deadline, ready.budget.seconds, self._seconds_left()) if bound is not None]
        run = open_run(
            ready,
            log=log,
            telling=telling,
            deadline=min(bounds, default=None),
            model=self._path,
            embedding=self._embedding,
            price_of=self._providers.price_of,
        )
        self._books.enter(run, ready.state)
        return run

    def _check_money(self, ready: Ready) -> None:
        """Refuse a bound on the engine's money where a price is unknown, before anything is spent."""
        usd = self._account.usd if isinstance(self._account, Budget) else None
        check_prices(ready.prices, usd, "what the engine may spend in USD")

    def _seconds_left(self) -> float | None:
        bound = self.settings.budget.seconds
        return None if bound is None else max(0.0, self._began + bound - time.monotonic())

    def _open_store(self) -> CacheStore:
        return CacheStore.of(self.settings.cache)

    def _log(self, transcript: Path | Literal["auto"] | None, id_: str) -> Log:
        if transcript is None:
            return MemoryLog()
        path = self.settings.transcripts / f"{id_}.jsonl" if transcript == "auto" else transcript
        return FileLog(path, syncer=self._syncer)


def _account(bounds: Bounds) -> Budget | None:
    """The account of an engine that the settings bound; None where they do not, or in time alone."""
    if bounds.usd is None and bounds.requests is None and bounds.tokens is None:
        return None
    return Budget(usd=bounds.usd, requests=bounds.requests, tokens=bounds.tokens)
