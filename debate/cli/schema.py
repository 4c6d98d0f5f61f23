"""``debate schema``: the JSON Schemas of what is read and written."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from pydantic_core import to_json

from debate.cli.output import say
from debate.graph.plan import Plan
from debate.scenario.published import DIALECT, json_schema
from debate.transcript.events import ENTRY
from debate.transcript.result import Result


class Subject(StrEnum):
    """What has a schema."""

    SCENARIO = "scenario"
    TRANSCRIPT = "transcript"
    RESULT = "result"
    PLAN = "plan"


def schema(
    subject: Annotated[
        Subject,
        typer.Argument(
            metavar="SUBJECT",
            help="scenario (a file), transcript (one line of one), result (of --json) or plan (of plan --json).",
        ),
    ],
) -> None:
    """Print a JSON Schema, for editors and programs."""
    say(to_json(schema_of(subject), indent=2).decode())


def schema_of(subject: Subject) -> dict[str, object]:
    """The schema of what the code reads or writes, made from the code."""
    match subject:
        case Subject.SCENARIO:
            return json_schema()
        case Subject.TRANSCRIPT:
            return {"$schema": DIALECT, **ENTRY.json_schema(mode="serialization")}
        case Subject.RESULT:
            return {"$schema": DIALECT, **Result.model_json_schema(mode="serialization")}
        case Subject.PLAN:
            return {"$schema": DIALECT, **Plan.model_json_schema(mode="serialization")}
