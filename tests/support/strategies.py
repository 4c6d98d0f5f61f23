"""Random scenarios, as hypothesis draws them: every one passes the checks, whatever is combined.

Each key of the schema has a strategy of its own, so that a new key is one more line in :func:`scenarios`.
"""

from __future__ import annotations

import re
from typing import Any, get_args

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from debate.errors import ScenarioError
from debate.scenario.hearing import Names, ShownField
from debate.scenario.reading import check_scenario
from debate.scenario.schema import Scenario

NAMES = ("ana", "ben", "cleo", "dan", "eve")
PROVIDER = "mine"

RULES = (
    "plurality",
    "majority",
    "unanimity",
    "trajectory",
    "medoid",
    {"weighted": "confidence"},
    {"supermajority": 0.6},
)
"""Rules that count what every round asks for."""

Draw = st.DrawFn
Table = dict[str, Any]

few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
"""Examples for a test that compiles or runs what it draws. No deadline: a shared machine may stand still."""


def topologies(members: list[str]) -> st.SearchStrategy[Any]:
    """A topology on ``members``, as a word or with its parameters."""
    pairs = [[u, v] for u in members for v in members if u != v]
    kinds: list[st.SearchStrategy[Any]] = [
        st.sampled_from(["complete", "ring", "star", "chain", "tree"]),
        st.builds(lambda both: {"chain": {"both": both}}, st.booleans()),
        st.builds(lambda n, up: {"tree": {"branching": n, "up_only": up}}, st.integers(1, 3), st.booleans()),
        st.builds(
            lambda p, redraw: {"random": {"p": p, "redraw": redraw}}, st.sampled_from([0, 0.3, 1]), st.booleans()
        ),
        st.builds(lambda redraw: {"random": {"degree": 1, "redraw": redraw}}, st.booleans()),
        st.builds(lambda p: {"small_world": {"p": p, "redraw": True}}, st.sampled_from([0, 0.5, 1])),
        st.just("bipartite"),
        st.builds(lambda n: {"layers": {"sizes": [n, max(1, len(members) - n)]}}, st.integers(1, len(members))),
        st.builds(
            lambda k, both: {"ring": {"k": k, "both": both}},
            st.integers(1, max(1, len(members) - 1)),
            st.booleans(),
        ),
        st.builds(lambda hub: {"star": {"hub": hub}}, st.sampled_from(members)),
    ]
    if pairs:
        edges = st.lists(st.sampled_from(pairs), unique_by=tuple, max_size=len(pairs))
        kinds.append(st.builds(lambda chosen: {"edges": chosen}, edges))
    return st.one_of(kinds)


def _who(roles: list[str], members: list[str]) -> st.SearchStrategy[Any]:
    listed = st.lists(st.sampled_from(members), unique=True, min_size=1, max_size=len(members))
    return st.one_of(st.sampled_from(roles), listed)


def queries(draw: Draw, members: list[str], roles: list[str], earlier: list[str], *, sequential: bool) -> Any:
    """What a round hears, in every form the schema takes."""
    short = draw(st.sampled_from(["short", "topology", "query"]))
    if short == "short":
        return draw(st.sampled_from(["nobody", "everyone"]))
    if short == "topology":
        return draw(topologies(members))
    names = st.sampled_from(["neighbours", "everyone", "everyone", "self", *members, *roles])
    query: Table = {"from": draw(st.lists(names, unique=True, max_size=3))}
    if draw(st.booleans()):
        query["fields"] = draw(st.lists(st.sampled_from(get_args(ShownField)), unique=True, min_size=1, max_size=3))
    if draw(st.booleans()):
        then = st.sampled_from(["truncate", "drop", {"summarise": members[0]}])
        query["budget"] = {"tokens": draw(st.sampled_from([50, 60, 400])), "then": draw(then)}
    if draw(st.booleans()):
        query["group_by"] = "answer"
    kinds = [st.sampled_from(["last", "all"]), st.builds(lambda n: {"last": n}, st.integers(1, 3))]
    if earlier:
        kinds.append(st.sampled_from(earlier))
    query["rounds"] = draw(st.one_of(kinds))
    query["names"] = draw(st.sampled_from(get_args(Names)))
    if sequential and draw(st.booleans()):
        query["same_round"] = True
    if "neighbours" in query["from"] and draw(st.booleans()):
        query["graph"] = draw(topologies(members))
    return query


