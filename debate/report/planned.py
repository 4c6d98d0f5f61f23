"""The plan of a run as a person reads it: who speaks, who hears whom, and what it can cost."""

from __future__ import annotations

from itertools import groupby

from debate.graph.bounds import MoneySpan, Span
from debate.graph.plan import Plan, PlannedIteration
from debate.report.words import columns, listed, money, number, one_line, padded, percent, plural, span, table

_LABEL = 14
_HEARS, _SILENT = "●", "·"
_LISTED = 8
"""Names that are listed before the rest is counted."""


def plan_lines(plan: Plan, *, topic: str, budget: str | None, scored: bool, width: int | None = 100) -> list[str]:
    """The plan, line by line.

    Args:
        plan: What the run will hold.
        topic: What is debated.
        budget: What the scenario lets it spend, in words.
        scored: Whether anybody votes, so that agreement is measured at all.
        width: Columns to use; None for as many as it takes.
    """
    lines = [f"{plan.scenario} · {one_line(topic)}", ""]
    lines += _turns(plan, width)
    lines += ["", "who hears whom (each row hears the columns marked)"]
    for matrix in _matrices(plan, width):
        lines += matrix
    lines += ["", *_bounds(plan, budget, width, scored=scored)]
    if plan.chosen:
        lines += ["", "chosen from the catalogue", *(f"  {line}" for line in plan.chosen)]
    return lines


def _turns(plan: Plan, width: int | None) -> list[str]:
    rows = [("round", "turns", "tier", "who speaks", "model")]
    for iteration in plan.iterations:
        count = f"{len(iteration.turns)}{'?' if iteration.conditional else ''}"
        models = list(dict.fromkeys(iteration.models.values()))
        rows.append(
            (
                iteration.id,
                count,
                iteration.tier or "-",
                listed(iteration.turns, _LISTED if width is None or width > 100 else 4),  # noqa: PLR2004 - more room, more names
                listed(models, 2),
            )
        )
    lines = table(rows, width=width)
    if any(iteration.conditional for iteration in plan.iterations):
        lines.append("? only as far as no gate leaves it out")
    gates = [f"  {gate}" for iteration in plan.iterations for gate in iteration.gates]
    lines += ["", "decided on the way:", *gates] if gates else []
    summaries = sum(len(iteration.summaries) for iteration in plan.iterations)
    lines += ["", f"summaries, where what is heard is too long: up to {summaries}"] if summaries else []
    return lines


def _matrices(plan: Plan, width: int | None) -> list[list[str]]:
    """One matrix for each run of iterations in which the same hear the same."""
    found = []
    for _, group in groupby(plan.iterations, key=lambda i: (i.round, i.hears, i.remembers)):
        same = list(group)
        name = same[0].id if len(same) == 1 else f"{same[0].id} to {same[-1].id}"
        found.append([f"  {name}", *_matrix(same[0], width)])
    return found


def _matrix(iteration: PlannedIteration, width: int | None) -> list[str]:
    heard = list(dict.fromkeys(n for names in iteration.hears.values() for n in names))
    if not heard:
        return ["    nobody is heard"]
    order = {name: place for place, name in enumerate(iteration.turns)}
    heard.sort(key=lambda name: order.get(name, len(order)))
    left = max(columns(name) for name in iteration.turns)
    if left + sum(columns(name) + 1 for name in heard) + 6 > (width or 100):
        return [
            f"    {padded(hearer, left)}  hears {listed(names, _LISTED) or 'nobody'}"
            for hearer, names in iteration.hears.items()
        ]
    lines = [f"    {' ' * left}  {' '.join(heard)}"]
    for hearer, names in iteration.hears.items():
        marks = [padded(_HEARS if name in names else _SILENT, columns(name)) for name in heard]
        lines.append(f"    {padded(hearer, left)}  {' '.join(marks)}".rstrip())
    return lines


def _bounds(plan: Plan, budget: str | None, width: int | None, *, scored: bool) -> list[str]:
    calls = span(plan.calls.least, plan.calls.most)
    if plan.repairs_at_most:
        calls += f"; {number(plan.repairs_at_most)} more if every reply has to be mended"
    rows = [
        ("calls", calls),
        ("in a row", f"{plural(plan.critical_path, 'call')} on the longest way through (the critical path)"),
        ("tokens read", _tokens(plan.prompt_tokens)),
        ("  written", _tokens(plan.completion_tokens)),
        ("cost", f"{_cost(plan.cost_usd)}; retries after failures come on top"),
    ]
    if len(plan.by_model) > 1:
        for model, part in plan.by_model.items():
            rows.append(("", f"{model}: {_calls(part.calls)}, {_cost(part.cost_usd)}"))
    if plan.all_premium_usd is not None:
        rows.append(("", _saving(plan.cost_usd, plan.all_premium_usd)))
    if plan.unpriced:
        rows.append(("", f"no price is known for {listed(plan.unpriced)}"))
    if budget is not None:
        rows.append(("budget", budget))
    measured = f"by {plan.method}" if scored else "not measured, as everybody argues a side or decides"
    rows += [("agreement", measured), ("decided by", plan.decision)]
    return [line for label, text in rows for line in table([(f"{label:<{_LABEL}}", text)], gap=0, width=width)]


def _saving(planned: MoneySpan, dear: MoneySpan) -> str:
    if planned.expected is None or dear.expected is None:
        return "what the cost plan saves against all-premium is unknown, as a price is"
    saved = dear.expected - planned.expected
    if saved < 0:
        return f"the cost plan costs about {money(-saved)} more than all-premium, about {money(dear.expected)}"
    part = f" ({percent(float(saved / dear.expected))})" if dear.expected else ""
    return f"the cost plan saves about {money(saved)}{part} against all-premium, about {money(dear.expected)}"


def _calls(calls: Span) -> str:
    return plural(calls.most, "call") if calls.least == calls.most else f"{span(calls.least, calls.most)} calls"


def _tokens(tokens: Span) -> str:
    return f"{span(tokens.least, tokens.most)}, about {number(tokens.expected)}"


def _cost(cost: MoneySpan) -> str:
    if cost.least is None or cost.most is None or cost.expected is None:
        return "unknown"
    if cost.most == 0:
        return "$0"
    return f"{money(cost.least)} to {money(cost.most)}, about {money(cost.expected)}"
