"""Material: the rules of a decision, and the ballots it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from debate.decision.ballots import Ballot
from debate.decision.rule import Rule
from debate.decision.tally import Abstain
from debate.decision.ties import TieRule
from debate.decision.verdict import Similarity


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """How a verdict comes about."""

    by: Rule
    otherwise: tuple[Rule, ...] = ()
    """The chain of ``else``: tried in order while there is no answer."""
    tie: TieRule = "none"
    """``none``, ``lot``, ``earlier_round``, or a participant's id."""
    abstain: Abstain = "counts"
    self_vote: Literal["counts", "excluded"] = "excluded"
    points: float = 10.0
    """What a cumulative ballot shares out."""
    highest_score: float = 10.0
    """The top of the scale that scores were asked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a decision is made from."""

    ballots: tuple[Ballot, ...]
    """One a voter, those that failed included; the participants that decide are not among them."""
    others: Mapping[str, Ballot] = field(default_factory=lambda: MappingProxyType({}))
    """Ballots of participants that a rule or the tie names and that do not vote themselves."""
    similarity: Similarity | None = None
    """For ``medoid``: how alike the ballots' positions are, (n, n) in their order."""
    seed: int = 0
    """The run's seed, for lots."""

    def of(self, participant: str) -> Ballot | None:
        """The ballot of a participant, voter or not."""
        mine = (ballot for ballot in self.ballots if ballot.participant == participant)
        return self.others.get(participant) or next(mine, None)
