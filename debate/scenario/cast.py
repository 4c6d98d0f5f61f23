"""The participants one by one, clones expanded, and who a name in a scenario means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from debate.scenario.sampling import ModelSpec, Sampling
from debate.scenario.schema import Round, Scenario

OUTSIDE_ROLE = "judge"
"""Participants of this role stand outside the graph unless it lists them."""


@dataclass(frozen=True, slots=True)
class Member:
    """One participant."""

    id: str
    entry: str
    """The key it stands under in the file: ``panel`` for ``panel.2``."""
    role: str
    side: str | None
    persona: str | None
    private: str | None
    """A text only it is given."""
    weight: float


def cast(scenario: Scenario) -> tuple[Member, ...]:
    """Every participant in the order of the file, ``count: n`` expanded to ``name.1`` … ``name.n``."""
    members = []
    for entry, participant in scenario.participants.items():
        ids = [entry] if participant.count == 1 else [f"{entry}.{n}" for n in range(1, participant.count + 1)]
        members += [
            Member(
                id_,
                entry,
                participant.role,
                participant.side,
                participant.persona,
                participant.private if isinstance(participant.private, str) else None,
                participant.weight,
            )
            for id_ in ids
        ]
    return tuple(members)


def named(names: Iterable[str], members: Sequence[Member]) -> tuple[Member, ...]:
    """The members that ids, entries or roles among ``names`` mean, in the order of the file."""
    wanted = set(names)
    return tuple(m for m in members if m.id in wanted or m.entry in wanted or m.role in wanted)


def speakers(round_: Round, members: Sequence[Member]) -> tuple[Member, ...]:
    """Who speaks in ``round_``, in speaking order: as listed in ``who``, a role's members in the order of the file."""
    seen: dict[str, Member] = {}
    for name in round_.who:
        for member in named([name], members):
            seen.setdefault(member.id, member)
    return tuple(seen.values())


def model_for(scenario: Scenario, member: Member, tier: str | None) -> ModelSpec | None:
    """The model a member speaks with on ``tier``: its own where it has one, else the scenario's; None if neither."""
    own = scenario.participants[member.entry].models
    if tier is None:
        ladder = {**scenario.models, **own}
        return next(iter(ladder.values())) if len(ladder) == 1 else None
    return own.get(tier) or scenario.models.get(tier)


def sampling_for(scenario: Scenario, member: Member, round_: Round, model: ModelSpec) -> Sampling:
    """Scenario, then model, then participant, then round: the later overrides."""
    participant = scenario.participants[member.entry]
    return round_.sampling.over(participant.sampling.over(model.over(scenario.sampling)))
