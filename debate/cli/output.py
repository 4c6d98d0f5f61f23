"""Writing to standard output and standard error, whatever stands at their other end."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def prepare() -> None:
    """Let a terminal or file that lacks a character show a question mark in its place, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def say(*lines: str) -> bool:
    """Write lines to standard output.

    Returns:
        False once nobody reads any more, as behind ``| head``. What is said from then on goes nowhere.
    """
    return _write(sys.stdout, lines)


def complain(*lines: str) -> None:
    """Write lines to standard error."""
    _write(sys.stderr, lines)


def on_terminal(stream: TextIO) -> bool:
    """Whether a person looks at ``stream``, on a terminal that can move its cursor."""
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"


def _write(stream: TextIO, lines: tuple[str, ...]) -> bool:
    try:
        stream.write("".join(f"{line}\n" for line in lines))
        stream.flush()
    except BrokenPipeError:
        close_off(stream)
        return False
    return True


def close_off(stream: TextIO) -> None:
    """Send what is still to be written to ``stream`` nowhere, so that the interpreter's last flush does not fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
