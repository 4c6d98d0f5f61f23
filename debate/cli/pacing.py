"""Simulated models at the pace of a model that writes, so that a person can watch."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from debate.models.port import Completion, Delta, Request
from debate.models.simulated import SimulatedModel
from debate.settings.prices import Price
from debate.settings.schema import Settings

_PIECES: Final = re.compile(r"\S+\s*")


class Paced:
    """A simulated model that takes its time over every word.

    Args:
        thinking: Seconds before the first word.
        word: Seconds for each word.
    """

    def __init__(self, *, thinking: float = 0.3, word: float = 0.03) -> None:
        self._simulated = SimulatedModel()
        self._thinking = thinking
        self._word = word

    async def __call__(self, request: Request, /) -> Completion:
        """The simulated answer, word by word.

        Raises:
            debate.errors.ModelNotAvailable: If there is no such simulated model.
        """
        completion = await self._simulated(replace(request, on_delta=None))
        words = _PIECES.findall(completion.text)
        await asyncio.sleep(self._thinking)
        for word in words:
            if request.on_delta is not None:
                request.on_delta(Delta(word))
            await asyncio.sleep(self._word)
        took = self._thinking + self._word * len(words)
        return replace(completion, timing=completion.timing.model_copy(update={"total": took}))


def free(settings: Settings, models: Mapping[str, object]) -> Settings:
    """``settings`` that know that these models cost nothing, as every simulated one."""
    nothing = Price(input=Decimal(0), output=Decimal(0), local=True, source="simulated")
    return settings.model_copy(update={"prices": {**settings.prices, **dict.fromkeys(models, nothing)}})
