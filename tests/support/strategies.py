"""Random scenarios, as hypothesis draws them: every one passes the checks, whatever is combined.

Each key of the schema has a strategy of its own, so that a new key is one more line in :func:`scenarios`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from debate.errors import ScenarioError
from debate.scenario.reading import check_scenario
from debate.scenario.schema import Scenario

NAMES = ("ana", "ben", "cleo", "dan", "eve")
PROVIDER = "mine"

Draw = st.DrawFn
Table = dict[str, Any]

few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Examples for a test that compiles or runs what it draws. No deadline: a shared machine may stand still."""


def topologies(members: list[str]) -> st.SearchStrategy[Any]:
    """A topology on ``members``, as a word or with its parameters."""
    pairs = [[u, v] for u in members for v in members if u != v]
    kinds: list[st.SearchStrategy[Any]] = [
        st.sampled_from(["complete", "ring", "star"]),
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
    names = st.sampled_from(["neighbours", "everyone", "self", *members, *roles])
    query: Table = {"from": draw(st.lists(names, unique=True, max_size=3))}
    kinds = [st.sampled_from(["last", "all"]), st.builds(lambda n: {"last": n}, st.integers(1, 3))]
    if earlier:
        kinds.append(st.sampled_from(earlier))
    query["rounds"] = draw(st.one_of(kinds))
    query["names"] = draw(st.sampled_from(["shown", "hidden"]))
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
        rounds.append(_round(draw, name, members, roles, spoken, motion=motion, gates=gates))
        spoken.append(name)
    if judged:
        heard = {
            "from": draw(st.sampled_from(["everyone", roles[0]])),
            "rounds": draw(st.sampled_from(["last", "all"])),
        }
        rounds.append({"name": "verdict", "who": "referee", "hears": heard})
    fields: Table = {
        "debate": 1,
        "name": "random",
        "models": {"cheap": f"{PROVIDER}:small", "dear": f"{PROVIDER}:large"},
        "participants": people,
        "graph": draw(topologies(members)),
        "rounds": rounds,
        "decision": {
            "by": "referee" if judged else draw(st.sampled_from(["plurality", "majority"])),
            "tie": draw(st.sampled_from(["none", "lot"])),
            "abstain": draw(st.sampled_from(["counts", "ignored"])),
            **({"else": "plurality"} if judged else {}),
        },
        "consensus": {"similarity": "off"},
        "failure": _failure(draw) if failures else {"quorum": {"voices": 0, "every_side": False}},
    }
    if motion:
        fields["motion"] = "Cats should be taxed."
    else:
        fields["question"] = {"text": "Which one?", "kind": "choice", "choices": {"A": "one", "B": "two", "C": "three"}}
    try:
        return check_scenario(Scenario.model_validate(fields))
    except ScenarioError:
        # Nobody left to vote, say: not what is looked at here.
        assume(False)  # noqa: FBT003 - hypothesis's own way
        raise


def _round(
    draw: Draw, name: str, members: list[str], roles: list[str], earlier: list[str], *, motion: bool, gates: bool
) -> Table:
    main = "stance" if motion else "answer"
    round_: Table = {
        "name": name,
        "who": draw(_who(roles, members)),
        "tier": draw(st.sampled_from(["cheap", "dear"])),
        "order": draw(st.sampled_from(["simultaneous", "sequential"])),
        "reply_mode": draw(st.sampled_from(["auto", "text", "schema"])),
    }
    if draw(st.booleans()):
        round_["hears"] = queries(draw, members, roles, earlier, sequential=round_["order"] == "sequential")
    if draw(st.booleans()):
        asked = draw(st.sampled_from([["position", main], [main, "stop"], [main], ["text"], ["position"]]))
        round_["reply"] = [*asked, "confidence"] if draw(st.booleans()) and asked != ["text"] else asked
    if draw(st.booleans()):
        up_to = draw(st.integers(1, 3))
        round_["repeat"] = {"up_to": up_to}
        if gates and draw(st.booleans()):
            round_["repeat"]["until"] = draw(conditions(up_to, members))
    return round_


def _failure(draw: Draw) -> Table:
    turn = draw(st.sampled_from(["abstain", "abstain", "retry", "substitute", "abort"]))
    failure: Table = {
        "turn": turn,
        "quorum": {"voices": draw(st.integers(0, 2)), "every_side": draw(st.booleans())},
    }
    if turn == "substitute":
        failure["substitute"] = "dear"
    return failure
