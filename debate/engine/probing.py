"""Whether models can be called: one request for one token each. Being listed, or having a price, does not mean it.

Models behind a shared API are not made faster by this; one on the user's own machine may load while it is probed.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple

from debate.errors import BudgetExceeded, DebateError, EmptyCompletion, ModelError, SettingsError
from debate.models.options import TurnOptions
from debate.models.port import ChatModel, Message, ModelRef, Request
from debate.pool.spending import PriceOf, worst_spend

PATIENCE: Final = 60.0
"""Seconds a model has to answer with one token; one that must be loaded first takes half of that."""


class Probe(NamedTuple):
    """What came of asking a model for one token."""

    model: ModelRef
    error: DebateError | None
    """Why it cannot be called; None if it can."""
    seconds: float

    @property
    def is_callable(self) -> bool:
        """Whether it answered."""
        return self.error is None


class Probing:
    """Probes models, in parallel, each once: whoever asks for one that is being probed waits for that.

    Only that a model can be called is remembered; one that could not is asked again the next time.

    Args:
        model: Who answers, without repeating and without remembering.
        patience: Seconds to wait for each.
    """

    def __init__(self, model: ChatModel, *, patience: float = PATIENCE) -> None:
        self._model = model
        self._patience = patience
        self._known: dict[ModelRef, Probe] = {}
        self._turns: defaultdict[ModelRef, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held while a model is asked, so that nobody else asks it meanwhile."""

    async def __call__(self, models: Iterable[ModelRef]) -> tuple[Probe, ...]:
        """Probe ``models``; one that fails does not disturb the others."""
        wanted = dict.fromkeys(models)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._probe(model)) for model in wanted]
        return tuple(task.result() for task in tasks)

    async def _probe(self, model: ModelRef) -> Probe:
        async with self._turns[model]:
            known = self._known.get(model)
            if known is not None:
                return known
            began = time.monotonic()
            error = await self._ask(model)
            probe = Probe(model, error, time.monotonic() - began)
            if error is None:
                self._known[model] = probe
            return probe

    async def _ask(self, model: ModelRef) -> DebateError | None:
        try:
            async with asyncio.timeout(self._patience):
                await self._model(probe_request(model))
        except EmptyCompletion:
            # One token is no text for a model that thinks first: it answered all the same.
            return None
        except (ModelError, SettingsError, BudgetExceeded) as error:
            return error
        except TimeoutError:
            return ModelError(f"{model}: no answer within {self._patience:g} s", model=str(model), billed="possibly")
        return None


def probe_request(model: ModelRef) -> Request:
    """The cheapest request there is."""
    return Request(
        model=model,
        messages=(Message("user", "Say yes."),),
        max_tokens=1,
        turn=TurnOptions(run="probe", turn="probe/probe", participant="probe", role="probe", round="probe"),
    )


def probing_cost(models: Iterable[ModelRef], price_of: PriceOf) -> Decimal | None:
    """USD that probing ``models`` can cost at most; None if a price is unknown."""
    worst = [worst_spend(probe_request(model), price_of(model)).usd for model in dict.fromkeys(models)]
    known = [usd for usd in worst if usd is not None]
    return sum(known, Decimal(0)) if len(known) == len(worst) else None
