"""``debate doctor``: whether everything a run needs is there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import typer
from pydantic_core import to_json

from debate.cli import options
from debate.cli.ending import edge
from debate.cli.failing import code_of_error
from debate.cli.given import scenario_from, settings_from
from debate.cli.output import say
from debate.engine.casting import casting
from debate.engine.checkup import Finding, check_key, check_up
from debate.engine.choosing import with_choices
from debate.engine.engine import Engine
from debate.engine.probing import probing_cost
from debate.engine.starting import asking, prices_for
from debate.errors import EXIT_CODES
from debate.models.port import ModelRef
from debate.report.words import money, plural, table
from debate.scenario.schema import Scenario
from debate.settings.schema import Settings

_MARK = {"ok": "ok", "note": "note", "wrong": "WRONG"}


def doctor(
    scenario: Annotated[
        str | None, typer.Argument(metavar="[SCENARIO]", help="Look at what this one needs, and call its models.")
    ] = None,
    *,
    sets: options.Sets = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    model: options.Models = [],  # noqa: B006 - likewise
    endpoint: options.Endpoints = [],  # noqa: B006 - likewise
    key_env: options.KeyVariables = [],  # noqa: B006 - likewise
    embedder: options.EmbedderName = None,
    as_json: options.Json = False,
) -> int:
    """Check keys, servers, models, prices and the embedder; say what to do about each that is wrong.

    With a scenario each of its models is called for one token; what that can cost is said first. Without one nothing
    is called, and the providers whose keys are set are looked at.
    """
    settings = settings_from(out=None, endpoints=endpoint, key_variables=key_env)
    models: tuple[ModelRef, ...] = ()
    providers: list[str] = []
    if scenario is not None:
        models = _models(scenario_from(scenario, sets=sets, models=model), settings)
    else:
        providers = _with_keys(settings)
    prices = prices_for(models, settings, {})
    cost = probing_cost(models, lambda ref: prices[str(ref)])
    if not as_json:
        say(_price_line(models, cost), "")
        if scenario is None and not providers:
            say("no key is set: debate models lists the variables; local servers are tried by debate init", "")
    found = asyncio.run(_look(settings, models, providers, embedder, show=not as_json))
    if as_json:
        rows = [finding._replace(error=None)._asdict() for finding in found]
        for row in rows:
            del row["error"]
        say(to_json({"costs_at_most_usd": None if cost is None else str(cost), "findings": rows}).decode())
    wrong = [finding for finding in found if finding.state == "wrong"]
    if not as_json:
        say("", f"{plural(len(wrong), 'thing')} to mend" if wrong else "everything that was looked at is there")
    errors = [finding.error for finding in wrong if finding.error is not None]
    return code_of_error(errors[0]) if errors else EXIT_CODES["failed" if wrong else "done"]


async def _look(
    settings: Settings, models: Sequence[ModelRef], providers: Sequence[str], embedder: str | None, *, show: bool
) -> list[Finding]:
    found = []
    async with Engine(settings) as engine:
        async for finding in check_up(engine, models, providers, embedder=embedder):
            found.append(finding)
            if show:
                say(*_lines(finding))
    return found


def _lines(finding: Finding) -> list[str]:
    rows = [(f"{_MARK[finding.state]:<5}", f"{finding.part:<8}", f"{finding.name}: {finding.found}")]
    rows += [("", "", f"→ {finding.mend}")] if finding.mend is not None else []
    return table(rows, width=edge())


def _models(scenario: Scenario, settings: Settings) -> tuple[ModelRef, ...]:
    """Every model a run of the scenario may ask, its substitutes included; a template needs no question for that."""
    if scenario.is_template:
        chosen = with_choices(scenario, settings)
        specs = [*chosen.models.values(), *(m for p in chosen.participants.values() for m in p.models.values())]
        return tuple(dict.fromkeys(ModelRef.parse(spec.use) for spec in specs if spec.use is not None))
    return casting(asking(scenario, settings=settings)).models


def _with_keys(settings: Settings) -> list[str]:
    keyed = [name for name in settings.providers if settings.provider(name).key_env]
    return [name for name in keyed if check_key(settings, name).found.startswith("set")]


def _price_line(models: Sequence[ModelRef], cost: Decimal | None) -> str:
    if not models:
        return "costs nothing: no model is called (name a scenario to call its models)"
    calls = f"{plural(len(models), 'model')} called for one token each"
    return (
        f"costs at most {money(cost)}: {calls}" if cost is not None else f"{calls}; not all of their prices are known"
    )
