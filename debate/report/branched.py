"""Two branches of one debate side by side, as a person reads them."""

from __future__ import annotations

from debate.report.words import one_line, plural, share, table
from debate.transcript.branching import Branches
from debate.transcript.events import VerdictReached

_POSITION = 48
"""Columns a position may take."""


def branch_lines(both: Branches) -> list[str]:
    """What the change moved: turns that differ, agreement by iteration, and the verdicts."""
    asked = sum(pair.came == "asked" for pair in both.turns)
    copied = sum(pair.came == "copied" for pair in both.turns)
    lines = [f"{'branches':<12}{both.parent} → {both.fork}", f"{'':<12}{plural(copied, 'turn')} shared, {asked} asked"]
    if both.moved:
        rows = [("turn", "before", "after", "how")]
        rows += [
            (pair.turn, one_line(pair.parent or "-", _POSITION), one_line(pair.fork or "-", _POSITION), pair.came)
            for pair in both.moved
        ]
        lines += ["", *table(rows)]
    else:
        lines.append(f"{'':<12}every turn stands for the same in both")
    if both.agreement:
        rows = [("agreement", "before", "after", "")]
        rows += [(one.iteration, share(one.parent), share(one.fork), "") for one in both.agreement]
        lines += ["", *table(rows)]
    verdict = f"{_said(both.parent_verdict)} → {_said(both.fork_verdict)}"
    return [*lines, "", f"{'verdict':<12}{verdict}{'' if both.same_verdict else '  (changed)'}"]


def _said(verdict: VerdictReached | None) -> str:
    if verdict is None:
        return "none yet"
    return one_line(verdict.answer, _POSITION) if verdict.answer is not None else "no answer"
