"""Requests and models for the tests of the pool."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import virtual_time

from debate.models.options import Account, TurnOptions
from debate.models.port import Completion, Message, ModelRef, Notice, Request
from debate.transcript.usage import Usage

MODEL = ModelRef("house", "talker")


def ask(
    text: str = "Should we?",
    *,
    run: str = "run",
    turn: str | None = None,
    priority: float = 0.0,
    model: ModelRef = MODEL,
    max_tokens: int = 100,
    temperature: float | None = None,
    deadline: float | None = None,
    account: Account | None = None,
    notices: list[Notice] | None = None,
    seed: int = 0,
) -> Request:
    """A request; its turn is its text unless one is given."""
    return Request(
        model=model,
        messages=(Message("user", text),),
        max_tokens=max_tokens,
        temperature=temperature,
        on_notice=None if notices is None else notices.append,
        turn=TurnOptions(run=run, turn=turn or text, priority=priority, deadline=deadline, account=account, seed=seed),
    )


@dataclass
class Talker:
    """Answers after ``takes`` seconds, or raises what ``raises`` says; remembers when each request was written."""

    takes: float = 1.0
    write_delay: float = 0.0
    raises: Callable[[int], Exception | None] = lambda _number: None
    usage: Usage | None = None
    tells_writes: bool = True
    written: list[tuple[float, str]] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    cancelled: int = 0

    async def __call__(self, request: Request) -> Completion:
        """Answer."""
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.write_delay:
                await asyncio.sleep(self.write_delay)
            number = len(self.written)
            self.written.append((virtual_time.now(), request.messages[0].content))
            if self.tells_writes and request.on_sent is not None:
                request.on_sent()
            await asyncio.sleep(self.takes)
            error = self.raises(number)
            if error is not None:
                raise error
            return Completion(text=f"re: {request.messages[0].content}", usage=self.usage)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.in_flight -= 1

    @property
    def texts(self) -> list[str]:
        """What was written, in order."""
        return [text for _, text in self.written]

    @property
    def times(self) -> list[float]:
        """When it was written."""
        return [at for at, _ in self.written]


def raising(*errors: Exception | None) -> Callable[[int], Exception | None]:
    """One outcome after the other; answers once they are used up."""
    return lambda number: errors[number] if number < len(errors) else None


def most_in_any(times: Sequence[float], period: float) -> int:
    """The most events in any half-open window of ``period`` seconds."""
    ordered = sorted(times)
    most, first = 0, 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - period:
            first += 1
        most = max(most, last - first + 1)
    return most


async def all_of(*calls: Callable[[], object]) -> None:
    """Await every call at once."""
    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(call())  # type: ignore[arg-type]
