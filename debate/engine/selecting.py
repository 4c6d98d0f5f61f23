"""Selecting who goes on: by a ranker, by leaving out duplicates, or by taking the most dissimilar. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from debate.briefing.showing import group_key
from debate.briefing.voted import by_participant
from debate.engine.casting import Casting
from debate.graph.turngraph import Gate
from debate.reply.answers import shared_names
from debate.reply.reply import Reply
from debate.scenario.schema import Select
from debate.transcript.state import State


class Chosen(NamedTuple):
    """What a selection decided."""

    dropped: tuple[str, ...]
    """Who does not go on, in the order of the file."""
    reason: str


def select(rule: Select, gate: Gate, casting: Casting, state: State) -> Chosen:
    """Who goes on after ``gate``, of those whom it can leave something of."""
    among = [id_ for id_ in casting.members if id_ in gate.choosing]
    replies = latest_replies(casting, state, before=gate)
    if rule.top is not None and rule.by is not None:
        return _top(rule.top, rule.by, among, _ranking(gate, casting, state))
    if rule.drop is not None:
        return _without_duplicates(among, replies)
    assert rule.most_dissimilar is not None, "a selection has one rule"
    return _most_dissimilar(rule.most_dissimilar, among, _camp_of(casting, state, gate, replies))


def latest_replies(casting: Casting, state: State, *, before: Gate) -> dict[str, Reply]:
    """Everyone's latest completed reply up to a gate, equal answers under one name."""
    found: dict[str, Reply] = {}
    for id_, turn in casting.graph.turns.items():
        if id_ in before.choosing.get(turn.participant, ()) or turn.serves is not None:
            continue
        ended = state.turns[id_].ended if id_ in state.turns else None
        if ended is not None and ended.outcome == "completed" and ended.reply is not None:
            found[turn.participant] = ended.reply
    names = shared_names((reply.answer for reply in found.values() if reply.answer is not None), casting.answers)
    return {
        who: reply.model_copy(update={"answer": names[reply.answer]}) if reply.answer is not None else reply
        for who, reply in found.items()
    }


def _ranking(gate: Gate, casting: Casting, state: State) -> list[str] | None:
    """The participants as the ranker put them, best first; by id, whatever order they spoke in. None without one."""
    turn = next((id_ for id_ in gate.after if id_ in casting.graph.turns), None)
    known = state.turns.get(turn) if turn is not None else None
    reply = known.ended.reply if known is not None and known.ended is not None else None
    if known is None or reply is None or (reply.ranking is None and reply.scores is None):
        return None
    named = by_participant(reply, known, casting.graph)
    scores = named.scores or {}
    return list(named.ranking) if named.ranking is not None else sorted(scores, key=lambda name: -scores[name])


def _top(count: int, by: str, among: list[str], ranking: list[str] | None) -> Chosen:
    if ranking is None:
        return Chosen((), f"{by} gave neither ranking nor scores; all go on")
    ranked = [id_ for id_ in ranking if id_ in among]
    kept = [*ranked, *(id_ for id_ in among if id_ not in ranked)][:count]
    return Chosen(tuple(id_ for id_ in among if id_ not in kept), f"{by} put {', '.join(kept)} first")


def _without_duplicates(among: list[str], replies: Mapping[str, Reply]) -> Chosen:
    """Of those who answer the same the first goes on; who has no readable answer duplicates nobody."""
    seen: dict[str, str] = {}
    dropped = []
    for id_ in among:
        key = group_key(replies.get(id_))
        if key is None:
            continue
        if key in seen:
            dropped.append(id_)
        seen.setdefault(key, id_)
    return Chosen(tuple(dropped), f"{len(seen)} different answers are held")


def _camp_of(casting: Casting, state: State, gate: Gate, replies: Mapping[str, Reply]) -> Mapping[str, str]:
    """What each one stands for: its answer or stance, or else its camp in the iteration the gate stands at."""
    found = {id_: key for id_, reply in replies.items() if (key := group_key(reply)) is not None}
    iteration = casting.graph.iterations[gate.place]
    scored = state.score(iteration.round, iteration.number)
    camps = scored.camps if scored is not None else ()
    return {member: camp.label for camp in camps for member in camp.members} | found


def _most_dissimilar(count: int, among: Sequence[str], camp_of: Mapping[str, str]) -> Chosen:
    """One of each camp in turn, the camps in the order of their first member, until there are ``count``."""
    camps: dict[str, list[str]] = {}
    for id_ in among:
        camps.setdefault(camp_of.get(id_, f"nothing readable of {id_}"), []).append(id_)
    kept: list[str] = []
    while len(kept) < min(count, len(among)):
        for members in camps.values():
            if members and len(kept) < count:
                kept.append(members.pop(0))
    dropped = tuple(id_ for id_ in among if id_ not in kept)
    return Chosen(dropped, f"{', '.join(kept)} stand furthest apart, of {len(camps)} camps")
