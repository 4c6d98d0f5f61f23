"""``debate explain``: who moved after hearing whom, and whether the verdict holds otherwise."""

from __future__ import annotations

from dataclasses import asdict

from pydantic_core import to_json

from debate.cli import options
from debate.cli.ending import edge
from debate.cli.given import settings_from
from debate.cli.output import say
from debate.engine.explaining import Explanation, Other, Step, said
from debate.engine.explaining import explain as explained
from debate.errors import EXIT_CODES
from debate.report.words import listed, one_line, table
from debate.transcript.reading import find, load

ASSOCIATION = "Who moved after hearing whom is an association: they might have moved anyway."
_TEXT = 48
"""Columns a position or reason may take."""


def explain(transcript: options.TranscriptName, *, out: options.Out = None, as_json: options.Json = False) -> int:
    """Who moved after hearing whom, whether the verdict holds otherwise, and what was unreadable, failed or cut.

    The verdict is worked out under each other rule, and without each voter. Asks no model and needs no key.
    """
    found = explained(load(find(transcript, settings_from(out=out).transcripts)))
    if as_json:
        say(to_json({"headline": found.headline, **asdict(found)}).decode())
        return EXIT_CODES["done"]
    say(f"{found.run}", f"{'verdict':<12}{said(found.verdict) if found.verdict is not None else 'none'}")
    say(f"{'':<12}{found.headline}", "", *_movement(found), "", *_robustness(found), "", *_lost(found))
    return EXIT_CODES["done"]


def _movement(found: Explanation) -> list[str]:
    if not found.steps:
        return ["movement: fewer than two iterations can be compared"]
    lines = ["who moved"]
    for step in found.steps:
        lines += [f"  {step.before} → {step.after}", *_moves(step)]
    return [*lines, f"  {ASSOCIATION}"]


def _moves(step: Step) -> list[str]:
    towards: dict[str, list[str]] = {}
    for pair in step.movement.co_movements:
        towards.setdefault(pair.hearer, []).append(pair.speaker)
    lines = []
    for move in step.movement.moves:
        if not move.moved:
            continue
        heard = step.heard.get(move.participant, ())
        after = f"after hearing {listed(heard)}" if heard else "having heard nobody"
        nearer = f", nearer to {listed(tuple(towards[move.participant]))}" if move.participant in towards else ""
        moved = f"{one_line(move.before, _TEXT)} → {one_line(move.after, _TEXT)}"
        lines.append(f"    {move.participant}: {moved} {after}{nearer}")
    return lines or ["    nobody"]


def _robustness(found: Explanation) -> list[str]:
    if found.verdict is None:
        return ["no verdict was reached, so there is none to hold against other rules"]
    rows = [("in place of the rule", "answer", "", "why"), *map(_other, found.rules)]
    rows += [("without", "answer", "", "why"), *map(_other, found.without)]
    return table(rows, width=edge())


def _other(other: Other) -> tuple[str, str, str, str]:
    verdict = other.verdict
    return other.name, said(verdict), "" if other.holds else "differs", one_line(verdict.reason or "", _TEXT)


def _lost(found: Explanation) -> list[str]:
    if not found.lost:
        return ["every turn that was asked gave a readable reply, heard whole"]
    rows = [("turn", "what", "why"), *((one.turn, one.what, one_line(one.detail, 2 * _TEXT)) for one in found.lost)]
    return table(rows, width=edge())
