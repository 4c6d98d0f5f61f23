"""``debate replay``: show a saved run again, or verify it."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from debate.cli import options
from debate.cli.ending import show, width
from debate.cli.given import settings_from
from debate.cli.output import complain, on_terminal, say
from debate.cli.view import labels_of
from debate.engine.recorded import recorded_casting
from debate.engine.replaying import verify
from debate.errors import EXIT_CODES
from debate.library import Transcript
from debate.report.retold import retold
from debate.report.words import SIMULATED, plural
from debate.transcript.log import line_of
from debate.transcript.reading import Saved, find, load

PROVES = "It shows that the log is consistent, not that a provider said what is in it."


def replay(
    transcript: options.TranscriptName,
    *,
    check: Annotated[bool, typer.Option("--verify", help="Run it again on the recorded replies, and compare.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Print its events as JSON lines.")] = False,
    play: Annotated[bool, typer.Option("--play", help="Play it on the terminal: pause, step, seek, speed.")] = False,
    out: options.Out = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Show a saved run again, turn by turn, with its result. Asks no model and needs no key."""
    if events + check + as_json + play > 1:
        raise typer.BadParameter("--verify, --events, --json and --play each show something else; keep one of them")
    saved = load(find(transcript, settings_from(out=out).transcripts))
    if events:
        for entry in saved.entries:
            if not say(line_of(entry).decode()):
                break
        return EXIT_CODES["done"]
    if check:
        return _verified(saved)
    if play:
        return _played(saved)
    return _retold(saved, as_json=as_json, quiet=quiet)


def _retold(saved: Saved, *, as_json: bool, quiet: bool) -> int:
    if not (as_json or quiet):
        casting = recorded_casting(saved)
        for line in retold(casting.scenario, saved.entries, labels_of(casting), width=width()):
            if not say(line):
                return EXIT_CODES["done"]
    if saved.state.status == "running":
        complain(f"{saved.path}: the run had not ended when this was written, so it has no result yet")
        return EXIT_CODES["failed"]
    show(Transcript(saved).result, as_json=as_json)
    return EXIT_CODES["done"]


def _played(saved: Saved) -> int:
    if not (sys.stdin.isatty() and on_terminal(sys.stdout)):
        raise typer.BadParameter("--play needs a terminal; without it the run is printed")
    from debate.cli.player import Player, frames_of  # noqa: PLC0415 - what draws takes longer to load than the rest
    from debate.cli.playing import play as on_screen  # noqa: PLC0415 - likewise

    on_screen(Player(frames_of(saved.entries)))
    return EXIT_CODES["done"]


def _verified(saved: Saved) -> int:
    if saved.tail.torn:
        complain(f"{saved.path}: the last line was never finished; {saved.tail.torn} bytes are left out")
    found = asyncio.run(verify(saved))
    if found.divergence is not None:
        complain(f"{saved.path}: does not replay: {found.divergence}")
        return EXIT_CODES["failed"]
    say(f"{saved.path}: verified")
    say(f"  {plural(len(saved.entries), 'line')}, each following from the one before")
    say(f"  {plural(found.events, 'event')} worked out again from the recorded replies, all the same")
    say(f"  {PROVES}")
    if saved.header.simulated:
        say(f"  {SIMULATED}")
    return EXIT_CODES["done"]
