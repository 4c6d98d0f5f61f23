"""Choosing a model by what it must be able to do. The rules look at capabilities and prices, never at names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from debate.errors import SettingsError
from debate.models.catalogue import Catalogue, Known, Retired
from debate.scenario.sampling import Needs
from debate.settings.facts import Capability
from debate.settings.prices import Price

READ_PER_WRITTEN: Final = 3
"""Tokens a turn of a debate reads for each it writes, as prices of models are compared: what others said comes back
as input. A definition, to rank by; what a run costs is worked out by its plan."""

ALTERNATIVES: Final = 3

_WORDS: Final[Mapping[Capability, str]] = {
    "reasoning": "reason",
    "tools": "take tools",
    "vision": "read pictures",
    "json_schema": "keep to a JSON schema",
}
"""In the order in which needs are looked at."""

_ALL_ROUND: Final[tuple[Capability, ...]] = ("reasoning", "tools")


class Choice(NamedTuple):
    """A model that was chosen, and why."""

    model: str
    """``provider:model-id``."""
    why: str
    ranking: tuple[str, ...]
    """Every model that would do, the chosen one first."""


class _Candidate(NamedTuple):
    name: str
    known: Known
    price: Price

    @property
    def blend(self) -> Decimal:
        """USD per million tokens, read and written as a debate does."""
        return (READ_PER_WRITTEN * self.price.input + self.price.output) / (READ_PER_WRITTEN + 1)

    def can(self, *capabilities: Capability) -> bool:
        return set(capabilities) <= set(self.known.facts.capabilities)


def select(needs: Needs, known: Catalogue) -> Choice:
    """The model for ``needs``.

    What is required is kept to, whatever else is wished. Then the first wish that is there counts: the highest
    quality, low cost, a simple task; and without any the middle of the price range of those that reason and take tools.
    The catalogue holds no measurements of quality, so the price is taken for its sign.

    Raises:
        debate.errors.SettingsError: If no model will do, saying what each need left over.
    """
    candidates, required = _able(needs, known)
    ranked, how, further = _ranked(candidates, needs)
    best = ranked[0]
    words = list(dict.fromkeys((*required, *further))) or ["can simply be called"]
    price = f"${best.price.input:f} read, ${best.price.output:f} written per million tokens"
    why = f"{how} of {len(ranked)} that {' and '.join(words)} (catalogue of {known.as_of}; {price})"
    return Choice(best.name, why, tuple(candidate.name for candidate in ranked))


def alternatives(gone: Retired, known: Catalogue) -> tuple[str, ...]:
    """Models to use in place of one that is served no more, the best first; empty where none will do."""
    try:
        return select(gone.needs, known).ranking[:ALTERNATIVES]
    except SettingsError:
        return ()


def refuse_retired(models: Iterable[str], known: Catalogue) -> None:
    """Refuse models that are served no more.

    Raises:
        debate.errors.SettingsError: Naming the first of them, and others in its place.
    """
    for model in models:
        gone = known.retired.get(model)
        if gone is not None:
            instead = alternatives(gone, known)
            mend = f"; alternatives: {', '.join(instead)}" if instead else ""
            raise SettingsError(f'{gone.why}{mend}. If it is served to you, say so: [models."{model}"] in the settings')


def _able(needs: Needs, known: Catalogue) -> tuple[list[_Candidate], list[str]]:
    """The models that can do what is required, and that in words."""
    left = [
        _Candidate(name, entry, entry.price)
        for name, entry in sorted(known.models.items())
        if entry.price is not None and entry.facts.on_condition is None
    ]
    steps = [f"{len(left)} of known price that can simply be called"]
    required = []
    for capability, words in _WORDS.items():
        if capability in needs.requires:
            left = [candidate for candidate in left if candidate.can(capability)]
            required.append(words)
            steps.append(f"{len(left)} of them {words}")
    if needs.context is not None:
        left = [candidate for candidate in left if (candidate.known.facts.context or 0) >= needs.context]
        required.append(f"hold {needs.context:,} tokens")
        steps.append(f"{len(left)} of them hold {needs.context:,} tokens")
    if not left:
        raise SettingsError(
            f"no model will do: {', '.join(steps)} (catalogue of {known.as_of}); require less, or describe "
            'models of your own under [models."provider:model-id"] in the settings'
        )
    return left, required


def _ranked(candidates: list[_Candidate], needs: Needs) -> tuple[list[_Candidate], str, tuple[str, ...]]:
    """The candidates with the best first, what it is, and what else was looked at."""
    cheapest = sorted(candidates, key=lambda c: (c.blend, -(c.known.facts.context or 0), c.name))
    if needs.highest_quality:
        over = ", whatever it costs," * (needs.cost_critical or needs.simple)
        return cheapest[::-1], f"the dearest{over}", ()
    if needs.simple:
        return cheapest, "the cheapest", ()
    if needs.cost_critical:
        reasoning = [candidate for candidate in cheapest if candidate.can("reasoning")]
        return (reasoning, "the cheapest", ("reason",)) if reasoning else (cheapest, "the cheapest", ())
    all_round = [candidate for candidate in cheapest if candidate.can(*_ALL_ROUND)]
    further = tuple(_WORDS[capability] for capability in _ALL_ROUND) if all_round else ()
    all_round = all_round or cheapest
    middle = all_round[(len(all_round) - 1) // 2]
    rest = sorted(all_round, key=lambda c: abs(c.blend - middle.blend))
    return [middle, *(c for c in rest if c is not middle)], "the middle of the price range", further
