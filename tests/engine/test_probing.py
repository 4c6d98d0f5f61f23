"""Probing models, and what the source document's warm-up got wrong."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal

import pytest

from debate.engine.engine import Engine
from debate.engine.probing import Probing, probing_cost
from debate.errors import EmptyCompletion, Refused
from debate.models.port import Completion, ModelRef, Request
from debate.pool.budget import Budget
from debate.settings.prices import Price
from debate.settings.schema import Settings

ONE, TWO = ModelRef("mine", "one"), ModelRef("mine", "two")


class Counting:
    """Counts what it is asked, and how many at once; ``broken`` models refuse."""

    def __init__(self, *broken: str) -> None:
        self.broken = set(broken)
        self.asked: Counter[str] = Counter()
        self.most = self._now = 0

    async def __call__(self, request: Request, /) -> Completion:
        """Say yes, or refuse."""
        self.asked[request.model.id] += 1
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.01)
        self._now -= 1
        assert request.max_tokens == 1
        if request.model.id in self.broken:
            raise Refused("there is none", status=404)
        return Completion(text="yes")


async def test_models_are_probed_in_parallel_and_once_in_an_engine() -> None:
    """Six callers at once make one request for each model, and a seventh afterwards none."""
    model = Counting()
    async with Engine(models={"mine": model}) as engine:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(engine.warm_up(["mine:one", TWO])) for _ in range(6)]
        again = await engine.warm_up([ONE])
    assert model.asked == {"one": 1, "two": 1}
    assert model.most == 2
    assert all(probe.is_callable for task in tasks for probe in (*task.result(), *again))


async def test_warmup_a_failure_is_told_and_not_remembered() -> None:
    """There errors were swallowed and a model was warm for ever; here the error is the answer, until it is mended."""
    model = Counting("two")
    async with Engine(models={"mine": model}) as engine:
        one, two = await engine.warm_up([ONE, TWO])
        assert one.is_callable
        assert isinstance(two.error, Refused)
        model.broken.clear()
        (mended,) = await engine.warm_up([TWO])
    assert mended.is_callable
    assert model.asked == {"one": 1, "two": 2}


async def test_warmup_a_thinker_without_text_can_be_called() -> None:
    """One token is no text for a model that thinks first, which is no failure."""

    async def thinker(_request: Request, /) -> Completion:
        raise EmptyCompletion("no text", status=200, billed="yes")

    (probe,) = await Probing(thinker)([ONE])
    assert probe.is_callable


async def test_a_model_that_never_answers_is_given_up() -> None:
    """After the patience there was, it counts as not callable, and possibly billed."""

    async def silent(_request: Request, /) -> Completion:
        await asyncio.Event().wait()
        raise AssertionError

    (probe,) = await Probing(silent, patience=0.01)([ONE])
    assert probe.error is not None
    assert "no answer within" in str(probe.error)


async def test_probes_are_on_the_engine_s_account() -> None:
    """What the engine may spend bounds them too."""
    model = Counting()
    async with Engine(models={"mine": model}, account=Budget(requests=1)) as engine:
        await engine.warm_up([ONE])
        (probe,) = await engine.warm_up([TWO])
    assert "request" in str(probe.error)
    assert model.asked == {"one": 1}


def test_warmup_costs_are_known_beforehand() -> None:
    """The most it can cost is a sum of prices, exact; unknown where one of them is."""
    price = Price(input=Decimal(1), output=Decimal(2))
    cost = probing_cost([ONE, ONE, TWO], lambda _: price)
    assert cost is not None
    assert Decimal(0) < cost < Decimal("0.001")
    assert probing_cost([ONE, TWO], lambda ref: price if ref == ONE else None) is None


async def test_a_name_that_is_none_is_the_caller_s_mistake() -> None:
    """It is a built-in error, before anything is asked."""
    async with Engine(Settings()) as engine:
        with pytest.raises(ValueError, match="provider:model-id"):
            await engine.warm_up(["gpt"])
