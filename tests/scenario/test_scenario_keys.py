"""Every key of a scenario: described for editors, on its page, and seen at work in a test."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from debate.errors import ScenarioError
from debate.scenario.published import json_schema
from debate.scenario.reading import parse_scenario

ROOT = Path(__file__).resolve().parents[2]
SCHEMA: dict[str, Any] = json_schema()
PARTS = {"Scenario": SCHEMA, **SCHEMA["$defs"]}
KEYS = {(part, key) for part, definition in PARTS.items() for key in definition.get("properties", {})}

HEARING = "engine/test_primitives_hearing.py"
GATES = "engine/test_primitives_gates.py"
OBSERVED: dict[str, tuple[str, dict[str, str]]] = {
    "Query": (
        HEARING,
        {
            "from": "test_from",
            "graph": "test_a_topology_holds_for_its_round_and_iteration",
            "rounds": "test_rounds",
            "fields": "test_fields",
            "same_round": "test_same_round_is_heard_only_when_asked_for",
            "names": "test_names",
            "group_by": "test_no_opinion_group_is_left_out",
            "budget": "test_truncate_marks_the_cut",
        },
    ),
    "TokenBudget": (
        HEARING,
        {"tokens": "test_truncate_marks_the_cut", "then": "test_drop_leaves_out_the_oldest_and_says_so"},
    ),
    "Summarise": (HEARING, {"summarise": "test_summarise_is_a_turn_of_its_own"}),
    "LastRounds": (HEARING, {"last": "test_rounds"}),
    "PrivateTo": (HEARING, {"private_to": "test_scope"}),
    "Group": (HEARING, dict.fromkeys(("name", "group"), "test_groups_hear_their_own_and_merge")),
    "Topology": (
        HEARING,
        dict.fromkeys(
            ["complete", "ring", "star", "chain", "tree", "layers", "bipartite", "random", "small_world", "edges"],
            "test_each_topology_is_heard_along",
        ),
    ),
    "Ring": (HEARING, dict.fromkeys(("k", "both"), "test_each_topology_is_heard_along")),
    "Star": (HEARING, {"hub": "test_each_topology_is_heard_along"}),
    "Chain": (HEARING, {"both": "test_each_topology_is_heard_along"}),
    "Tree": (HEARING, dict.fromkeys(("branching", "up_only"), "test_each_topology_is_heard_along")),
    "Layers": (HEARING, {"sizes": "test_each_topology_is_heard_along"}),
    "Bipartite": (HEARING, {"first": "test_each_topology_is_heard_along"}),
    "Random": (
        HEARING,
        {
            "p": "test_each_topology_is_heard_along",
            **dict.fromkeys(("degree", "redraw"), "test_a_random_degree_is_heard_and_drawn_anew_where_asked"),
        },
    ),
    "Round": (
        GATES,
        {
            "when": "test_when",
            "else": "test_else",
            "escalate": "test_escalate",
            "repeat": "test_repeat_until_after_an_iteration",
            "select": "test_drop_and_most_dissimilar",
            "reply": "test_reply",
            "reply_mode": "test_reply_mode",
            "about": "test_about",
            "given": "test_given_is_a_parameter_of_the_prompt",
            "swap_sides": "test_swap_sides",
        },
    ),
    "Repeat": (
        GATES,
        {
            **dict.fromkeys(("up_to", "until"), "test_repeat_until_after_an_iteration"),
            "after": "test_repeat_until_after_a_reply",
        },
    ),
    "Select": (
        GATES,
        {
            **dict.fromkeys(("top", "by"), "test_top_is_by_who_was_ranked_and_not_by_place"),
            **dict.fromkeys(("drop", "most_dissimilar"), "test_drop_and_most_dissimilar"),
        },
    ),
    "Escalate": (GATES, dict.fromkeys(("when", "to"), "test_escalate")),
}  # fmt: skip
"""Part to the file of its tests, and each key to the test that observes its effect."""

ELSEWHERE = {
    ("Round", "order"): f"{HEARING}::test_orders",
    ("Round", "scope"): f"{HEARING}::test_scope",
    ("Round", "hears"): f"{HEARING}::test_from",
    ("Round", "name"): f"{HEARING}::test_rounds",
    ("Round", "who"): f"{GATES}::test_says_stop",
    ("Round", "tier"): f"{GATES}::test_escalate",
    ("Round", "prompt"): "briefing/test_prompts.py::test_a_prompt_beside_the_scenario",
    ("Repeat", "hears"): f"{HEARING}::test_a_topology_holds_for_its_round_and_iteration",
}
"""Keys of the same parts that other tests observe."""

SHARED = {("Round", "sampling"), ("Round", "extractors")}
"""Keys of rounds that are no primitives of a protocol."""


@pytest.mark.parametrize("part", sorted(OBSERVED))
def test_every_key_of_a_primitive_is_observed_in_a_test(part: str) -> None:
    """A key that is added to the schema needs a test that sees what it does; a test that is renamed is missed."""
    file, tests = OBSERVED[part]
    keys = {key for owner, key in KEYS if owner == part}
    others = {key for owner, key in (*ELSEWHERE, *SHARED) if owner == part}
    assert keys - others == set(tests)
    source = (ROOT / "tests" / file).read_text("utf-8")
    assert [name for name in tests.values() if f"def {name}(" not in source] == []
    for place in ELSEWHERE.values():
        other, _, name = place.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / other).read_text("utf-8")


def test_every_key_has_a_description() -> None:
    """An editor can say of each what it means."""
    undescribed = {(part, key) for part, key in KEYS if not PARTS[part]["properties"][key].get("description")}
    assert undescribed == set()


def test_the_page_is_the_schema() -> None:
    """``docs/reference/scenario.md`` is what ``scripts/scenario_reference.py`` writes from the schema."""
    spec = importlib.util.spec_from_file_location("scenario_reference", ROOT / "scripts" / "scenario_reference.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert (ROOT / "docs" / "reference" / "scenario.md").read_text("utf-8") == script.reference()


def test_a_key_that_is_not_there_is_underlined() -> None:
    """Every part of the schema refuses keys it does not know."""
    for name, part in PARTS.items():
        if "properties" in part:
            assert part.get("additionalProperties") is False, name
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid({"debate": 1, "nam": "x"})


BASE = """debate: 1
name: checks
motion: Cats should be taxed.
models: {only: mine:model}
participants: {ana: {}, ben: {}, cleo: {}, scribe: {role: writer}, rater: {role: assessor}}
rounds:
  - {name: opening, who: debater, hears: nobody}
  - {name: rank, who: rater, hears: {from: debater}, reply: [ranking], about: speakers}
  - {name: middle, who: debater, hears: everyone}
  - {name: closing, who: debater, hears: everyone}
