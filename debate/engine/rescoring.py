"""Rescoring: what a saved debate would have come to by another rule, stop, reader or embedder. Nobody is asked.

A row says what is decided by one rule from what had been said by the end of one iteration, as one reader reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Literal

from debate.consensus.score import Scorer
from debate.decision.material import Decision
from debate.decision.rule import Rule
from debate.decision.stopping import Facts, evaluate
from debate.engine.casting import Casting
from debate.engine.gates import standing
from debate.engine.recorded import recorded_casting
from debate.engine.scoring import voices_of
from debate.engine.verdicts import decision_of, reach_verdict
from debate.errors import EmbedderError, TranscriptDamaged, TranscriptError
from debate.graph.turngraph import Iteration
from debate.reply.mending import mended
from debate.reply.reading import read
from debate.reply.spec import LIVE, Extractor, ReplySpec
from debate.scenario.conditions import Condition
from debate.settings.nearest import did_you_mean
from debate.transcript.events import TurnEnded, VerdictReached
from debate.transcript.ledger import UNSENT_SOURCES
from debate.transcript.reading import Saved
from debate.transcript.state import State, TurnState

Reader = Literal["recorded", "current", "loose"]
"""``recorded``: the replies as they were read then. ``current``: completions read again, as this version reads them.
``loose``: also by the last option, formula or number in a text, which its speaker need not have meant."""

EXTRACTORS: Final[Mapping[Reader, tuple[Extractor, ...]]] = {
    "current": LIVE,
    "loose": (*LIVE, "boxed", "last_mention", "last_number"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to work out. Every combination of stops, readers and rules gives a row."""

    rules: tuple[Rule, ...] = ()
    """Beside the run's own decision, which always has a row of its own."""
    iterations: tuple[str, ...] = ()
    """Iterations or rounds to stop after; ``each`` for every one that votes. Beside the end, which has its own row."""
    until: tuple[Condition, ...] = ()
    """Conditions, each stopping at the first iteration in which it holds."""
    readers: tuple[Reader, ...] = ("recorded",)
    embedders: Mapping[str, Scorer] = field(default_factory=dict)
    """Name to what measures the similarity of positions with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one rule decides from what was said up to one point."""

    run: str
    stop: str
    """``the end``, the iteration it stops after, or ``never: …`` for a condition that did not hold."""
    iteration: str | None
    """The last iteration that counts."""
    reader: Reader
    rule: str
    own: bool
    """Whether this is the decision the run was begun with."""
    verdict: VerdictReached
    agreement: float | None
    similarity: Mapping[str, float | None]
    """Embedder to the mean similarity of the positions of the last scored iteration."""
    unreadable: int
    """Turns up to there that no reply could be read out of."""
    calls_saved: int
    """Turns after the stop that were asked, but for those of participants who decide."""
    saved_usd: Decimal | None
    """What they cost; None where that is not known."""


async def rescore(saved: Saved, question: Question) -> tuple[Row, ...]:
    """Work ``question`` out for one transcript.

    Raises:
        debate.errors.TranscriptError: If it names an iteration that is not there, or the scenario cannot be read.
        debate.errors.EmbedderError: If an embedder fails.
    """
    cast = recorded_casting(saved)
    check_turns(saved, cast)
    own = decision_of(cast.scenario.decision)
    rows = []
    for reader in question.readers:
        state = reread(saved.state, cast, reader)
        for stop, last in _stops(cast, state, question, saved.header.run):
            cut = upto(cast, state, last)
            alike = {name: await _similarity(cast, cut, scorer) for name, scorer in question.embedders.items()}
            calls, usd = _saving(cast, state, cut)
            for rule in (None, *question.rules):
                decision = own if rule is None else replace(own, by=rule, otherwise=())
                rows.append(
                    Row(
                        run=saved.header.run,
                        stop=stop,
                        iteration=last.id if last is not None else None,
                        reader=reader,
                        rule=str(own.by if rule is None else rule),
                        own=rule is None,
                        verdict=verdict_by(cast, cut, decision, seed=saved.header.seed),
                        agreement=_agreement(cast, cut),
                        similarity=alike,
                        unreadable=sum(1 for turn in cut.turns.values() if _outcome(turn) == "unreadable"),
                        calls_saved=calls,
                        saved_usd=usd,
                    )
                )
    return tuple(rows)


def check_turns(saved: Saved, cast: Casting) -> None:
    """Refuse a transcript with turns that its own scenario does not have.

    Raises:
        debate.errors.TranscriptDamaged: Naming one.
    """
    stray = [id_ for id_ in saved.state.turns if id_ not in cast.graph.turns]
    if stray:
        raise TranscriptDamaged(f"its scenario has no turn {stray[0]!r}", path=str(saved.path), line=1)


def verdict_by(cast: Casting, state: State, decision: Decision, *, seed: int) -> VerdictReached:
    """What ``decision`` gives; a rule that lacks what it counts gives no answer, and says why."""
    try:
        return reach_verdict(cast, state, seed=seed, decision=decision)
    except ValueError as error:
        return VerdictReached(answer=None, by=str(decision.by), reason=str(error))


def reread(state: State, cast: Casting, reader: Reader) -> State:
    """The state with every completion read again; scores and gates are left as they are.

    A reply that a repair had mended is mended again. What was skipped, failed or unused stays so.
    """
    if reader == "recorded":
        return state
    turns = {
        id_: _reread(turn, replace(cast.spec(cast.graph.turns[id_]), extractors=EXTRACTORS[reader]))
        if id_ in cast.graph.turns
        else turn
        for id_, turn in state.turns.items()
    }
    return replace(state, turns=turns)