def conditions(up_to: int, members: list[str]) -> st.SearchStrategy[Any]:
    """What an ``until`` may say within ``up_to`` iterations."""
    plain: list[st.SearchStrategy[Any]] = [
        st.just("unanimous"),
        st.builds(lambda x: {"agreement": x}, st.sampled_from([0.3, 0.6, 0.9])),
        st.builds(lambda x: {"share": x}, st.sampled_from([0.5, "2/3", 1])),
        st.builds(lambda x: {"confidence": x}, st.sampled_from([0.2, 0.8])),
        st.builds(lambda who: {"confidence": 0.5, "of": who}, st.sampled_from(members)),
        st.builds(lambda who: {"says_stop": who}, st.sampled_from(members)),
    ]
    if up_to > 1:
        plain.append(st.just("nobody_moved"))
        plain.append(st.just({"share": 0.6, "for": 2}))
    leaf = st.one_of(plain)
    several = st.lists(leaf, min_size=1, max_size=2)
    return st.one_of(
        leaf,
        st.builds(lambda parts: {"any": parts}, several),
        st.builds(lambda parts: {"all": parts}, several),
        st.builds(lambda part: {"not": part}, leaf),
    )


@st.composite
def scenarios(draw: Draw, *, gates: bool = True, failures: bool = True, most: int = 3) -> Scenario:
    """A scenario that can be run on models of provider ``mine``.

    Args:
        draw: Hypothesis's.
        gates: Whether repeats may end early.
        failures: Whether the failure policy and the quorum vary; otherwise anything goes, so no run fails.
        most: Rounds at most, the judge's not counted.
    """
    motion = draw(st.booleans())
    sides = ["for", "against"] if motion else ["A", "B"]
    people: Table = {}
    for name in NAMES[: draw(st.integers(2, 4))]:
        people[name] = {"role": draw(st.sampled_from(["debater", "critic"]))}
        if draw(st.integers(0, 5)) == 0:
            people[name]["side"] = draw(st.sampled_from(sides))
    if draw(st.booleans()):
        people["panel"] = {"role": "debater", "count": draw(st.integers(1, 2))}
    judged = draw(st.booleans())
    if judged:
        people["referee"] = {"role": "judge"}
    members = [
        f"{name}.{n}" if entry.get("count", 1) > 1 else name
        for name, entry in people.items()
        if name != "referee"
        for n in range(1, entry.get("count", 1) + 1)
    ]
    roles = sorted({entry["role"] for name, entry in people.items() if name != "referee"})
    spoken: list[str] = []
    rounds: list[Table] = []
    for name in ("opening", "rebuttal", "closing")[: draw(st.integers(1, most))]:
        made = _round(draw, name, members, roles, spoken, motion=motion, gates=gates)
        in_group = draw(st.integers(0, 3)) == 0
        rounds.append({"name": f"{name}s", "group": [made]} if in_group else made)
        spoken.append(name)
    if judged:
        heard = {
            "from": draw(st.sampled_from(["everyone", roles[0]])),
            "rounds": draw(st.sampled_from(["last", "all"])),
        }
        rounds.append({"name": "verdict", "who": "referee", "tier": "dear", "hears": heard})
    fields: Table = {
        "debate": 1,
        "name": "random",
        "models": {"cheap": f"{PROVIDER}:small", "dear": f"{PROVIDER}:large"},
        "participants": people,
        "graph": draw(topologies(members)),
        "rounds": rounds,
        "decision": {
            "by": "referee" if judged else draw(st.sampled_from(RULES)),
            "tie": draw(st.sampled_from(["none", "lot", "earlier_round"])),
            "self_vote": draw(st.sampled_from(["counts", "excluded"])),
            "abstain": draw(st.sampled_from(["counts", "ignored"])),
            **({"else": "plurality"} if judged else {}),
        },
        "consensus": {"similarity": "off"},
        "failure": _failure(draw) if failures else {"quorum": {"voices": 0, "every_side": False}},
    }
    return _checked({**fields, **(ON_MOTION if motion else ON_QUESTION)})


def _checked(fields: Table) -> Scenario:
    """The scenario, without what does not fit together in it."""
    for _ in range(10):
        try:
            return check_scenario(Scenario.model_validate(fields))
        except ScenarioError as error:
            if not _mended(fields, [str(problem.path) for problem in error.problems]):
                break
    # Nobody left to vote, say: not what is looked at here.
    assume(False)  # noqa: FBT003 - hypothesis's own way
    raise AssertionError("unreachable")


ON_MOTION: Table = {"motion": "Cats should be taxed."}
ON_QUESTION: Table = {
    "question": {"text": "Which one?", "kind": "choice", "choices": {"A": "one", "B": "two", "C": "three"}}
}

LOOSE = ("graph", "select", "when", "else", "escalate", "swap_sides", "about", "until", "after", "hears", "reply")
"""Keys that a scenario can do without: what does not fit the rest is taken out again."""


