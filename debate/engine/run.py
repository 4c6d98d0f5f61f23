"""A run made ready, and held: what a new run, a resumed one and a fork have in common."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from debate.engine.asking import Asker
from debate.engine.casting import Casting
from debate.engine.embedding import Embedding
from debate.engine.loop import Listener, Loop
from debate.engine.scoring import RunScorer
from debate.engine.spent import spent_so_far
from debate.models.port import ChatModel
from debate.pool.budget import Budget
from debate.pool.spending import PriceOf
from debate.scenario.schema import BudgetSpec
from debate.settings.prices import Price
from debate.transcript.events import Event, StopReason
from debate.transcript.log import Log
from debate.transcript.result import Result, result_of
from debate.transcript.state import State


@dataclass(frozen=True, slots=True)
class Ready:
    """A run that can be opened: new, taken up again, or forked."""

    id: str
    casting: Casting
    seed: int
    prices: Mapping[str, Price | None]
    budget: BudgetSpec
    state: State
    """With ``events`` folded in."""
    events: tuple[Event, ...]
    """What its transcript says before anything is asked."""
    fresh: frozenset[str] = frozenset()
    """Turns that are asked once more, though nothing is changed: no kept answer will do."""


class Telling(NamedTuple):
    """Who is told of a run as it goes on."""

    listener: Listener | None
    streams: bool = False
    """Whether pieces of text are told too."""


class Run:
    """One debate in an engine, ready to be held once."""

    def __init__(self, *, id_: str, casting: Casting, log: Log, loop: Loop, deadline: float | None) -> None:
        self.id = id_
        self.casting = casting
        self.path = log.path
        self._log = log
        self._loop = loop
        self._deadline = deadline
        self.is_over = False
        """Whether it was held, to its end or to where it stopped."""

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
            self.is_over = True
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


def open_run(
    ready: Ready,
    *,
    log: Log,
    telling: Telling,
    deadline: float | None,
    model: ChatModel,
    embedding: Embedding,
    price_of: PriceOf,
) -> Run:
    """Write what comes first, and get the loop ready to go on from there.

    Raises:
        debate.errors.TranscriptError: If the transcript cannot be written.
        debate.errors.PromptError: If what was spent before cannot be worked out again.
    """
    # The loop takes its state over; the plan of a resume or a fork is still read from the one that is ready.
    cast, state = ready.casting, ready.state.thawed()
    for event in ready.events:
        entry = log.append(event)
        if telling.listener is not None:
            telling.listener(None, entry)
    account = _account(ready.budget)
    asker = Asker(
        casting=cast,
        run=ready.id,
        seed=ready.seed,
        prices=ready.prices,
        account=account,
        fresh=ready.fresh,
        deadline=time.monotonic() + deadline if deadline is not None else None,
    )
    if account is not None:
        account.spent = spent_so_far(state, asker, price_of)
    if cast.embeds:
        embedding.begin()
    loop = Loop(
        cast,
        log=log,
        asker=asker,
        model=model,
        scorer=RunScorer(cast, embedding if cast.embeds else None),
        state=state,
        listener=telling.listener,
        streams=telling.streams,
    )
    return Run(id_=ready.id, casting=cast, log=log, loop=loop, deadline=deadline)


def _account(budget: BudgetSpec) -> Budget | None:
    """What a run may spend by its scenario; None when it says nothing."""
    if budget.usd is None and budget.requests is None and budget.tokens is None:
        return None
    return Budget(usd=budget.usd, requests=budget.requests, tokens=budget.tokens)
