"""What resuming or forking a run means, as a person reads it before anything is spent."""

from __future__ import annotations

from decimal import Decimal

from debate.graph.plan import Plan
from debate.report.words import listed, money, plural, span

_LISTED = 12
"""Turns that are listed before the rest is counted."""


def left_lines(plan: Plan) -> list[str]:
    """Calls and cost of what is still to be asked."""
    cost = plan.cost_usd
    expected = "unknown" if cost.expected is None else f"{money(cost.expected)}, at most {money(cost.most)}"
    lines = [f"{'to ask':<12}{span(plan.calls.least, plan.calls.most)} calls · cost {expected}"]
    models = ", ".join(f"{model} ({span(part.calls.least, part.calls.most)})" for model, part in plan.by_model.items())
    return [*lines, f"{'models':<12}{models}"] if models else lines


def resumption_lines(
    run: str, plan: Plan, *, possibly_billed: tuple[str, ...], reopened: tuple[str, ...], notes: tuple[str, ...]
) -> list[str]:
    """What taking a run up again means."""
    lines = [f"{'resuming':<12}{run}", *left_lines(plan)]
    if possibly_billed:
        lines.append(f"{'in flight':<12}asked and never answered, possibly billed: {listed(possibly_billed, _LISTED)}")
    if reopened:
        lines.append(f"{'once more':<12}failed for want of a provider: {listed(reopened, _LISTED)}")
    return [*lines, *(f"{'note':<12}{note}" for note in notes)]


def fork_lines(
    parent: str,
    plan: Plan,
    *,
    again: tuple[str, ...],
    first: tuple[str, ...],
    planted: tuple[str, ...],
    calls_saved: int,
    saved_usd: Decimal | None,
) -> list[str]:
    """What forking a run means."""
    lines = [f"{'forking':<12}{parent}"]
    if planted:
        lines.append(f"{'planted':<12}{listed(planted, _LISTED)}")
    if again:
        lines.append(f"{'again':<12}{plural(len(again), 'turn')}: {listed(again, _LISTED)}")
    if first:
        lines.append(
            f"{'first time':<12}{plural(len(first), 'turn')}, if no gate leaves them out: {listed(first, _LISTED)}"
        )
    worth = f", which cost {money(saved_usd)}" if saved_usd is not None else ""
    lines.append(f"{'copied':<12}{plural(calls_saved, 'answer')}{worth}")
    return [*lines, *left_lines(plan)]
