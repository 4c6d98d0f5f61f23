"""``debate rescore``: decide saved runs otherwise."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from debate.cli import options
from debate.cli.ending import edge
from debate.cli.given import settings_from
from debate.cli.output import complain, say
from debate.consensus.resolve import open_embedder, resolve_embedder
from debate.consensus.score import Scorer
from debate.decision.rule import Rule, parse_rule
from debate.engine.explaining import said
from debate.engine.rescoring import Question, Reader, Row
from debate.engine.rescoring import rescore as rescored
from debate.errors import EXIT_CODES, ScenarioError, TranscriptError
from debate.report.words import money, one_line, share, table
from debate.scenario.conditions import Condition
from debate.scenario.document import Plain, plain
from debate.scenario.yaml import read_yaml
from debate.settings.nearest import did_you_mean
from debate.transcript.reading import find, load

_READERS: tuple[Reader, ...] = ("recorded", "current", "loose")
_CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
_REASON = 60
"""Columns a reason may take."""


def rescore(
    transcripts: Annotated[
        list[str], typer.Argument(metavar="TRANSCRIPT…", help="Paths, folders, beginnings of run ids, or last.")
    ],
    *,
    decision: Annotated[
        list[str],
        typer.Option("--decision", metavar="RULE", help="As a scenario writes it: borda, '{supermajority: 2/3}'."),
    ] = [],  # noqa: B006 - typer reads the default, and hands over a list of its own
    stop: Annotated[
        list[str], typer.Option("--stop", metavar="ITERATION", help="Stop after it: rebuttal.2, a round, or each.")
    ] = [],  # noqa: B006 - likewise
    until: Annotated[
        list[str],
        typer.Option("--until", metavar="CONDITION", help="Stop where it holds first: unanimous, '{share: 2/3}'."),
    ] = [],  # noqa: B006 - likewise
    embedder: Annotated[
        list[str], typer.Option("--embedder", metavar="NAME|PATH", help="Compare the positions by it; may be repeated.")
    ] = [],  # noqa: B006 - likewise
    reader: Annotated[
        list[str], typer.Option("--reader", metavar="READER", help="recorded, current (read again), or loose.")
    ] = [],  # noqa: B006 - likewise
    out: options.Out = None,
    as_json: options.Json = False,
) -> int:
    """What saved runs would have decided by other rules, had they stopped earlier, or read otherwise.

    Every rule is worked out for every stop and reader. Stopping earlier says what it would have saved. Asks no model
    and needs no key.
    """
    folder = settings_from(out=out).transcripts
    question = Question(
        rules=tuple(_rule(text) for text in decision),
        iterations=tuple(stop),
        until=tuple(_condition(text) for text in until),
        readers=tuple(_reader(text) for text in reader) or ("recorded",),
        embedders={name: _scorer(name) for name in embedder},
    )
    rows, failed = asyncio.run(_worked_out(list(_paths(transcripts, folder)), question))
    if as_json:
        say(to_json({"rows": [_plain(row) for row in rows]}).decode())
    else:
        say(*table(_table(rows, question), width=edge()))
    return EXIT_CODES["failed" if failed else "done"]


def _paths(names: Sequence[str], folder: Path) -> Iterator[Path]:
    """The transcripts that are meant, one at a time; a folder means all in it."""
    for name in names:
        path = Path(name)
        if path.is_dir():
            yield from sorted(path.glob("*.jsonl"))
        else:
            yield find(name, folder)


def _yaml(text: str) -> Plain:
    root, flaws = read_yaml(text, name=text)
    if flaws:
        raise ScenarioError(flaws)
    return plain(root)


def _rule(text: str) -> Rule:
    try:
        written = _yaml(text)
        return parse_rule(written if isinstance(written, str | dict) else str(written))
    except (ValueError, ScenarioError) as error:
        raise typer.BadParameter(f"--decision: {error}") from None


def _condition(text: str) -> Condition:
    try:
        return _CONDITION.validate_python(_yaml(text))
    except ScenarioError as error:
        raise typer.BadParameter(f"--until: {error}") from None
    except ValidationError as error:
        raise typer.BadParameter(f"--until {text!r}: {error.errors()[0]['msg']}") from None


def _reader(text: str) -> Reader:
    for known in _READERS:
        if text == known:
            return known
    near = did_you_mean(text, _READERS)
    raise typer.BadParameter(f"--reader takes {', '.join(_READERS)}, found {text!r}{near}")


def _scorer(name: str) -> Scorer:
    found = resolve_embedder(name, allow_download=False)
    return Scorer(embedder=open_embedder(found), validated=found.validated)


async def _worked_out(paths: Sequence[Path], question: Question) -> tuple[list[Row], bool]:
    """The rows of every transcript that can be read, one in memory at a time; and whether one could not."""
    rows: list[Row] = []
    failed = False
    try:
        for path in paths:
            try:
                rows += await rescored(load(path), question)
            except TranscriptError as error:
                failed = True
                complain(str(error))
    finally:
        for scorer in question.embedders.values():
            if scorer.embedder is not None:
                await scorer.embedder.aclose()
    return rows, failed


def _table(rows: Sequence[Row], question: Question) -> list[tuple[str, ...]]:
    """The rows under their headings; what is the same everywhere is left out."""
    several = len({row.run for row in rows}) > 1
    readers = len(question.readers) > 1
    head = ["run"] * several + ["stop after"] + ["reader"] * readers + ["rule", "answer", "agreement"]
    head += [f"similarity {name}" for name in question.embedders] + ["calls saved", "saved", "why"]
    lines = [tuple(head)]
    for row in rows:
        cells = [row.run] * several + [row.stop] + [row.reader] * readers
        cells += [f"{row.rule}{' (own)' if row.own else ''}", said(row.verdict), share(row.agreement)]
        cells += [share(row.similarity[name]) for name in question.embedders]
        cells += [str(row.calls_saved), money(row.saved_usd), one_line(row.verdict.reason or "", _REASON)]
        lines.append(tuple(cells))
    return lines


def _plain(row: Row) -> dict[str, object]:
    return {
        "run": row.run,
        "stop": row.stop,
        "iteration": row.iteration,
        "reader": row.reader,
        "rule": row.rule,
        "own": row.own,
        "verdict": row.verdict.model_dump(mode="json", exclude={"kind"}),
        "agreement": row.agreement,
        "similarity": dict(row.similarity),
        "unreadable": row.unreadable,
        "calls_saved": row.calls_saved,
        "saved_usd": None if row.saved_usd is None else str(row.saved_usd),
    }