"""
MIDDLE = "who: debater, hears: everyone}\n  - {name: closing"
OPENING = "hears: nobody}"
LAST = "{name: closing, who: debater, hears: everyone}"


@pytest.mark.parametrize(
    ("right", "wrong", "line", "message"),
    [
        (LAST, LAST[:-1] + ", select: {drop: duplicates}}", 10, "nobody speaks after this round"),
        ("about: speakers}", "about: options, select: {top: 1, by: rater}}", 8, "ranks the options in rank and not"),
        (OPENING, "hears: nobody, reply: [ballot], about: speakers}", 7, "needs some that are heard"),
        ("hears: {from: debater}", "hears: {from: debater, names: hidden}", 8, "cannot be told apart in a vote"),
        (OPENING, "hears: nobody, when: unanimous}", 7, "nothing was said before this round"),
        (LAST, LAST[:-1] + ", else: end}", 10, "add when, or drop else"),
        (
            LAST,
            LAST[:-1] + ", escalate: {when: unanimous, to: onyl}}",
            10,
            "no tier 'onyl' in models; did you mean 'only'",
        ),
        (LAST, LAST[:-1] + ", swap_sides: true}", 10, "sides change places between two, found none"),
        (LAST, LAST[:-1] + ", scope: {private_to: anna}}", 10, "no role or participant 'anna'; did you mean 'ana'"),
        (LAST, LAST[:-1] + ", repeat: {up_to: 2, after: reply}}", 10, "add until, or drop after"),
        (LAST, LAST[:-1] + ", repeat: {up_to: 2, hears: [nobody]}}", 10, "are both given; keep one"),
        (LAST, LAST.replace("everyone", "{layers: {sizes: [2, 2]}}"), 10, "4 places for 3 participants"),
        (LAST, LAST.replace("everyone", "{random: {degree: 3}}"), 10, "nobody can hear 3 of 2 others"),
        (LAST, LAST.replace("everyone", "{ring: {k: 3}}"), 10, "at most 2 before each, found k: 3"),
        (LAST, LAST.replace("everyone", "{bipartite: {first: 3}}"), 10, "takes all 3 participants"),
        (
            OPENING + "\n",
            "hears: nobody, scope: {private_to: debater}}\n",
            9,
            "scribe would sum up opening, which is private to others; add scribe to its scope",
        ),
    ],
)
def test_mistakes_are_named_at_their_place(right: str, wrong: str, line: int, message: str) -> None:
    """``file:line:column``, what is wrong, and how to mend it."""
    text = BASE
    if "sum up" in message:
        text = text.replace(
            "{name: middle, who: debater, hears: everyone}",
            "{name: middle, who: debater, hears: {from: everyone, budget: {tokens: 90, then: {summarise: scribe}}}}",
        )
    assert parse_scenario(text).name == "checks"
    assert right in text
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text.replace(right, wrong, 1), name="f.yaml")
    found = [str(problem) for problem in caught.value.problems]
    assert any(text.startswith(f"f.yaml:{line}:") and message in text for text in found), found
