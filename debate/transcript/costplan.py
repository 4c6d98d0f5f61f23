"""What a cost plan saved: the tokens of its cheap rounds at the price of the tier premium."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pydantic import JsonValue

from debate.settings.prices import cost
from debate.transcript.ledger import UNSENT_SOURCES
from debate.transcript.state import State


def saved_by_cost_plan(state: State) -> Decimal | None:
    """USD that the answers of the tier ``cheap`` would have cost more with ``premium``, token for token.

    Less than 0 if ``premium`` is the cheaper one; None without a cost plan, or where a cost is unknown. Another model
    would have written more or fewer tokens, so it is an estimate.
    """
    header = state.header
    if header is None or header.scenario.get("cost_plan") is None:
        return None
    total = Decimal(0)
    for id_, turn in state.turns.items():
        premium = _premium(header.scenario, id_.rpartition("/")[2])
        for number, asked in turn.asked.items():
            answered = turn.answered.get(number)
            if asked.tier != "cheap" or answered is None or answered.source in UNSENT_SOURCES:
                continue
            would = cost(answered.usage, header.prices.get(premium)) if premium is not None else None
            if would is None or answered.cost_usd is None:
                return None
            total += would - answered.cost_usd
    return total


def _premium(scenario: Mapping[str, JsonValue], participant: str) -> str | None:
    """The model a participant has on the tier ``premium``: its own, its entry's, or the scenario's."""
    participants = scenario.get("participants")
    known = participants if isinstance(participants, dict) else {}
    entry = known.get(participant, known.get(participant.rpartition(".")[0]))
    own = entry.get("models") if isinstance(entry, dict) else None
    for ladder in (own, scenario.get("models")):
        spec = ladder.get("premium") if isinstance(ladder, dict) else None
        use = spec.get("use") if isinstance(spec, dict) else None
        if isinstance(use, str):
            return use
    return None
