"""Which view a run gets."""

from __future__ import annotations

import sys

from debate.cli.output import on_terminal
from debate.cli.view import NoView, PlainLines, View


def view_for(*, as_json: bool, quiet: bool) -> View:
    """Live on a terminal, plain lines in a pipe, nothing with ``--quiet``.

    With ``--json`` standard output belongs to the object alone: a person at a terminal then sees the run on standard
    error.
    """
    stream = sys.stderr if as_json else sys.stdout
    if quiet or (as_json and not on_terminal(stream)):
        return NoView()
    if not on_terminal(stream):
        return PlainLines()
    # Rich is for terminals alone, and takes time to load.
    from debate.cli.live import LiveView  # noqa: PLC0415

    return LiveView.on(stream)
