"""The result of a run as a person reads it at its end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from debate.report.spoken import verdict_of
from debate.report.words import SIMULATED, listed, money, number, one_line, percent, plural, seconds, share, wrapped
from debate.transcript.result import Consensus, Result, Verdict

_LABEL = 12
"""Columns of the names on the left."""


def result_lines(
    result: Result, *, width: int = 100, names: Mapping[str, str] | None = None, detail: str | None = None
) -> list[str]:
    """What a run came to, line by line.

    Args:
        result: The run's result.
        width: Columns to use.
        names: What an answer means, as the text of a choice.
        detail: Why it did not complete, in words.
    """
    rows: list[tuple[str, str]] = []
    if result.status != "completed":
        rows.append((result.status, one_line(detail or result.stop_reason or "no reason was given")))
    if result.verdict is not None:
        rows += _verdict(result.verdict, names or {})
    elif result.status == "completed":
        rows.append(("verdict", "none"))
    rows += _consensus(result.consensus) if result.consensus is not None else [("agreement", "nothing was scored")]
    rows += [("turns", _turns(result)), ("used", _used(result))]
    if result.usage.cache_hits:
        rows.append(("cache", _cached(result)))
    if result.usage.saved_by_cost_plan_usd is not None:
        rows.append(("", _plan_saved(result.usage.saved_by_cost_plan_usd)))
    rows += [("note", one_line(warning)) for warning in result.warnings]
    if result.simulated:
        rows.append(("", SIMULATED))
    if result.transcript is not None:
        rows.append(("transcript", result.transcript))
    return [line for label, text in rows for line in _row(label, text, width)]


def _row(label: str, text: str, width: int) -> list[str]:
    """A label and its text, which hangs below itself; a path is never broken, so that it can be copied."""
    parts = [text] if label == "transcript" else wrapped(text, max(20, width - _LABEL)) or [""]
    return [f"{label if i == 0 else '':<{_LABEL}}{part}".rstrip() for i, part in enumerate(parts)]


def _verdict(verdict: Verdict, names: Mapping[str, str]) -> list[tuple[str, str]]:
    meant = names.get(verdict.answer or "")
    text = verdict_of(verdict.answer, verdict.by, None)
    if meant is not None:
        text = f"{one_line(meant)} — {text}"
    if verdict.confidence is not None:
        text += f", {percent(verdict.confidence)}"
        text += f" ({verdict.confidence_is})" if verdict.confidence_is is not None else ""
    rows = [("verdict", text)]
    if verdict.fallback_from is not None:
        rows.append(("", f"in place of {verdict.fallback_from}, which gave no answer"))
    if verdict.reason is not None:
        rows.append(("", one_line(verdict.reason)))
    if verdict.votes:
        votes = " · ".join(f"{one_line(choice, 40)}: {count:g}" for choice, count in verdict.votes.items())
        rows.append(("votes", f"{votes} (of {verdict.denominator:g})"))
    if verdict.abstained:
        rows.append(("no vote", listed([f"{who} ({one_line(why)})" for who, why in verdict.abstained.items()], 6)))
    dissent = listed([f"{one.participant} ({one_line(one.choice, 40)})" for one in verdict.dissent], 8)
    if verdict.answer is not None and verdict.votes:
        rows.append(("dissent", dissent or "nobody"))
    return rows


def _consensus(consensus: Consensus) -> list[tuple[str, str]]:
    asked = consensus.n_valid + len(consensus.by_iteration[-1].unreadable)
    how = f"by {consensus.method}, {consensus.n_valid} of {plural(asked, 'reply')}"
    if consensus.reliability is not None:
        how += f", {consensus.reliability} reliability"
    if consensus.agreement is None:
        rows = [("agreement", f"none: {one_line(consensus.reason or 'no reason was given')} ({how})")]
    else:
        rows = [("agreement", f"{share(consensus.agreement)} {how}")]
    if len(consensus.by_iteration) > 1:
        repeated = {i.round for i in consensus.by_iteration if i.iteration > 1}
        steps = [f"{_place(i.round, i.iteration, repeated)} {share(i.agreement)}" for i in consensus.by_iteration]
        rows.append(("", " → ".join(steps)))
    if consensus.camps:
        camps = [f"{one_line(camp.label, 40)}: {listed(camp.members, 6)}" for camp in consensus.camps[:6]]
        rows.append(("camps", " · ".join(camps)))
    if consensus.similarity is not None:
        by = f" by {consensus.embedder}" if consensus.embedder is not None else ""
        lexical = (consensus.embedder or "").startswith("lexical")
        kind, of = ("lexical", "wording") if lexical else ("embedding", "wording and content")
        text = f"{share(consensus.similarity)} mean {kind} similarity of the positions{by}"
        rows.append(("similarity", f"{text}: of their {of}, not of their stance"))
    elif consensus.similarity_reason is not None:
        rows.append(("similarity", f"none: {one_line(consensus.similarity_reason)}"))
    return rows


def _place(round_: str, iteration: int, repeated: Collection[str]) -> str:
    return f"{round_}.{iteration}" if round_ in repeated else round_


def _turns(result: Result) -> str:
    turns = result.turns
    counted = {
        "valid": turns.valid,
        "unreadable": turns.unreadable,
        "failed": turns.failed,
        "by a substitute": turns.substituted,
        "skipped": turns.skipped,
        "unused": turns.unused,
    }
    shown = [f"{count} {name}" for name, count in counted.items() if count or name == "valid"]
    return f"{turns.attempted} asked: {', '.join(shown)}"


def _used(result: Result) -> str:
    usage = result.usage
    tokens = f"{number(usage.prompt_tokens)} + {number(usage.completion_tokens)} tokens"
    cost = money(usage.cost_usd)
    if usage.unpriced_requests:
        cost += f" and {plural(usage.unpriced_requests, 'request')} of unknown price"
    if usage.possibly_billed:
        cost += f", {plural(usage.possibly_billed, 'failed attempt')} possibly billed"
    asked = plural(usage.requests, "request")
    return f"{asked}, {tokens} read + written, {cost}, {seconds(result.wall_seconds)}"


def _cached(result: Result) -> str:
    usage = result.usage
    text = f"{usage.cache_hits}/{usage.requests} from cache; --no-cache or --seed N for new"
    return text if usage.saved_usd is None else f"{text} (saved {money(usage.saved_usd)})"


def _plan_saved(usd: Decimal) -> str:
    if usd < 0:
        return f"the cost plan cost {money(-usd)} more than all-premium, token for token"
    return f"the cost plan saved {money(usd)} against all-premium, token for token"
