"""The result of a run: a view of its transcript's state, and the object that ``--json`` prints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PrivateAttr

from debate.transcript.costplan import saved_by_cost_plan
from debate.transcript.events import Camp, Dissent, Scored
from debate.transcript.gold import is_correct
from debate.transcript.ledger import Ledger, ledger
from debate.transcript.state import State, TurnState
from debate.transcript.used import Money, Used, parts, used


class Piece(BaseModel):
    """A part of the printed result."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TurnCounts(Piece):
    """How many turns ended how."""

    attempted: int
    """Turns for which a model was asked."""
    valid: int
    unreadable: int
    failed: int
    substituted: int
    """Of the valid and unreadable ones, those another tier spoke."""
    skipped: int
    unused: int


class IterationConsensus(Piece):
    """How far the voters of one iteration agreed."""

    round: str
    iteration: int
    agreement: float | None
    reason: str | None = None
    """Why there is no agreement."""
    n_valid: int
    unreadable: tuple[str, ...] = ()
    majority_share: float | None = None
    unanimous: bool | None = None
    semantic_entropy: float | None = None
    similarity: float | None = None
    similarity_projected: float | None = None
    vendi: float | None = None
    wording_drift: float | None = None
    """How far positions were reworded since the iteration before: a mean of 1 - cosine. Wording, not opinion."""


class Consensus(Piece):
    """How far the voters of the latest scored iteration agree, and how it came to that."""

    agreement: float | None
    reason: str | None
    kappa: float | None
    min_pair: float | None
    majority_share: float | None
    unanimous: bool | None
    effective_positions: float | None
    semantic_entropy: float | None = None
    """The entropy of the camps' shares in nats: 0 when all stand for the same."""
    method: str
    reliability: Literal["high", "medium", "low"] | None
    n_valid: int
    similarity: float | None
    """Mean embedding similarity of the positions: of their wording and content, not of their stance."""
    similarity_projected: float | None = None
    """The same with the topic's own component projected out of every position."""
    vendi: float | None = None
    """The effective number of positions by their projected embeddings, from 1 to the number of positions."""
    similarity_reason: str | None
    """Why there is no similarity, when it was asked for."""
    embedder: str | None
    judge: str | None = None
    """The cross-encoder, by the method ``nli``."""
    camps: tuple[Camp, ...]
    by_iteration: tuple[IterationConsensus, ...]


class Verdict(Piece):
    """What the debate decided."""

    answer: str | None
    correct: bool | None = None
    """Whether it is the right answer; null where the scenario has none. No answer is not right."""
    winner: str | None = None
    """The participant whose reply was chosen, where the vote was about the speakers."""
    by: str
    fallback_from: str | None
    votes: dict[str, float]
    denominator: float
    abstained: dict[str, str]
    confidence: float | None
    confidence_is: str | None
    dissent: tuple[Dissent, ...]
    tied: tuple[str, ...]
    reason: str | None


class UsageReport(Used):
    """What a run used. What nobody counted is null, never 0."""

    cache_hits: int
    recorded: int = 0
    """Answers copied from the run this one was forked from."""
    saved_usd: Money | None
    """What cached and copied answers cost when they were asked for."""
    saved_by_cost_plan_usd: Money | None = None
    """What the cheap rounds of a cost plan would have cost more, token for token, with the tier premium."""
    possibly_billed: int
    by_model: dict[str, Used]
    by_tier: dict[str, Used] = Field(default_factory=dict)
    by_round: dict[str, Used] = Field(default_factory=dict)
    by_participant: dict[str, Used] = Field(default_factory=dict)


class Result(Piece):
    """The outcome of a run."""

    run_id: str
    transcript: str | None
    """Path of the transcript; null for a run kept in memory."""
    status: Literal["completed", "stopped", "failed"]
    stop_reason: str | None
    scenario: str
    simulated: bool
    """Whether a simulated model spoke: then this tests the machinery, not the argument."""
    rounds: int
    """Iterations that were held."""
    turns: TurnCounts
    consensus: Consensus | None
    verdict: Verdict | None
    usage: UsageReport
    warnings: tuple[str, ...]
    wall_seconds: float

    _state: State | None = PrivateAttr(default=None)

    @property
    def state(self) -> State:
        """The state the result was read from: every reply, score and vote.

        Raises:
            ValueError: If the result was itself read from JSON.
        """
        if self._state is None:
            raise ValueError("a result that was read from JSON has no state; read its transcript")
        return self._state

    def _repr_html_(self) -> str:
        """What a notebook shows in place of the repr."""
        from debate.transcript.notebook import html_of  # noqa: PLC0415 - only notebooks ask for it

        return html_of(self)

    def with_state(self, state: State) -> Result:
        """The same result, with the state behind it."""
        copy = self.model_copy()
        copy._state = state  # noqa: SLF001 - the same class
        return copy


@dataclass(frozen=True, slots=True)
class Score:
    """The scores of one iteration side by side."""

    agreement: Scored
    similarity: Scored | None


