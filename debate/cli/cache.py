"""``debate cache``: what is kept of answers that were paid for."""

from __future__ import annotations

import sqlite3
import time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic_core import to_json

from debate.cli import options
from debate.cli.ending import edge
from debate.cli.given import settings_from
from debate.cli.output import complain, say
from debate.errors import EXIT_CODES
from debate.pool.cache_store import CacheStore, Kept, Totals, discard
from debate.report.words import money, number, percent, plural, seconds, table
from debate.settings.cache import CacheSettings

_EMPTY: Final = Totals(0, 0)


class Doing(StrEnum):
    """What to do with the cache."""

    STATS = "stats"
    LIST = "list"
    PRUNE = "prune"
    CLEAR = "clear"


def cache(
    doing: Annotated[
        Doing,
        typer.Argument(
            metavar="stats|list|prune|clear",
            help="Show how it is used, list what is in it, let go of what is too old or too much, or of everything.",
        ),
    ] = Doing.STATS,
    *,
    as_json: options.Json = False,
) -> int:
    """Show what is kept of answers that were paid for, or let go of it. It holds answers and hashes, no prompts."""
    settings = settings_from(out=None).cache
    path = settings.file
    if not path.exists():
        _say(doing, path, _EMPTY, as_json=as_json)
        return EXIT_CODES["done"]
    try:
        store = CacheStore.of(settings)
    except (sqlite3.Error, OSError) as error:
        if doing is Doing.CLEAR and isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
            discard(path)
            _say(doing, path, _EMPTY, as_json=as_json)
            return EXIT_CODES["done"]
        complain(f"{path} cannot be used as a cache: {error}; debate cache clear deletes what is no database")
        return EXIT_CODES["failed"]
    try:
        match doing:
            case Doing.STATS:
                _stats(store, settings, as_json=as_json)
            case Doing.LIST:
                _list(store.kept(), as_json=as_json)
            case Doing.PRUNE:
                _say(doing, path, store.prune(now=time.time()), as_json=as_json)
            case Doing.CLEAR:
                _say(doing, path, store.clear(), as_json=as_json)
    finally:
        store.close()
    return EXIT_CODES["done"]


def _say(doing: Doing, path: Path, totals: Totals, *, as_json: bool) -> None:
    """How much there is, for a cache that is not there yet, or how much went."""
    if as_json:
        say(to_json([] if doing is Doing.LIST else {"path": path, **totals._asdict()}).decode())
    elif doing in (Doing.PRUNE, Doing.CLEAR):
        say(f"{plural(totals.entries, 'answer')} let go, {number(totals.bytes)} bytes, from {path}")
    else:
        say(f"nothing is kept in {path}")


def _stats(store: CacheStore, settings: CacheSettings, *, as_json: bool) -> None:
    totals, served = store.totals(), store.served()
    hits, misses = sum(one.hits for one in served), sum(one.misses for one in served)
    unpriced = sum(one.unpriced for one in served)
    rate = hits / (hits + misses) if hits + misses else None
    saved = sum((one.usd for one in served), Decimal(0)) if hits > unpriced else None
    if as_json:
        models = {one.model: {**one._asdict(), "usd": str(one.usd)} for one in served}
        found = {"path": settings.file, **totals._asdict(), "hits": hits, "misses": misses, "hit_rate": rate}
        money_saved = {"saved_usd": None if saved is None else str(saved), "unpriced_hits": unpriced}
        say(to_json({**found, **money_saved, "by_model": models}).decode())
        return
    rows = [
        ("file", str(settings.file)),
        ("kept", f"{plural(totals.entries, 'answer')} of at most {number(settings.max_entries)}"),
        ("size", f"{number(totals.bytes)} bytes of at most {number(settings.max_bytes)}"),
        ("age", f"at most {seconds(settings.ttl_seconds)}"),
        ("hits", f"{number(hits)} of {number(hits + misses)}" + ("" if rate is None else f", {percent(rate)}")),
        (
            "saved",
            money(saved if hits else Decimal(0)) + (f" and {plural(unpriced, 'unpriced hit')}" if unpriced else ""),
        ),
    ]
    say(*table(rows, width=edge()))
    if served:
        header = ("model", "hits", "misses", "saved")
        say(
            "",
            *table(
                [header, *((s.model, number(s.hits), number(s.misses), money(s.usd)) for s in served)], width=edge()
            ),
        )


def _list(kept: list[Kept], *, as_json: bool) -> None:
    now = time.time()
    if as_json:
        say(to_json([{**one._asdict(), "usd": None if one.usd is None else str(one.usd)} for one in kept]).decode())
        return
    rows = [("key", "model", "age", "hits", "cost", "bytes")]
    for one in kept:
        age = seconds(max(0.0, now - one.stored))
        rows.append((one.key[:12], one.model, age, number(one.hits), money(one.usd), number(one.size)))
    say(*table(rows, width=edge()))
