"""Resuming: a run that had stopped goes on from its transcript, and nothing that was answered is asked again.

A transcript may be somebody else's file, so providers, keys, prices and endpoints are the user's own. What it says
was recorded elsewhere is shown, and never used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from debate.engine.casting import Casting, casting
from debate.engine.choosing import as_before
from debate.engine.deciding import PROVIDER_ERRORS
from debate.engine.planning import over, plan_left
from debate.engine.providers import Providers
from debate.engine.recorded import recorded_casting
from debate.engine.run import Ready
from debate.engine.starting import asking, check_money, engine_version
from debate.errors import ScenarioChanged, TranscriptError
from debate.graph.frontier import descendants
from debate.models.port import ModelRef
from debate.scenario.schema import BudgetSpec, Scenario
from debate.settings.prices import FREE_PROVIDERS, Price
from debate.settings.schema import Settings
from debate.transcript.events import Event, RunResumed, Warned
from debate.transcript.reading import Saved
from debate.transcript.state import State, fold

if TYPE_CHECKING:
    from debate.graph.plan import Plan


@dataclass(frozen=True, slots=True)
class Resumption:
    """What taking up a run again means, worked out before anything is written or spent."""

    ready: Ready
    """The run, with what the transcript will say of it first."""

    @property
    def resumed(self) -> RunResumed:
        """The event that takes the run up."""
        event = self.ready.events[0]
        assert isinstance(event, RunResumed), "it comes first"
        return event

    @property
    def possibly_billed(self) -> tuple[str, ...]:
        """Tries that were asked and never answered, as ``turn#try``; they are asked again."""
        return self.resumed.possibly_billed

    @property
    def reopened(self) -> tuple[str, ...]:
        """Turns that had failed for want of a provider and are asked again."""
        return self.resumed.reopened

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know before it goes on."""
        return tuple(event.message for event in self.ready.events if isinstance(event, Warned))

    @property
    def left(self) -> Plan:
        """Calls and cost of what is left.

        Raises:
            debate.errors.PromptError: If a prompt cannot be rendered.
        """
        return plan_left(self.ready.casting, self.ready.prices, self.ready.state)

    @property
    def models(self) -> tuple[ModelRef, ...]:
        """The models that are still to be asked."""
        return models_left(self.ready)


def resumption(
    saved: Saved,
    providers: Providers,
    *,
    scenario: Scenario | None = None,
    max_usd: Decimal | None = None,
    max_requests: int | None = None,
) -> Resumption:
    """Work out how ``saved`` goes on.

    Args:
        saved: The transcript of a run that has not ended.
        providers: The user's own.
        scenario: What the caller believes the run to be of; refused if it is not.
        max_usd: In place of the scenario's budget; what was spent before counts against it.
        max_requests: Likewise.

    Raises:
        ScenarioChanged: If ``scenario`` differs from the recorded one, naming where.
        debate.errors.TranscriptError: If the run has ended, or this engine cannot run its scenario.
        debate.errors.SettingsError: If a budget in money meets a model without a price.
    """
    header = saved.header
    if saved.state.status in ("completed", "failed"):
        raise TranscriptError(f"{header.run} is {saved.state.status}: nothing is left to do; to change it, debate fork")
    cast = recorded_casting(saved)
    if scenario is not None:
        _refuse_changes(saved, cast, scenario, providers.settings)
    bounds = cast.scenario.budget
    raised = {"usd": max_usd, "requests": max_requests}
    budget = bounds.model_copy(update={name: bound for name, bound in raised.items() if bound is not None})
    prices = providers.prices(cast.models)
    check_money(replace(cast, scenario=cast.scenario.model_copy(update={"budget": budget})), prices)
    again = reopened(cast, saved.state)
    resumed = RunResumed(engine=engine_version(), possibly_billed=possibly_billed(saved.state), reopened=again)
    notes = (*_tail(saved), *_moved(saved, providers), *_repriced(saved, prices), *_raised(bounds, budget))
    events: tuple[Event, ...] = (resumed, *notes)
    state = fold(events, saved.state.thawed())
    return Resumption(Ready(header.run, cast, header.seed, prices, budget, state, events))


def models_left(ready: Ready) -> tuple[ModelRef, ...]:
    """The models that a run which is ready may still ask, in order of first use."""
    cast = ready.casting
    done = over(cast.graph, ready.state)
    left = [turn for id_, turn in cast.graph.turns.items() if id_ not in done]
    found = {cast.part(turn).model: None for turn in left}
    substitute = cast.scenario.failure.substitute
    if substitute is not None:
        found |= {cast.part(turn, tier=substitute).model: None for turn in left}
    return tuple(found)


def possibly_billed(state: State) -> tuple[str, ...]:
    """Tries that were asked and never answered: sent or not, answered or not, nobody here knows."""
    return tuple(f"{id_}#{turn.open_number}" for id_, turn in state.turns.items() if turn.open_number is not None)


def reopened(casting: Casting, state: State) -> tuple[str, ...]:
    """The turns of a run that stopped for want of a provider which failed for that reason and can be asked again.

    A failure that others have heard of, or that a score or a gate has counted, stays: what they were told must
    remain what was so. To ask such a turn again the run is forked at it.
    """
    if state.suspended is None or state.suspended.reason != "unavailable":
        return ()
    graph = casting.graph
    ended = {id_: turn.ended for id_, turn in state.turns.items() if turn.ended is not None}
    failed = {id_ for id_, end in ended.items() if end.outcome == "failed" and end.error in PROVIDER_ERRORS}
    settled = {id_ for id_, turn in state.turns.items() if turn.asked} | set(state.gates)
    settled |= {
        id_ for id_, iteration in graph.iterations.items() if state.score(iteration.round, iteration.number) is not None
    }
    found = set(failed)
    while True:
        heard = {id_ for id_ in found if (descendants(graph, {id_}) & settled) - found}
        if not heard:
            return tuple(id_ for id_ in graph.turns if id_ in found)
        found -= heard


def _refuse_changes(saved: Saved, recorded: Casting, given: Scenario, settings: Settings) -> None:
    if given.is_template:
        asked = recorded.scenario
        given = asking(as_before(given, asked), motion=asked.motion, question=asked.question, settings=settings)
    else:
        given = asking(as_before(given, recorded.scenario), settings=settings)
    now = casting(given)
    found = [*differences(dict(recorded.resolved), dict(now.resolved))]
    then, texts = recorded.templates.sources, now.templates.sources
    found += [f"prompt {name}: its text has changed" for name in then if name in texts and then[name] != texts[name]]
    if not found:
        return
    listed = "".join(f"\n  {difference}" for difference in found)
    raised = " To raise the budget alone, give --max-usd or --max-requests." if _budget_alone(found) else ""
    raise ScenarioChanged(
        f"{saved.header.run} was begun with another scenario:{listed}\n"
        f"Resume it without naming a scenario to go on as it began, or fork it to change it: "
        f"debate fork {saved.path} --scenario FILE.{raised}",
        differences=tuple(found),
    )


def _budget_alone(found: list[str]) -> bool:
    return all(difference.startswith("budget") for difference in found)


def differences(then: object, now: object, path: str = "") -> list[str]:
    """What differs between two resolved scenarios, as ``rounds[1].tier: was 'cheap', is 'premium'``."""
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        keys = [*then, *(key for key in now if key not in then)]
        parts = [(f"{path}.{key}" if path else str(key), then.get(key), now.get(key)) for key in keys]
        return [found for below, old, new in parts for found in differences(old, new, below)]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        pairs = enumerate(zip(then, now, strict=True))
        return [found for place, (old, new) in pairs for found in differences(old, new, f"{path}[{place}]")]
    return [] if then == now else [f"{path}: was {_short(then)}, is {_short(now)}"]


def _short(value: object) -> str:
    if value is None:
        return "not there"
    written = repr(value)
    return written if len(written) <= 80 else f"{written[:77]}..."  # noqa: PLR2004 - a line of a terminal


def _tail(saved: Saved) -> list[Warned]:
    tail = saved.tail
    if tail.torn:
        message = f"the last line was cut off after {tail.torn} bytes, as a killed process leaves it; it is left out"
        return [Warned(code="torn_line", message=message)]
    if tail.unterminated:
        return [Warned(code="unterminated_line", message="the last line lacked its line end; it is whole and kept")]
    return []


def _moved(saved: Saved, providers: Providers) -> list[Warned]:
    settings, custom = providers.settings, providers.custom
    found = []
    for provider, recorded in saved.header.endpoints.items():
        row = settings.providers.get(provider) if provider not in custom else None
        if provider in FREE_PROVIDERS or (row is not None and row.base_url == recorded):
            continue
        now = row.base_url if row is not None else "your own model" if provider in custom else "no provider of yours"
        message = f"{provider} was at {recorded} when this was recorded; here it is {now}, and that is asked"
        found.append(Warned(code="endpoint_changed", message=message))
    return found


def _repriced(saved: Saved, prices: Mapping[str, Price | None]) -> list[Warned]:
    changed = [model for model, price in prices.items() if saved.header.prices.get(model) != price]
    if not changed:
        return []
    message = f"prices differ from the recorded ones for {', '.join(changed)}: from here on yours count"
    return [Warned(code="prices_changed", message=message)]


def _raised(then: BudgetSpec, now: BudgetSpec) -> list[Warned]:
    if then == now:
        return []
    found = differences(then.model_dump(mode="json"), now.model_dump(mode="json"), "budget")
    return [Warned(code="budget_changed", message="; ".join(found))]
