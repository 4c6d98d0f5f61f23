"""A saved run told again: who said what, in which round, and what followed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from debate.report.spoken import Labels, line_of, stand_of
from debate.report.words import SIMULATED, one_line, wrapped
from debate.scenario.schema import Scenario
from debate.transcript.events import Entry, GateResolved, RunStarted, Scored, TurnAsked, TurnEnded, Warned

_INDENT = 4


def retold(scenario: Scenario, entries: Sequence[Entry], labels: Labels, *, width: int = 100) -> Iterator[str]:
    """The run's turns with their texts, its scores and its gates, in the order in which they happened."""
    models: dict[str, str] = {}
    current = None
    asked = scenario.motion or (scenario.question.text if scenario.question is not None else "")
    yield f"{scenario.name} · {one_line(asked)}"
    for entry in entries:
        event = entry.event
        if isinstance(event, RunStarted):
            yield f"run {event.run}, {entry.at:%Y-%m-%d %H:%M:%S} UTC, seed {event.seed}"
            if event.simulated:
                yield SIMULATED
        elif isinstance(event, TurnAsked):
            models[event.turn] = event.model
        elif isinstance(event, TurnEnded) and event.outcome != "skipped":
            round_ = event.turn.rpartition("/")[0]
            if round_ != current:
                current = round_
                yield from ("", round_)
            yield from _turn(event, models.get(event.turn), width)
        elif isinstance(event, Scored | GateResolved | Warned):
            line = line_of(event, labels)
            if line is not None:
                yield f"  {line}"


def _turn(event: TurnEnded, model: str | None, width: int) -> Iterator[str]:
    speaker = event.turn.rpartition("/")[2]
    by = f" ({model})" if model is not None else ""
    if event.reply is None or event.outcome != "completed":
        yield f"  {speaker}{by}: {event.outcome}{': ' + one_line(event.reason) if event.reason else ''}"
        return
    yield f"  {speaker}{by}: {stand_of(event.reply)}"
    for line in wrapped(event.reply.text, width - _INDENT):
        yield f"{' ' * _INDENT}{line}".rstrip()
    if event.reply.position is not None:
        for line in wrapped(f"→ {event.reply.position}", width - _INDENT):
            yield f"{' ' * _INDENT}{line}"
