"""Conditions as they are written in a scenario."""

import json

import pytest
from pydantic import TypeAdapter, ValidationError

from debate.scenario.conditions import Condition, Not, ShareReached, Unanimous

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
WRITTEN = [
    "unanimous", "nobody_moved", {"agreement": 0.85, "for": 2}, {"share": "2/3"}, {"share": 0.67},
    {"says_stop": "referee"},
    {"confidence": 0.8}, {"confidence": 0.8, "of": "arbiter"}, {"nobody_moved": True, "for": 2}, {"not": "unanimous"},
    {"any": ["unanimous", {"all": [{"share": 0.5}, {"not": "nobody_moved"}]}]},
]  # fmt: skip


@pytest.mark.parametrize("written", WRITTEN)
def test_a_condition_survives_being_stored(written: object) -> None:
    """The resolved scenario goes into the transcript as JSON and comes back the same."""
    condition = CONDITION.validate_python(written)
    assert CONDITION.validate_json(CONDITION.dump_json(condition, by_alias=True)) == condition
    assert CONDITION.validate_python(condition) == condition


@pytest.mark.parametrize(
    "written",
    ["unanimus", {"agreement": 2}, {"share": "2/0"}, {"share": 0.5, "agreement": 0.5}, {"foo": 1}, {"any": []}, 3, None,
     {},      {"agreement": 0.5, "fro": 2},
     {"unanimous": False}, {"agreement": 0.5, "for": 0}, {"any": ["unanimous", "never"]}],
)  # fmt: skip
def test_what_is_no_condition_is_refused(written: object) -> None:
    """Unknown words and keys, two conditions in one, and values out of range."""
    with pytest.raises(ValidationError):
        CONDITION.validate_python(written)


def test_the_message_lists_what_would_be_one() -> None:
    """So that it can be mended without the manual."""
    with pytest.raises(ValidationError, match=r"unanimous, nobody_moved, \{agreement: 0\.85\}"):
        CONDITION.validate_python("unanimus")


def test_conditions_can_be_built_in_python() -> None:
    """By class, with the same meaning."""
    assert CONDITION.validate_python({"not": "unanimous"}) == Not(not_=Unanimous())
    assert CONDITION.validate_python(ShareReached(share=0.5)) == CONDITION.validate_python({"share": "1/2"})


def test_the_json_schema_knows_every_condition() -> None:
    """An editor can complete words and keys."""
    schema = json.dumps(CONDITION.json_schema())
    for word in (
        "unanimous",
        "nobody_moved",
        "agreement",
        "share",
        "confidence",
        "says_stop",
        "any",
        "all",
        "not",
        "for",
    ):
        assert f'"{word}"' in schema
