"""``debate scenarios``: what comes along."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic_core import to_json

from debate import assets
from debate.cli import options
from debate.cli.ending import edge
from debate.cli.given import scenario_file
from debate.cli.output import say
from debate.report.words import table
from debate.scenario.cast import cast
from debate.scenario.reading import read_scenario


def scenarios(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Print this one as it is written.")] = None,
    *,
    as_json: options.Json = False,
) -> None:
    """List the scenarios that come along, or print one, to copy and change: debate scenarios demo > my.yaml."""
    if name is not None:
        say(scenario_file(name).read_text("utf-8").rstrip())
        return
    found = [read_scenario(assets.scenario(known)) for known in assets.list_scenarios()]
    if as_json:
        say(
            to_json(
                {
                    "scenarios": [
                        {
                            "name": scenario.name,
                            "description": scenario.description,
                            "template": scenario.is_template,
                            "participants": len(cast(scenario)),
                            "rounds": len(scenario.rounds),
                            "cite": scenario.cite,
                        }
                        for scenario in found
                    ]
                }
            ).decode()
        )
        return
    rows = [(scenario.name, scenario.description) for scenario in found]
    say(*table(rows, width=edge()))
    say("", "debate scenarios NAME prints one; debate plan NAME and debate run NAME use it")
