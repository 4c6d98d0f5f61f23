"""The JSON Schema that editors use."""

from __future__ import annotations

import jsonschema
import pytest

from debate import assets
from debate.scenario.document import Plain, plain
from debate.scenario.published import json_schema
from debate.scenario.yaml import read_yaml

GOOD = """
debate: 1
name: planets
question: {text: Which?, kind: choice, choices: {A: Jupiter, B: Saturn}}
models: {only: simulated:debater}
participants: {ana: {}, panel: {count: 3, side: A}}
graph: {ring: {k: 2, both: true}}
rounds:
  - {name: opening, who: [ana, panel], hears: nobody}
  - {name: rebuttal, who: debater, repeat: 2, hears: {from: neighbours, rounds: {last: 2}}}
  - {name: again, who: debater, repeat: {up_to: 3, until: {any: [unanimous, {agreement: 0.85, for: 2}]}}}
decision: majority
"""


def data(text: str) -> Plain:
    """The plain data in ``text``."""
    return plain(read_yaml(text, name="f")[0])


def test_the_schema_is_one() -> None:
    """It follows the dialect it names."""
    schema = json_schema()
    assert schema["$schema"] == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(schema)


def test_shorthands_are_part_of_it() -> None:
    """An editor does not underline what the engine reads."""
    jsonschema.Draft202012Validator(json_schema()).validate(data(GOOD))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("debate: 1", "debate: 2"),
        ("name: planets", "nam: planets"),
        ("count: 3", "count: three"),
        ("hears: nobody", "hears: nobdy"),
        ("both: true", "both: yes"),
        ("agreement: 0.85", "agrement: 0.85"),
        ("decision: majority", "decision: {abstain: countz}"),
    ],
)
def test_mistakes_are_seen_by_it(right: str, wrong: str) -> None:
    """An editor underlines what the engine refuses."""
    assert right in GOOD
    validator = jsonschema.Draft202012Validator(json_schema())
    assert not validator.is_valid(data(GOOD.replace(right, wrong)))


def test_the_scenarios_of_the_package_follow_it() -> None:
    """Every scenario that is shipped can be edited with it."""
    validator = jsonschema.Draft202012Validator(json_schema())
    for name in assets.list_scenarios():
        validator.validate(data(assets.scenario(name).read_text("utf-8")))
