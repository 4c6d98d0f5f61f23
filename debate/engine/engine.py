"""The engine: one request path, one embedder and one syncing thread for every debate inside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Literal, NamedTuple, Self

from debate.engine.casting import Casting, casting
from debate.engine.embedding import EmbedderChoice, Embedding, is_lexical, name_of
from debate.engine.loop import Listener, Update
from debate.engine.resuming import Resumption, resumption
from debate.engine.run import Ready, Run, Telling, open_run
from debate.engine.starting import asking, check_money, header, prices_for, run_id
from debate.errors import DebateError, EmbedderError
from debate.models.options import Account
from debate.models.port import ChatModel, ModelRef
from debate.models.router import Router
from debate.pool.limits import Limits
from debate.pool.path import RequestPath, request_path
from debate.pool.retry import RetryPolicy
from debate.pool.scope import Scope
from debate.scenario.schema import Question, Scenario
from debate.settings.prices import FREE_PROVIDERS, Price
from debate.settings.schema import Settings
from debate.transcript.log import FileLog, Log, MemoryLog, utc_now
from debate.transcript.reading import Saved, load
from debate.transcript.reopening import reopen
from debate.transcript.result import Result
from debate.transcript.state import fold
from debate.transcript.syncing import Syncer

NO_MODELS: Final[Mapping[str, ChatModel]] = MappingProxyType({})


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
        concurrency: Requests in flight at once; the settings' by default.
        account: What the whole engine may spend, beside each scenario's own budget.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        models: Mapping[str, ChatModel] = NO_MODELS,
        embedder: EmbedderChoice = None,
        concurrency: int | None = None,
        account: Account | None = None,
    ) -> None:
        self.settings = settings if settings is not None else Settings()
        self._custom = models
        self._router = Router(self.settings, custom=models)
        self._path = request_path(
            self._router,
            concurrency=concurrency if concurrency is not None else self.settings.concurrency,
            limits_of=self._limits_of,
            policy_of=self._policy_of,
            price_of=self._price_of,
            account=account,
        )
        self._embedding = Embedding(embedder if embedder is not None else self.settings.embedder)
        self._syncer = Syncer()
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

    @property
    def path(self) -> RequestPath:
        """The request path, for its counters."""
        return self._path

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
        asked = asking(scenario, motion=motion, question=question, context=context)
        cast = casting(asked)
        self._check_keys(cast.models)
        prices = prices_for(cast.models, self.settings, self._custom)
        check_money(cast, prices)
        embedder = None
        if cast.embeds and (not cast.method.structured or self._embedding.is_explicit):
            scorer = await self._embedding.scorer()
            cast = replace(cast, wording_only=is_lexical(scorer))
            embedder = name_of(scorer)
        id_ = run_id(asked.name, utc_now())
        events = header(
            cast,
            run=id_,
            seed=seed,
            prices=prices,
            settings=self.settings,
            custom=self._custom,
            embedder=embedder,
        )
        ready = Ready(id_, cast, seed, prices, asked.budget, fold(events), tuple(events))
        return self._open(ready, self._log(transcript, id_), Telling(listener, streams), deadline)

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
        return resumption(
            saved, self.settings, custom=self._custom, scenario=scenario, max_usd=max_usd, max_requests=max_requests
        )

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
            self._check_keys(taken.models)
            await self._same_embedder(taken.ready.casting, saved.header.embedder)
            return self._open(taken.ready, log, Telling(listener, streams), deadline)
        except BaseException:
            log.close()
            raise

    async def _same_embedder(self, cast: Casting, recorded: str | None) -> None:
        """Scores of one run are comparable only if one embedder took them all."""
        if cast.method.structured or not cast.embeds:
            return
        found = name_of(await self._embedding.scorer())
        if found != recorded:
            raise EmbedderError(
                f"the run began with the embedder {recorded}, and here is {found}: give the first one with --embedder, "
                "or fork the run to score it with another"
            )

    def _open(self, ready: Ready, log: Log, telling: Telling, deadline: float | None) -> Run:
        return open_run(
            ready,
            log=log,
            telling=telling,
            deadline=deadline,
            model=self._path,
            embedding=self._embedding,
            price_of=self._price_of,
        )

    def _log(self, transcript: Path | Literal["auto"] | None, id_: str) -> Log:
        if transcript is None:
            return MemoryLog()
        path = self.settings.transcripts / f"{id_}.jsonl" if transcript == "auto" else transcript
        return FileLog(path, syncer=self._syncer)

    def _check_keys(self, models: Sequence[ModelRef]) -> None:
        for provider in dict.fromkeys(model.provider for model in models):
            if provider not in self._custom and provider not in FREE_PROVIDERS:
                self.settings.endpoint(provider)

    def _limits_of(self, scope: Scope) -> Limits:
        row = self.settings.providers.get(scope.endpoint)
        if row is None or scope.endpoint in self._custom:
            return Limits(start=None)
        bounds = row.limits
        return Limits(
            concurrency=bounds.concurrency,
            requests_per_second=bounds.requests_per_second,
            requests_per_minute=bounds.requests_per_minute,
            tokens_per_minute=bounds.tokens_per_minute,
        )

    def _policy_of(self, scope: Scope) -> RetryPolicy:
        row = self.settings.providers.get(scope.endpoint)
        return RetryPolicy() if row is None else RetryPolicy(retries=row.retries)

    def _price_of(self, model: ModelRef) -> Price | None:
        return prices_for([model], self.settings, self._custom)[str(model)]
