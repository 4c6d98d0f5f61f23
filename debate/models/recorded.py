"""A model that answers from what was recorded, and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from debate.errors import NotRecorded
from debate.models.port import Completion, Delta, Request


class TryKey(NamedTuple):
    """Names a try: the turn, and the number of the try within it, from 1."""

    turn: str
    number: int


class RecordedModel:
    """Answers each try with the completion recorded for it.

    Args:
        answers: Turn and try number to what was answered then; a plain tuple will do for a key.
    """

    def __init__(self, answers: Mapping[tuple[str, int], Completion]) -> None:
        self._answers = answers

    async def __call__(self, request: Request, /) -> Completion:
        """The completion as recorded, marked so, with no attempt to its name.

        Raises:
            NotRecorded: If there is none for the turn and try, or the request belongs to no turn.
        """
        turn = request.turn
        found = None if turn is None else self._answers.get((turn.turn, turn.try_number))
        if found is None:
            asked = "a request outside any turn" if turn is None else f"{turn.turn}, try {turn.try_number}"
            raise NotRecorded(f"{request.model}: nothing is recorded for {asked}", model=str(request.model))
        if request.on_sent is not None:
            request.on_sent()
        if request.on_delta is not None:
            request.on_delta(Delta(found.text))
        return replace(found, source="recorded", attempts=0)
