"""Which replies a turn is given to read. Pure: a function of the turn graph and the state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from debate.briefing.voted import by_participant
from debate.graph.turngraph import Hearing, Turn, TurnGraph
from debate.reply.reply import Reply
from debate.transcript.state import State


class Utterance(NamedTuple):
    """Something a turn is given to read: a reply, or the fact that there was none."""

    turn: str
    speaker: str
    iteration: str
    """As ``rebuttal.2``."""
    reply: Reply | None
    """None when the speaker was asked and gave no reply."""


def heard(turn: Turn, graph: TurnGraph, state: State) -> tuple[Utterance, ...]:
    """What ``turn`` hears, in the order it was said: by iteration, then in speaking order.

    Whom a selection left out is not heard by those who wait for it, which are all but whoever decides.
    """
    waited = [state.gates[gate] for gate in turn.after if gate in state.gates]
    dropped = {who for resolved in waited for who in resolved.dropped}
    hears = [hearing for hearing in turn.hears if hearing.speaker not in dropped]
    return _in_order([found for hearing in hears for found in _utterances(hearing, graph, state)], graph)


def remembered(turn: Turn, graph: TurnGraph, state: State) -> tuple[Utterance, ...]:
    """What the speaker of ``turn`` is reminded of having said itself."""
    if turn.own is None:
        return ()
    return tuple(u for u in _in_order(_utterances(turn.own, graph, state), graph) if u.reply is not None)


def summary_of(turn: Turn, state: State) -> Utterance | None:
    """The summary that stands for what ``turn`` would hear; None where it was not needed or was not given."""
    known = state.turns.get(turn.summary) if turn.summary is not None else None
    if known is None or known.ended is None or known.ended.outcome != "completed" or known.ended.reply is None:
        return None
    return Utterance(known.ended.turn, known.ended.turn.rpartition("~")[2], turn.place, known.ended.reply)


def _utterances(hearing: Hearing, graph: TurnGraph, state: State) -> list[Utterance]:
    """The speaker's latest replies, and its failures since. Votes name participants, whatever the voter called them."""
    found: list[Utterance] = []
    wanted = hearing.latest if hearing.latest is not None else len(hearing.turns)
    for id_ in hearing.turns:
        if wanted == 0:
            break
        ended = state.turns[id_].ended if id_ in state.turns else None
        if ended is None or ended.outcome not in ("completed", "unreadable", "failed"):
            continue
        reply = by_participant(ended.reply, state.turns[id_], graph) if ended.reply is not None else None
        found.append(Utterance(id_, hearing.speaker, id_.partition("/")[0], reply))
        wanted -= ended.reply is not None
    return found


def _in_order(utterances: Iterable[Utterance], graph: TurnGraph) -> tuple[Utterance, ...]:
    return tuple(sorted(utterances, key=lambda u: graph.speaking_order[u.turn]))