def _reread(turn: TurnState, spec: ReplySpec) -> TurnState:
    ended, answer = turn.ended, turn.answer
    if ended is None or answer is None or ended.outcome not in ("completed", "unreadable"):
        return turn
    reading = read(answer.text, spec)
    earlier = [answered for number, answered in sorted(turn.answered.items()) if answered is not answer]
    if earlier and turn.asked[answer.try_number].try_kind == "repair":
        reading = mended(read(earlier[-1].text, spec), reading, spec)
    again = TurnEnded(
        turn=ended.turn,
        outcome="completed" if reading.readable else "unreadable",
        reply=reading.reply,
        missing=reading.missing,
        substituted=ended.substituted,
        reason=reading.problem,
    )
    return replace(turn, ended=again)


def upto(cast: Casting, state: State, last: Iteration | None) -> State:
    """The state as it was when ``last`` was over: nothing said in later iterations."""
    if last is None:
        return state
    order = list(cast.graph.iterations.values())
    held = order[: order.index(last) + 1]
    places = {(iteration.round, iteration.number) for iteration in held}
    ids = {iteration.id for iteration in held}
    graph = cast.graph.turns
    return replace(
        state,
        turns={id_: t for id_, t in state.turns.items() if (graph[id_].round, graph[id_].iteration) in places},
        scores={key: scored for key, scored in state.scores.items() if (key.round, key.iteration) in places},
        gates={id_: gate for id_, gate in state.gates.items() if id_.partition("?")[0] in ids},
    )


def _stops(cast: Casting, state: State, question: Question, run: str) -> list[tuple[str, Iteration | None]]:
    """Each stop by name, with the iteration it is after; None for the end."""
    held = [i for i in cast.graph.iterations.values() if cast.is_scored(i) and _was_held(i, state)]
    found: list[tuple[str, Iteration | None]] = [("the end", None)]
    for name in question.iterations:
        named = held if name == "each" else [i for i in held if name in (i.id, i.round)][-1:]
        if not named:
            known = [i.id for i in held]
            listed = ", ".join(known) or "none"
            message = f"{run} held no iteration {name!r} that votes{did_you_mean(name, known)}; it held {listed}"
            raise TranscriptError(message)
        found += [(iteration.id, iteration) for iteration in named]
    for condition in question.until:
        written = _written(condition)
        stop = _first(condition, cast, state, held)
        found.append((f"never: {written}", None) if stop is None else (f"{stop.id}: {written}", stop))
    return found


def _first(condition: Condition, cast: Casting, state: State, held: Sequence[Iteration]) -> Iteration | None:
    """The first iteration after which ``condition`` holds, looking at those of the same voters before it."""
    for place, iteration in enumerate(held):
        same = [i for i in held[: place + 1] if cast.voters(i.round) == cast.voters(iteration.round)]
        standings = tuple(standing(cast, state, i) for i in same)
        replies = {
            cast.graph.turns[id_].participant: ended.reply
            for i in held[: place + 1]
            for id_ in i.turns
            if (ended := state.turns[id_].ended) is not None and ended.reply is not None
        }
        facts = Facts(
            standings=standings,
            stops={who: reply.stop for who, reply in replies.items() if reply.stop is not None},
            confidences={who: reply.confidence for who, reply in replies.items() if reply.confidence is not None},
        )
        if evaluate(condition, facts).holds:
            return iteration
    return None


def _written(condition: Condition) -> str:
    """A condition as a person would write it."""
    parts = condition.model_dump(mode="json", by_alias=True, exclude_none=True)
    if parts.get("for") == 1:
        del parts["for"]
    words = [name for name, value in parts.items() if value is True]
    return words[0] if len(parts) == 1 and words else json.dumps(parts)


def _was_held(iteration: Iteration, state: State) -> bool:
    outcomes = [_outcome(state.turns.get(id_)) for id_ in iteration.turns]
    return any(outcome not in (None, "skipped", "unused") for outcome in outcomes)


def _outcome(turn: TurnState | None) -> str | None:
    return turn.ended.outcome if turn is not None and turn.ended is not None else None


def _agreement(cast: Casting, state: State) -> float | None:
    held = [i for i in cast.graph.iterations.values() if state.score(i.round, i.number) is not None]
    scored = state.score(held[-1].round, held[-1].number) if held else None
    return scored.value if scored is not None else None


async def _similarity(cast: Casting, state: State, scorer: Scorer) -> float | None:
    held = [i for i in cast.graph.iterations.values() if cast.is_scored(i) and _was_held(i, state)]
    if not held:
        return None
    try:
        measured = await scorer.similarity(voices_of(cast, held[-1], state), topic=cast.topic)
    except ValueError as error:
        raise EmbedderError(str(error)) from error
    return measured.mean_similarity


def _saving(cast: Casting, state: State, cut: State) -> tuple[int, Decimal | None]:
    """Calls and USD of what was said after the cut; deciding would have been paid for all the same."""
    later = [
        turn
        for id_, turn in state.turns.items()
        if id_ not in cut.turns and turn.asked and cast.graph.turns[id_].participant not in cast.deciders
    ]
    answers = [answer for turn in later for answer in turn.answered.values() if answer.source not in UNSENT_SOURCES]
    costs = [answer.cost_usd for answer in answers]
    known = [cost for cost in costs if cost is not None]
    return len(answers), sum(known, Decimal(0)) if len(known) == len(costs) else None
