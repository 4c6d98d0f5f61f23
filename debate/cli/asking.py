"""Asking a person before anything is spent."""

from __future__ import annotations

import sys

import typer

from debate.cli.output import complain, on_terminal, say


def told(*lines: str, as_json: bool) -> None:
    """Say what is going to happen: where people read, and beside an object that is printed for machines."""
    if as_json:
        complain(*lines)
    else:
        say(*lines)


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person agrees. Who passed ``--yes`` has.

    Raises:
        typer.BadParameter: If there is nobody to ask.
    """
    if yes:
        return True
    if not (sys.stdin.isatty() and on_terminal(sys.stderr)):
        raise typer.BadParameter("nobody can be asked here, outside a terminal: pass --yes to spend this")
    return typer.confirm(question, default=False, err=True)
