"""Whether a cost plan can be kept to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from debate.scenario.cast import Member, model_for, speakers
from debate.scenario.mistakes import Mistake
from debate.scenario.schema import Scenario, written_steps


def check_cost_plan(scenario: Scenario, members: Sequence[Member]) -> Iterator[Mistake]:
    """Every mistake about ``cost_plan``: a round with a tier of its own, too few rounds, a tier nobody has."""
    plan = scenario.cost_plan
    if plan is None:
        return
    steps = list(written_steps(scenario))
    if plan.cheap_rounds > len(steps):
        message = f"there are {len(steps)} rounds, found {plan.cheap_rounds}; lower it"
        yield Mistake(("cost_plan", "cheap_rounds"), message)
    lacking: dict[str, list[str]] = {}
    for place, (path, step) in enumerate(steps):
        tier = plan.tier_of(place)
        if step.tier is not None:
            message = f"cost_plan says which tier speaks here ({tier}), and tier says {step.tier!r}; drop one of them"
            yield Mistake((*path, "tier"), message, at_key=True)
        lacking.setdefault(tier, []).extend(
            member.id for member in speakers(step, members) if model_for(scenario, member, tier) is None
        )
    for lacked, names in lacking.items():
        if names:
            who = ", ".join(dict.fromkeys(names[:5]))
            yield Mistake(("cost_plan",), f"{who} has no model for the tier {lacked!r}; add it to models", at_key=True)
