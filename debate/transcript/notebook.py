"""A result as a notebook shows it: one small table. What a model said is escaped; no script or link is in it."""

from __future__ import annotations

from html import escape

from debate.transcript.result import Consensus, Result, Verdict


def html_of(result: Result) -> str:
    """The result as a fragment of HTML."""
    rows = [("status", result.status if result.stop_reason is None else f"{result.status}: {result.stop_reason}")]
    if result.verdict is not None:
        rows += _verdict(result.verdict)
    if result.consensus is not None:
        rows += _consensus(result.consensus)
    turns, used = result.turns, result.usage
    rows.append(
        ("turns", f"{turns.attempted} asked, {turns.valid} valid, {turns.unreadable} unreadable, {turns.failed} failed")
    )
    cost = "unknown" if used.cost_usd is None else f"{used.cost_usd} USD"
    rows.append(("used", f"{used.requests} requests, cost {cost}, {result.wall_seconds:.1f} s"))
    rows += [("note", warning) for warning in result.warnings]
    if result.transcript is not None:
        rows.append(("transcript", result.transcript))
    simulated = " · simulated: tests the machinery, not the argument" if result.simulated else ""
    body = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th><td style="text-align:left">{escape(text)}</td></tr>'
        for label, text in rows
    )
    return f"<table><caption>{escape(result.scenario)} · {escape(result.run_id)}{simulated}</caption>{body}</table>"


def _verdict(verdict: Verdict) -> list[tuple[str, str]]:
    confidence = "" if verdict.confidence is None else f", {verdict.confidence:.0%}"
    kind = f" ({verdict.confidence_is})" if confidence and verdict.confidence_is is not None else ""
    none = f"none: {verdict.reason}" if verdict.reason is not None else "none"
    rows = [("verdict", f"{none if verdict.answer is None else verdict.answer} (by {verdict.by}{confidence}{kind})")]
    if verdict.dissent:
        rows.append(("dissent", ", ".join(f"{one.participant}: {one.choice}" for one in verdict.dissent)))
    return rows


def _consensus(consensus: Consensus) -> list[tuple[str, str]]:
    how = f"by {consensus.method}, {consensus.n_valid} valid"
    if consensus.reliability is not None:
        how += f", {consensus.reliability} reliability"
    value = f"none: {consensus.reason}" if consensus.agreement is None else f"{consensus.agreement:.2f}"
    rows = [("agreement", f"{value} ({how})")]
    rows += [("camp", f"{camp.label}: {', '.join(camp.members)} ({camp.share:.0%})") for camp in consensus.camps]
    if consensus.similarity is not None:
        rows.append(("similarity", f"{consensus.similarity:.2f} by {consensus.embedder}"))
    return rows
