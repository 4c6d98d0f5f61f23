"""What a fork changes, and the casting that comes of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from debate.briefing.templates import SIZE_LIMIT, collect
from debate.engine.casting import Casting
from debate.engine.starting import asking
from debate.errors import PromptError, TranscriptError
from debate.graph.turngraph import TurnGraph
from debate.reply.reading import read
from debate.scenario.reading import check_scenario, parse_scenario
from debate.scenario.schema import Scenario, with_steps
from debate.settings.nearest import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a fork asks otherwise than the run it is taken from."""

    scenario: Scenario | None = None
    """Another scenario, in place of the recorded one."""
    overrides: tuple[tuple[str, str], ...] = ()
    """``(path, value)`` pairs as of ``--set``, laid over the recorded scenario: a model, an edge, an order, a
    participant."""
    prompts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Prompt templates by name, in place of the recorded texts."""
    planted: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Turn to a completion that takes the place of what was answered."""
    folder: Path | None = None
    """Where files that the overrides name lie."""

    @property
    def asks_otherwise(self) -> bool:
        """Whether anything but a reply is changed."""
        return self.scenario is not None or bool(self.overrides) or bool(self.prompts)


def changed(recorded: Casting, change: Change, *, seed: int) -> Casting:
    """The casting of a fork.

    Raises:
        debate.errors.ScenarioError: If the changed scenario cannot be run.
        debate.errors.PromptError: If a prompt is missing, wrong, or none of the run's.
    """
    base = change.scenario if change.scenario is not None else recorded.scenario
    if base.is_template:
        base = asking(base, motion=recorded.scenario.motion, question=recorded.scenario.question)
    scenario = _overridden(base, change) if change.overrides else base
    # A scenario from a file brings its own prompts; any other keeps the texts the run was held with.
    known = recorded.templates.sources if base.folder is None else {}
    scenario = asking(scenario) if base.folder is not None else _checked(scenario)
    sources = collect(scenario, known).sources
    templates = collect(scenario, {**known, **_replaced(change, sources)})
    return Casting(scenario, templates, seed, wording_only=recorded.wording_only)


def _checked(scenario: Scenario) -> Scenario:
    """The scenario, if it can be run with prompts that need no files any more."""
    check_scenario(_without_own(scenario))
    return scenario


def _without_own(scenario: Scenario) -> Scenario:
    """The scenario with no prompts of its own files."""
    return with_steps(
        scenario,
        lambda step: step.model_copy(update={"prompt": None}) if (step.prompt or "").startswith("./") else step,
    )


def _replaced(change: Change, sources: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in change.prompts.items():
        if name not in sources:
            known = ", ".join(sources)
            raise PromptError(f"the run has no prompt {name!r}{did_you_mean(name, sources)}; there are {known}")
        if len(text.encode()) > SIZE_LIMIT:
            raise PromptError(f"{name}: larger than {SIZE_LIMIT:,} bytes")
    return change.prompts


def _overridden(scenario: Scenario, change: Change) -> Scenario:
    """The scenario with the overrides; its own prompts need no files, as their texts were recorded."""
    own = {step.name: step.prompt for step in scenario.steps if (step.prompt or "").startswith("./")}
    dumped = _without_own(scenario).model_dump(mode="json", by_alias=True, exclude_none=True)
    made = parse_scenario(
        json.dumps(dumped, ensure_ascii=False), name="recorded", overrides=change.overrides, folder=change.folder
    )
    kept = with_steps(
        made,
        lambda step: (
            step.model_copy(update={"prompt": own[step.name]}) if step.name in own and step.prompt is None else step
        ),
    )
    folder = scenario.folder if scenario.folder is not None else change.folder
    return kept if folder is None else kept.in_folder(folder)


def turns_at(graph: TurnGraph, at: str, run: str) -> frozenset[str]:
    """The turns that ``at`` means: one, those of an iteration, or those of a round.

    Raises:
        debate.errors.TranscriptError: If it means none.
    """
    if at in graph.turns:
        return frozenset({at})
    found = frozenset(
        turn
        for iteration in graph.iterations.values()
        if at in (iteration.id, iteration.round)
        for turn in iteration.turns
    )
    if not found:
        known = [*graph.turns, *graph.iterations, *graph.speakers]
        rounds = ", ".join(graph.iterations)
        message = f"{run} has no round, iteration or turn {at!r}{did_you_mean(at, known)}"
        raise TranscriptError(f"{message}; there are {rounds}, and turns as {next(iter(graph.turns))}")
    return found


def check_planted(cast: Casting, planted: Mapping[str, str], run: str) -> None:
    """Refuse a planted reply for no turn, or one that could not be read: somebody would have to be asked to mend it.

    Raises:
        debate.errors.TranscriptError: Naming the turn and what is missing.
    """
    for turn, text in planted.items():
        if turn not in cast.graph.turns:
            raise TranscriptError(
                f"{run} has no turn {turn!r}{did_you_mean(turn, cast.graph.turns)} to plant a reply in"
            )
        reading = read(text, cast.specs[cast.graph.turns[turn].round])
        if not reading.readable:
            raise TranscriptError(
                f"the reply planted in {turn} cannot be read ({reading.problem}): end it as the speaker would have to, "
                "with a footer such as STANCE: support"
            )