def result_of(state: State, *, path: Path | None, wall_seconds: float) -> Result:
    """The result of a run that has ended or stopped.

    Raises:
        ValueError: If the run has not begun or is under way.
    """
    header = state.header
    if header is None or state.status not in ("completed", "stopped", "failed"):
        raise ValueError(f"a run that is {state.status} has no result yet")
    reason = state.suspended.reason if state.suspended is not None else state.ended.reason if state.ended else None
    name = header.scenario.get("name")
    return Result(
        run_id=header.run,
        transcript=str(path) if path is not None else None,
        status="completed" if state.status == "completed" else "failed" if state.status == "failed" else "stopped",
        stop_reason=reason,
        scenario=str(name),
        simulated=header.simulated,
        rounds=len({id_.rpartition("/")[0] for id_, turn in state.turns.items() if turn.asked}),
        turns=counts(state.turns.values()),
        consensus=consensus_of(state),
        verdict=_verdict(state),
        usage=_usage(ledger(state), saved_by_cost_plan(state)),
        warnings=tuple(sorted(warned.message for warned in state.warnings)),
        wall_seconds=wall_seconds,
    )


def counts(turns: Iterable[TurnState]) -> TurnCounts:
    """Count turns by how they ended."""
    listed = list(turns)
    ends = [turn.ended for turn in listed if turn.ended is not None]

    def number(outcome: str) -> int:
        return sum(1 for ended in ends if ended.outcome == outcome)

    return TurnCounts(
        attempted=sum(1 for turn in listed if turn.asked),
        valid=number("completed"),
        unreadable=number("unreadable"),
        failed=number("failed"),
        substituted=sum(1 for ended in ends if ended.substituted and ended.outcome in ("completed", "unreadable")),
        skipped=number("skipped"),
        unused=number("unused"),
    )


def scores(state: State) -> tuple[Score, ...]:
    """The scored iterations in the order they were held."""
    header = state.header
    assert header is not None, "scores follow a header"
    order = {name: place for place, name in enumerate(_round_names(header.scenario.get("rounds")))}
    taken = sorted(
        (scored for key, scored in state.scores.items() if key.measure == "agreement"),
        key=lambda scored: (order.get(scored.round, len(order)), scored.iteration),
    )
    return tuple(Score(scored, state.score(scored.round, scored.iteration, "similarity")) for scored in taken)


def _round_names(rounds: JsonValue) -> Iterator[str]:
    """The rounds of a recorded scenario in order, those of groups where the group stands."""
    for entry in rounds if isinstance(rounds, list) else ():
        if not isinstance(entry, dict):
            continue  # a forged header; whoever runs it is told so
        if "group" in entry:
            yield from _round_names(entry["group"])
        else:
            yield str(entry.get("name"))


def consensus_of(state: State) -> Consensus | None:
    """The consensus of a run so far; None when nothing was scored."""
    if state.header is None:
        return None
    taken = scores(state)
    if not taken:
        return None
    last, alike = taken[-1].agreement, taken[-1].similarity
    return Consensus(
        agreement=last.value,
        reason=last.reason,
        kappa=last.kappa,
        min_pair=last.min_pair,
        majority_share=last.majority_share,
        unanimous=last.unanimous,
        effective_positions=last.effective_positions,
        semantic_entropy=_entropy(last.camps),
        method=state.header.method,
        reliability=last.reliability,
        n_valid=last.n_valid,
        similarity=alike.value if alike is not None else None,
        similarity_projected=alike.projected if alike is not None else None,
        vendi=alike.vendi if alike is not None else None,
        similarity_reason=alike.reason if alike is not None else None,
        embedder=(alike.embedder if alike is not None else None) or last.embedder,
        judge=state.header.judge,
        camps=last.camps,
        by_iteration=tuple(_of_iteration(score) for score in taken),
    )


def _of_iteration(score: Score) -> IterationConsensus:
    scored, alike = score.agreement, score.similarity
    return IterationConsensus(
        round=scored.round,
        iteration=scored.iteration,
        agreement=scored.value,
        reason=scored.reason,
        n_valid=scored.n_valid,
        unreadable=scored.unreadable,
        majority_share=scored.majority_share,
        unanimous=scored.unanimous,
        semantic_entropy=_entropy(scored.camps),
        similarity=alike.value if alike is not None else None,
        similarity_projected=alike.projected if alike is not None else None,
        vendi=alike.vendi if alike is not None else None,
        wording_drift=alike.drift if alike is not None else None,
    )


def _entropy(camps: tuple[Camp, ...]) -> float | None:
    """The discrete semantic entropy of Farquhar et al. (Nature 630, 2024), over the camps; None without any."""
    return max(0.0, -math.fsum(camp.share * math.log(camp.share) for camp in camps)) if camps else None


def _verdict(state: State) -> Verdict | None:
    reached = state.verdict
    if reached is None:
        return None
    return Verdict(
        answer=reached.answer,
        correct=is_correct(state.header.scenario, reached.answer) if state.header is not None else None,
        winner=reached.winner,
        by=reached.by,
        fallback_from=reached.fallback_from,
        votes=dict(reached.votes),
        denominator=reached.denominator,
        abstained=dict(reached.abstained),
        confidence=reached.confidence,
        confidence_is=reached.confidence_is,
        dissent=reached.dissent,
        tied=reached.tied,
        reason=reached.reason,
    )


def _usage(book: Ledger, saved: Decimal | None) -> UsageReport:
    return UsageReport(
        **used(book.total).model_dump(),
        cache_hits=book.total.cache_hits,
        recorded=book.total.recorded,
        saved_usd=book.total.saved_usd,
        saved_by_cost_plan_usd=saved,
        possibly_billed=book.total.possibly_billed,
        by_model=parts(book.by_model),
        by_tier=parts(book.by_tier),
        by_round=parts(book.by_round),
        by_participant=parts(book.by_participant),
    )