def _mended(fields: Table, paths: list[str]) -> bool:
    """Take out what the mistakes are about; whether anything was."""
    return sum(_without(fields, path) for path in paths) > 0


def _without(fields: Table, path: str) -> bool:
    """Take out the innermost such key on the way to a mistake; whether there was one."""
    keys = [int(part) if part.isdecimal() else part for part in re.findall(r"[A-Za-z_]+|\d+", path)]
    places = [place for place, key in enumerate(keys) if key in LOOSE and keys[place - 1] != "escalate"]
    for place in reversed(places):
        inside: Any = fields
        for key in keys[:place]:
            inside = inside.get(key) if isinstance(inside, dict) else inside[key] if isinstance(inside, list) else None
        if isinstance(inside, dict) and inside.pop(keys[place], None) is not None:
            return True
    return False


def _round(
    draw: Draw, name: str, members: list[str], roles: list[str], earlier: list[str], *, motion: bool, gates: bool
) -> Table:
    main = "stance" if motion else "answer"
    round_: Table = {
        "name": name,
        "who": draw(_who(roles, members)),
        "tier": draw(st.sampled_from(["cheap", "dear"])),
        "order": draw(st.sampled_from(["simultaneous", "sequential", "rotate", "random"])),
        "reply_mode": draw(st.sampled_from(["auto", "text", "schema"])),
    }
    if draw(st.booleans()):
        round_["hears"] = queries(draw, members, roles, earlier, sequential=round_["order"] != "simultaneous")
    if draw(st.booleans()):
        round_ |= _reply(draw, main)
    if draw(st.booleans()):
        up_to = draw(st.integers(1, 3))
        round_["repeat"] = {"up_to": up_to}
        if gates and draw(st.booleans()):
            round_["repeat"]["until"] = draw(conditions(up_to, members))
            round_["repeat"]["after"] = draw(st.sampled_from(["iteration", "reply"]))
        if "hears" not in round_ and draw(st.booleans()):
            sequential = round_["order"] != "simultaneous"
            made = [
                queries(draw, members, roles, earlier, sequential=sequential) for _ in range(draw(st.integers(1, 2)))
            ]
            round_["repeat"]["hears"] = made[:up_to]
    _extras(draw, round_, members, roles)
    if gates:
        _gates(draw, round_, members, first=not earlier)
    return round_


def _extras(draw: Draw, round_: Table, members: list[str], roles: list[str]) -> None:
    """Keys of a round that stand alone."""
    if draw(st.integers(0, 3)) == 0:
        round_["scope"] = {"private_to": draw(st.lists(st.sampled_from([*members, *roles]), unique=True, max_size=2))}
    if draw(st.booleans()):
        round_["swap_sides"] = draw(st.booleans())
    if draw(st.booleans()):
        round_["given"] = {"agree": draw(st.sampled_from([0, 0.3, 1]))}


def _reply(draw: Draw, main: str) -> Table:
    """What a round asks for."""
    voted = [[main, "ballot"], [main, "ranking"], [main, "scores"], [main, "agreement"], ["critique"]]
    asked = draw(st.sampled_from([["position", main], [main, "stop"], [main], ["text"], ["position"], *voted]))
    asked = [*asked, "confidence"] if draw(st.booleans()) and asked != ["text"] else asked
    if draw(st.booleans()) and {"ballot", "ranking", "scores"} & {*asked}:
        return {"reply": asked, "about": draw(st.sampled_from(["options", "speakers"]))}
    return {"reply": asked}


def _gates(draw: Draw, round_: Table, members: list[str], *, first: bool) -> None:
    """What a round decides beside its repeat."""
    if not first and draw(st.integers(0, 2)) == 0:
        round_["when"] = draw(conditions(1, members))
        round_["else"] = draw(st.sampled_from(["skip", "end"]))
    if not first and draw(st.integers(0, 2)) == 0:
        round_["escalate"] = {"when": draw(conditions(1, members)), "to": "dear"}
    if draw(st.integers(0, 2)) == 0:
        ranked = {"ranking", "scores"} & {*round_.get("reply", ())}
        top = [{"top": draw(st.integers(1, 2)), "by": members[-1]}] if ranked else []
        round_["select"] = draw(st.sampled_from([{"drop": "duplicates"}, {"most_dissimilar": 2}, *top]))


def _failure(draw: Draw) -> Table:
    turn = draw(st.sampled_from(["abstain", "abstain", "retry", "substitute", "abort"]))
    failure: Table = {
        "turn": turn,
        "quorum": {"voices": draw(st.integers(0, 2)), "every_side": draw(st.booleans())},
    }
    if turn == "substitute":
        failure["substitute"] = "dear"
    return failure
