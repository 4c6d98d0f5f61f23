"""The terminal round the player: keys in, one turn at a time out."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from debate.cli.player import HELP, Key, Player
from debate.report.words import printable

_KEYS: Final[dict[bytes, Key]] = {
    b" ": "space", b"\x1b[C": "right", b"\x1b[D": "left", b"\x1b[B": "down", b"\x1b[A": "up", b"l": "right",
    b"h": "left", b"j": "down", b"k": "up", b"+": "faster", b"=": "faster", b"-": "slower", b"\x1b[H": "home",
    b"\x1b[F": "end", b"g": "home", b"G": "end", b"q": "quit", b"\x1b": "quit", b"\x03": "quit",
}  # fmt: skip
_BEAT: Final = 0.05
"""Seconds between two looks at the keyboard."""


def play(player: Player) -> None:
    """Show the player on this terminal until the person quits."""
    console = Console(highlight=False)
    with _cbreak(), Live(_shown(player), console=console, auto_refresh=False, screen=True) as live:
        before = time.monotonic()
        while not player.over:
            pressed = _pressed()
            now = time.monotonic()
            changed = player.tick(now - before)
            before = now
            for key in pressed:
                _press(player, key)
            if changed or pressed:
                live.update(_shown(player), refresh=True)


def _press(player: Player, key: bytes) -> None:
    if key.isdigit():
        player.seek(int(key) / 10)
    elif key in _KEYS:
        player.press(_KEYS[key])


def _shown(player: Player) -> Panel:
    frame = player.frame
    if frame is None:
        return Panel(Text(player.status), subtitle=HELP)
    who = f"{frame.speaker}{f' ({frame.model})' if frame.model is not None else ''}, {player.heard}"
    body = Text()
    body.append(f"{printable(who)}\n", style="bold")
    body.append(f"{printable(frame.outcome if frame.outcome != 'completed' else frame.stands_for)}\n\n", style="cyan")
    body.append(printable(frame.text))
    return Panel(body, title=player.status, subtitle=HELP)


def _pressed() -> list[bytes]:
    """The keys pressed within a beat. An arrow comes as three bytes at once."""
    ready, _, _ = select.select([sys.stdin], [], [], _BEAT)
    if not ready:
        return []
    data = os.read(sys.stdin.fileno(), 64)
    if data in _KEYS:
        return [data]
    return [bytes([byte]) for byte in data] if not data.startswith(b"\x1b") else []


@contextmanager
def _cbreak() -> Iterator[None]:
    """Keys one by one, without their echo; the terminal is as it was afterwards."""
    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    tty.setcbreak(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
