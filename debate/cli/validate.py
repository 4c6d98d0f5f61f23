"""``debate validate``: check scenarios."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import JsonValue
from pydantic_core import to_json

from debate.cli import options
from debate.cli.failing import lines_of
from debate.cli.given import scenario_from
from debate.cli.output import complain, say
from debate.engine.casting import casting
from debate.engine.starting import asking
from debate.errors import EXIT_CODES, DebateError, ScenarioError
from debate.graph.plan import prunable
from debate.report.words import plural, span
from debate.scenario.schema import Scenario

TO_BE_GIVEN = "what a template is given when it is run"
"""Stands for the question of a template, so that all else of it can be checked."""


def validate(
    scenarios: Annotated[
        list[str], typer.Argument(metavar="SCENARIO...", help="Files, or names of scenarios that come along.")
    ],
    *,
    sets: options.Sets = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    model: options.Models = [],  # noqa: B006 - likewise
    as_json: options.Json = False,
) -> int:
    """Check scenarios with their prompts and graphs: every mistake at its line and column. Needs no key."""
    found: list[JsonValue] = []
    valid = True
    for name in scenarios:
        problems: list[JsonValue] = []
        try:
            summary = _checked(scenario_from(name, sets=sets, models=model))
        except DebateError as error:
            valid = False
            problems = _problems(error)
            if not as_json:
                complain(*lines_of(error))
        else:
            if not as_json:
                say(f"{name}: {summary}")
        found.append({"scenario": name, "valid": not problems, "problems": problems})
    if as_json:
        say(to_json({"scenarios": found}).decode())
    return EXIT_CODES["done"] if valid else EXIT_CODES["usage"]


def _checked(scenario: Scenario) -> str:
    """A scenario in a few words, after everything in it was worked out."""
    given = TO_BE_GIVEN if scenario.is_template else None
    cast = casting(asking(scenario, question=given))
    turns = span(len(cast.graph.turns) - len(prunable(cast.graph)), len(cast.graph.turns))
    size = f"{plural(len(cast.members), 'participant')}, {plural(len(cast.rounds), 'round')}, {turns} turns"
    return f"valid{', a template' if scenario.is_template else ''}: {size}, decided by {cast.scenario.decision.by}"


def _problems(error: DebateError) -> list[JsonValue]:
    if not isinstance(error, ScenarioError):
        return [{"file": None, "line": None, "column": None, "path": "", "message": str(error)}]
    return [
        {
            "file": problem.location.file if problem.location is not None else None,
            "line": problem.location.line if problem.location is not None else None,
            "column": problem.location.column if problem.location is not None else None,
            "path": problem.path,
            "message": problem.message,
        }
        for problem in error.problems
    ]
