"""The JSON Schema of a scenario, for editors."""

from __future__ import annotations

from debate.scenario.described import described
from debate.scenario.schema import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect pydantic writes."""


def json_schema() -> dict[str, object]:
    """The schema of a scenario file, shorthands included; what a name means is checked only when it is read."""
    return {"$schema": DIALECT, **described(Scenario.model_json_schema(by_alias=True, mode="validation"))}
