"""``debate plan``: what a run will hold and what it can cost."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from debate.cli import options
from debate.cli.ending import edge
from debate.cli.given import Asking, asked_instead, scenario_from, settings_from
from debate.cli.output import say
from debate.engine.casting import Casting, casting
from debate.engine.choosing import check_models, choices
from debate.engine.planning import plan_of
from debate.engine.starting import asking, prices_for
from debate.graph.plan import Plan
from debate.report.pictures import dot, mermaid
from debate.report.planned import plan_lines
from debate.report.words import money, number
from debate.scenario.schema import BudgetSpec, Scenario
from debate.settings.schema import Settings


class PlanFormat(StrEnum):
    """How a plan is printed."""

    TEXT = "text"
    JSON = "json"
    MERMAID = "mermaid"
    DOT = "dot"


def plan(
    scenario: options.ScenarioName,
    *,
    question: options.QuestionText = None,
    motion: options.MotionText = None,
    context: options.ContextText = None,
    sets: options.Sets = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    model: options.Models = [],  # noqa: B006 - likewise
    max_usd: options.MaxUsd = None,
    max_requests: options.MaxRequests = None,
    form: Annotated[PlanFormat, typer.Option("--format", help="text, json, mermaid or dot.")] = PlanFormat.TEXT,
    as_json: options.Json = False,
) -> None:
    """Show what a run will hold: turns, who hears whom, calls, tokens, cost, critical path.

    Spends nothing and needs no key.
    """
    if as_json and form not in (PlanFormat.TEXT, PlanFormat.JSON):
        raise typer.BadParameter(f"--json and --format {form} are both given; keep one of them")
    asked = scenario_from(scenario, sets=sets, models=model, max_usd=max_usd, max_requests=max_requests)
    settings = settings_from(out=None)
    cast = cast_of(asked, asked_instead(motion, question, context), settings)
    check_models(cast, settings)
    match PlanFormat.JSON if as_json else form:
        case PlanFormat.MERMAID:
            say(mermaid(cast.graph).rstrip())
        case PlanFormat.DOT:
            say(dot(cast.graph).rstrip())
        case PlanFormat.JSON:
            say(explained(cast, settings).model_dump_json())
        case _:
            say(*planned(cast, settings))


def cast_of(scenario: Scenario, instead: Asking, settings: Settings | None = None) -> Casting:
    """A scenario made ready.

    Raises:
        debate.errors.ScenarioError: If it cannot be run, or still lacks a question.
        debate.errors.PromptError: If a prompt is missing or wrong.
    """
    return casting(asking(scenario, **instead, settings=settings))


def planned(cast: Casting, settings: Settings) -> list[str]:
    """The plan of a casting as text."""
    plan = explained(cast, settings)
    return plan_lines(plan, topic=cast.topic, budget=_budget(cast.scenario.budget), scored=_scored(cast), width=edge())


def explained(cast: Casting, settings: Settings) -> Plan:
    """The plan of a casting, with why its models were chosen."""
    dear = cast.all_premium.models if cast.all_premium is not None else ()
    plan = plan_of(cast, prices_for((*cast.models, *dear), settings, {}))
    return plan.model_copy(update={"chosen": choices(cast.scenario, settings)})


def _scored(cast: Casting) -> bool:
    return any(cast.is_scored(iteration) for iteration in cast.graph.iterations.values())


def _budget(budget: BudgetSpec) -> str | None:
    bounds = [f"at most {money(budget.usd)}"] if budget.usd is not None else []
    bounds += [f"at most {number(budget.requests)} requests"] if budget.requests is not None else []
    return f"{', '.join(bounds)}; what does not fit is not sent" if bounds else None
