"""Explaining a saved debate: who moved after hearing whom, whether the verdict holds otherwise, and what went wrong.

Nobody is asked. That somebody moved after hearing somebody is an association and no more: they might have moved anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from debate.consensus.lexical import lexical_similarity
from debate.consensus.movement import Movement, movement
from debate.decision.rule import parse_rule
from debate.engine.casting import Casting
from debate.engine.recorded import recorded_casting
from debate.engine.rescoring import check_turns, verdict_by
from debate.engine.scoring import voices_of
from debate.engine.verdicts import ballots, decision_of, last_vote
from debate.graph.turngraph import Iteration
from debate.reply.reply import ReplyField
from debate.transcript.events import TurnEnded, VerdictReached
from debate.transcript.reading import Saved
from debate.transcript.state import State, TurnState

ALWAYS: Final = (
    "plurality",
    "majority",
    {"supermajority": "2/3"},
    "unanimity",
    {"weighted": "confidence"},
    {"weighted": "weight"},
    "trajectory",
)
"""Rules that any vote can be counted by; those over ballots, rankings and scores come on top where they were asked."""

BY_FIELD: Final[Mapping[ReplyField, tuple[object, ...]]] = {
    "ballot": ("approval", "cumulative"),
    "ranking": ("borda", "irv", "condorcet"),
    "scores": ({"score": "mean"}, {"score": "median"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What moved between two iterations of the same voters."""

    before: str
    after: str
    """Iterations."""
    movement: Movement
    heard: Mapping[str, tuple[str, ...]]
    """Participant to whom it heard in between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """What would have been decided otherwise."""

    name: str
    """The rule, or the participant who is left out."""
    verdict: VerdictReached
    holds: bool
    """Whether the answer is the run's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A turn that gave less than it was asked for."""

    turn: str
    what: str
    """``unreadable``, ``failed``, ``cut``, ``missing``, ``repaired``, ``substituted``, ``skipped``, ``unused``,
    ``open``, ``cut when heard``."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A saved debate, explained."""

    run: str
    verdict: VerdictReached | None
    steps: tuple[Step, ...]
    rules: tuple[Other, ...]
    """Each other rule in place of the run's own."""
    without: tuple[Other, ...]
    """Each voter left out, under the run's own rule."""
    lost: tuple[Lost, ...]

    @property
    def headline(self) -> str:
        """``holds under 6 of 8 rules; without cleo: tie``."""
        if self.verdict is None:
            return "no verdict was reached"
        held = sum(rule.holds for rule in self.rules)
        parts = [f"holds under {held} of {len(self.rules)} other rules"]
        parts += [f"without {other.name}: {said(other.verdict)}" for other in self.without if not other.holds]
        return "; ".join(parts)


def said(verdict: VerdictReached) -> str:
    """A verdict in a word or two: its answer, a tie, or that there is none."""
    if verdict.answer is not None:
        return verdict.answer
    return "tie" if verdict.tied else "no answer"


def explain(saved: Saved) -> Explanation:
    """Explain a transcript.

    Raises:
        debate.errors.TranscriptError: If its scenario cannot be read by this engine.
    """
    cast = recorded_casting(saved)
    check_turns(saved, cast)
    state = saved.state
    return Explanation(
        run=saved.header.run,
        verdict=state.verdict,
        steps=tuple(_steps(cast, state)),
        rules=tuple(_rules(cast, state, saved.header.seed)),
        without=tuple(_without(cast, state, saved.header.seed)),
        lost=tuple(found for id_ in cast.graph.turns if id_ in state.turns for found in _lost(id_, state.turns[id_])),
    )


def _steps(cast: Casting, state: State) -> list[Step]:
    """Each voting iteration compared with the one before it that had voters in common."""
    held = [i for i in cast.graph.iterations.values() if cast.is_scored(i) and _replies(i, state)]
    found = []
    for earlier, later in pairwise(held):
        asked = [(cast.graph.turns[id_].participant, state.turns[id_]) for id_ in later.turns if id_ in state.turns]
        heard = {participant: _heard(cast, turn) for participant, turn in asked}
        moved = movement(
            voices_of(cast, earlier, state),
            voices_of(cast, later, state),
            cast.method,
            heard=heard,
            # Positions are compared by their wording here: no embedder is loaded to explain.
            agreement=None if cast.method.structured else lexical_similarity,
        )
        found.append(Step(before=earlier.id, after=later.id, movement=moved, heard=heard))
    return found


