"""How alike what the voters of an iteration hold is, for the rule that takes the most central position. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from debate.consensus.method import Method
from debate.consensus.pair import answers_agree, stances_agree
from debate.decision.ballots import Ballot
from debate.engine.casting import Casting
from debate.graph.turngraph import Iteration
from debate.reply.answers import shared_names
from debate.reply.reply import Reply
from debate.transcript.state import State


def likeness(
    casting: Casting, state: State, last: Iteration | None, voting: Sequence[Ballot]
) -> list[list[float]] | None:
    """How alike the voters' replies are: by answer or stance where they state one, else by the recorded cosines."""
    if last is None:
        return None
    replies = _with_equal_answers_merged(
        casting, {ballot.participant: _reply(state, last, ballot.participant) for ballot in voting}
    )
    if not casting.method.structured:
        scored = state.score(last.round, last.number)
        return _recorded(scored.pairs, voting) if scored is not None and scored.pairs is not None else None
    return [[_alike(casting.method, replies[a.participant], replies[b.participant]) for b in voting] for a in voting]


def _with_equal_answers_merged(casting: Casting, replies: Mapping[str, Reply | None]) -> Mapping[str, Reply | None]:
    """The replies, with answers that are the same under one name."""
    answers = (reply.answer for reply in replies.values() if reply is not None and reply.answer is not None)
    names = shared_names(answers, casting.answers)
    return {
        who: reply.model_copy(update={"answer": names[reply.answer]})
        if reply is not None and reply.answer is not None
        else reply
        for who, reply in replies.items()
    }


def _reply(state: State, iteration: Iteration, participant: str) -> Reply | None:
    ended = state.turns[f"{iteration.id}/{participant}"].ended
    return ended.reply if ended is not None and ended.outcome == "completed" else None


def _alike(method: Method, one: Reply | None, other: Reply | None) -> float:
    if one is None or other is None:
        return 0.0
    if method is Method.ANSWER:
        return answers_agree(one.answer, other.answer) if one.answer is not None and other.answer is not None else 0.0
    return stances_agree(one.stance, other.stance) if one.stance is not None and other.stance is not None else 0.0


def _recorded(pairs: Mapping[str, Mapping[str, float]], voting: Sequence[Ballot]) -> list[list[float]]:
    """The recorded agreement of each pair; that of one who is not recorded is 0."""
    names = [ballot.participant for ballot in voting]
    return [[1.0 if a == b else pairs.get(a, {}).get(b, pairs.get(b, {}).get(a, 0.0)) for b in names] for a in names]
