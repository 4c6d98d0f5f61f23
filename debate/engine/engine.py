"""The engine: one request path, one embedder and one syncing thread for every debate inside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Literal, NamedTuple, Self

from debate.engine.asking import Asker
from debate.engine.casting import Casting, casting
from debate.engine.embedding import EmbedderChoice, Embedding, is_lexical, name_of
from debate.engine.loop import Listener, Loop, Update
from debate.engine.scoring import RunScorer
from debate.engine.starting import asking, check_money, header, prices_for, run_id
from debate.errors import DebateError
from debate.models.options import Account
from debate.models.port import ChatModel, ModelRef
from debate.models.router import Router
from debate.pool.budget import Budget
from debate.pool.limits import Limits
from debate.pool.path import RequestPath, request_path
from debate.pool.retry import RetryPolicy
from debate.pool.scope import Scope
from debate.scenario.schema import BudgetSpec, Question, Scenario
from debate.settings.prices import FREE_PROVIDERS, Price
from debate.settings.schema import Settings
from debate.transcript.events import StopReason
from debate.transcript.log import FileLog, Log, MemoryLog, utc_now
from debate.transcript.result import Result, result_of
from debate.transcript.state import State, evolve
from debate.transcript.syncing import Syncer

NO_MODELS: Final[Mapping[str, ChatModel]] = MappingProxyType({})


class Told(NamedTuple):
    """What :meth:`Engine.stream` yields."""

    turn: str | None
    """The turn a piece of text or a wait belongs to; None for events, which name their own."""
    update: Update


class Run:
    """One debate in an engine, ready to be held once."""

    def __init__(self, *, id_: str, casting: Casting, log: Log, loop: Loop, deadline: float | None) -> None:
        self.id = id_
        self.casting = casting
        self.path = log.path
        self._log = log
        self._loop = loop
        self._deadline = deadline

    async def hold(self) -> Result:
        """Hold the debate, to its end or to where it must stop.

        Raises:
            debate.errors.TranscriptError: If its transcript cannot be written.
            asyncio.CancelledError: If it is cancelled; its transcript then says so, and it can be resumed.
        """
        began = time.monotonic()
        timer = None
        if self._deadline is not None:
            detail = f"the deadline of {self._deadline:g} s has passed"
            timer = asyncio.get_running_loop().call_later(self._deadline, self._cut_off, detail)
        try:
            state = await self._loop.run()
        finally:
            if timer is not None:
                timer.cancel()
            self._log.close()
        return result_of(state, path=self.path, wall_seconds=time.monotonic() - began).with_state(state.frozen())

    def stop(
        self, reason: StopReason = "interrupted", detail: str = "stopped on request", *, abort: bool = False
    ) -> None:
        """Start no new turn; the run ends, resumable, when those under way are over, or at once with ``abort``."""
        self._loop.stop(reason, detail, abort=abort)

    @property
    def state(self) -> State:
        """How the run stands at this moment."""
        return self._loop.state.frozen()

    def _cut_off(self, detail: str) -> None:
        self._loop.stop("deadline", detail, abort=True)


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
        self._open = AsyncExitStack()
        self._streams = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        self._open.callback(self._syncer.close)
        self._open.push_async_callback(self._embedding.aclose)
        self._open.push_async_callback(self._router.aclose)
        await self._open.enter_async_context(self._path)
        await self._open.enter_async_context(self._streams)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._open.__aexit__(kind, error, traceback)

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
        log = self._log(transcript, id_)
        state = State()
        events = header(
            cast,
            run=id_,
            seed=seed,
            prices=prices,
            settings=self.settings,
            custom=self._custom,
            embedder=embedder,
        )
        for event in events:
            entry = log.append(event)
            state = evolve(state, event)
            if listener is not None:
                listener(None, entry)
        asker = Asker(
            casting=cast,
            run=id_,
            seed=seed,
            prices=prices,
            account=_account(asked.budget),
            deadline=time.monotonic() + deadline if deadline is not None else None,
        )
        if cast.embeds:
            self._embedding.begin()
        loop = Loop(
            cast,
            log=log,
            asker=asker,
            model=self._path,
            scorer=RunScorer(cast, self._embedding if cast.embeds else None),
            state=state,
            listener=listener,
            streams=streams,
        )
        return Run(id_=id_, casting=cast, log=log, loop=loop, deadline=deadline)

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


def _account(budget: BudgetSpec) -> Account | None:
    """What a run may spend by its scenario; None when it says nothing."""
    if budget.usd is None and budget.requests is None:
        return None
    return Budget(usd=budget.usd, requests=budget.requests)