def _replies(iteration: Iteration, state: State) -> bool:
    ends = [state.turns[id_].ended for id_ in iteration.turns if id_ in state.turns]
    return any(ended is not None and ended.outcome == "completed" for ended in ends)


def _heard(cast: Casting, turn: TurnState) -> tuple[str, ...]:
    """Whose replies really stood in the prompt, by the recipe."""
    if not turn.asked:
        return ()
    last = turn.asked[max(turn.asked)]
    return tuple(dict.fromkeys(cast.graph.turns[one.turn].participant for one in last.recipe.heard))


def _rules(cast: Casting, state: State, seed: int) -> list[Other]:
    """Every rule that has something to count, but for the run's own."""
    if state.verdict is None:
        return []
    own = decision_of(cast.scenario.decision)
    asked = {name for iteration in cast.graph.iterations.values() for name in cast.specs[iteration.round].fields}
    written = [*ALWAYS, *(rule for name, rules in BY_FIELD.items() if name in asked for rule in rules)]
    rules = [parse_rule(rule) for rule in written if isinstance(rule, str | dict)]
    countable = [rule for rule in rules if last_vote(cast, state, rule) is not None]
    others = [replace(own, by=rule, otherwise=()) for rule in countable if rule != own.by]
    return [
        _other(str(decision.by), verdict_by(cast, state, decision, seed=seed), state.verdict) for decision in others
    ]


def _other(name: str, verdict: VerdictReached, own: VerdictReached) -> Other:
    return Other(name=name, verdict=verdict, holds=verdict.answer == own.answer)


def _without(cast: Casting, state: State, seed: int) -> list[Other]:
    """The run's own decision once more for each voter, as if it had not voted. What others heard of it stays heard."""
    if state.verdict is None:
        return []
    own = decision_of(cast.scenario.decision)
    last = last_vote(cast, state, own.by)
    names = [ballot.participant for ballot in ballots(cast, state, last)] if last is not None else []
    verdicts = {who: verdict_by(cast, _silenced(cast, state, who), own, seed=seed) for who in names}
    return [_other(who, verdict, state.verdict) for who, verdict in verdicts.items()]


def _silenced(cast: Casting, state: State, participant: str) -> State:
    """The state as if nothing the participant said counted, so that it is no voter without a vote either."""
    left_out = {id_: turn for id_, turn in state.turns.items() if cast.graph.turns[id_].participant == participant}
    unused = {id_: replace(turn, ended=TurnEnded(turn=id_, outcome="unused")) for id_, turn in left_out.items()}
    return replace(state, turns={**state.turns, **unused})


def _lost(id_: str, turn: TurnState) -> list[Lost]:
    ended = turn.ended
    if ended is None:
        why = turn.failures[-1].message if turn.failures else "asked and never answered"
        return [Lost(turn=id_, what="open", detail=why)] if turn.asked else []
    found = []
    if ended.outcome != "completed":
        found.append(Lost(turn=id_, what=ended.outcome, detail=ended.reason or ""))
    elif ended.missing:
        found.append(Lost(turn=id_, what="missing", detail=f"no {', '.join(ended.missing)}"))
    if turn.answer is not None and turn.answer.finish == "length":
        found.append(Lost(turn=id_, what="cut", detail="the completion reached max_tokens"))
    if any(asked.try_kind == "repair" for asked in turn.asked.values()) and ended.outcome == "completed":
        found.append(Lost(turn=id_, what="repaired", detail="the model was asked to mend its reply"))
    if ended.substituted:
        found.append(Lost(turn=id_, what="substituted", detail="another tier spoke"))
    heard = turn.asked[max(turn.asked)].recipe.heard if turn.asked else ()
    found += [
        Lost(turn=id_, what="cut when heard", detail=f"{one.cut} characters of {one.turn} were left out")
        for one in heard
        if one.cut
    ]
    return found
