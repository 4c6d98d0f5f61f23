"""A model that answers from what was recorded, and from nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from debate.errors import NotRecorded, TranscriptError, TranscriptNotFound
from debate.models.port import Completion, Delta, Request
from debate.transcript.events import TurnAnswered
from debate.transcript.reading import find, load
from debate.transcript.state import State


class RecordedModel:
    """Answers each try with the completion recorded for it.

    Args:
        answers: Turn and try number to what was answered then; the number counts from 1.
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


class Recordings:
    """The models ``recorded:RUN``: each answers from the transcript of a saved run, by turn and try.

    Args:
        folder: Where transcripts are looked up, by the beginning of a run id. A scenario can name no other place: it
            is somebody else's file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, RecordedModel] = {}

    async def __call__(self, request: Request, /) -> Completion:
        """The completion as recorded in the run that the model's id names.

        Raises:
            NotRecorded: If there is no such run, or it holds nothing for the turn and try.
        """
        name = request.model.id
        if name not in self._opened:
            try:
                self._opened[name] = await asyncio.to_thread(self._open, name)
            except TranscriptError as error:
                raise NotRecorded(f"{request.model}: {error}", model=str(request.model)) from error
        return await self._opened[name](request)

    def _open(self, name: str) -> RecordedModel:
        if Path(name).name != name or name.startswith(".") or name == "last":
            # By the time a model is asked, the last run is the one that asks.
            raise TranscriptNotFound(f"{name!r} is no run id; name the beginning of one, as recorded:20261123-0412")
        return RecordedModel(answers_of(load(find(name, self._folder)).state))


def answers_of(state: State) -> dict[tuple[str, int], Completion]:
    """Turn and try to the completion that was recorded for them."""
    return {
        (id_, number): completion_of(answered)
        for id_, turn in state.turns.items()
        for number, answered in turn.answered.items()
    }


def completion_of(answered: TurnAnswered) -> Completion:
    """A recorded answer as the completion it was; nothing was sent for it now."""
    return Completion(
        text=answered.text,
        reasoning=answered.reasoning,
        finish=answered.finish,
        model=answered.model,
        usage=answered.usage,
        source="recorded",
        request_id=answered.request_id,
        timing=answered.timing,
        attempts=0,
        warnings=answered.warnings,
    )
