"""The entry of the command line: its verbs, and what becomes of their errors.

A verb's module is loaded when the verb is used, so that ``debate --help`` costs next to nothing.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Annotated, Final, NoReturn, Protocol

import typer
from typer.core import TyperCommand, TyperGroup

from debate.cli.failing import code_of_error, lines_of, reason_of
from debate.cli.output import complain, prepare, say
from debate.errors import EXIT_CODES, DebateError

VERBS: Final = {
    "demo": "The first minute: no key, no bill, real things to look at.",
    "ask": "Ask several models one question, blind: opinions, camps, how far they agree.",
    "run": "Hold a debate.",
    "plan": "Show what a run will hold and what it can cost; spends nothing.",
    "replay": "Show a saved run again, or verify it; asks no model.",
    "resume": "Go on with a run that stopped; nothing that was answered is asked again.",
    "fork": "Begin a new run from a saved one, with a change; only what descends from it is asked.",
    "rescore": "Decide saved runs by other rules, stops, readers or embedders; asks no model.",
    "explain": "Who moved after hearing whom, and whether the verdict holds otherwise; asks no model.",
    "calibrate": "Fit agreement to labelled pairs of one's own, and say how good the fit is.",
    "validate": "Check scenarios; every mistake at its place.",
    "scenarios": "List the scenarios that come along, or print one.",
    "models": "List providers, whether their keys are set, and known prices.",
    "doctor": "Check keys, servers, models, prices and the embedder, and say what to do.",
    "cache": "What is kept of answers that were paid for: stats, list, prune, clear.",
    "schema": "Print the JSON Schema of a scenario, a transcript, a result or a plan.",
    "init": "Write a first scenario for the key or local server that is there.",
}
"""Verb to its one line; each is a module of this folder."""

_USAGE_ERROR: Final[type[Exception]] = typer.BadParameter.__mro__[2]
"""What typer raises when it cannot make sense of the arguments. It has no public name."""


class _Sections(Protocol):
    """What help is written with."""

    def section(self, name: str) -> AbstractContextManager[None]:
        """Open a section."""
        ...

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write names with their meaning."""
        ...


class Verbs(TyperGroup):
    """The group of verbs, each made when it is asked for."""

    def list_commands(self, _ctx: object) -> list[str]:
        """Their names, in the order of the table."""
        return list(VERBS)

    def get_command(self, _ctx: object, cmd_name: str) -> TyperCommand:
        """The verb of that name.

        Raises:
            typer.BadParameter: If there is none.
        """
        if cmd_name not in VERBS:
            from debate.settings.nearest import did_you_mean  # noqa: PLC0415 - loads all settings, which help needs not

            raise typer.BadParameter(f"there is no command {cmd_name!r}{did_you_mean(cmd_name, VERBS)}")
        made = _typer()
        made.command(cmd_name)(getattr(import_module(f"debate.cli.{cmd_name}"), cmd_name))
        command = typer.main.get_command(made)
        assert isinstance(command, TyperCommand), "an app of one command is that command"
        return command

    def format_commands(self, _ctx: object, formatter: _Sections) -> None:
        """Their help from the table, without loading any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


def _typer(cls: type[TyperGroup] | None = None) -> typer.Typer:
    return typer.Typer(
        cls=cls, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True
    )


app: Final = _typer(Verbs)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer hands the flag over
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - costs more than the rest of the command

        say(f"debate {version('debate-engine')}")
        raise typer.Exit


@app.callback()
def debate(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Hold debates among models: who hears whom, in which rounds, at what cost, and how far they agree.

    Start with: debate demo
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code.

    Args:
        arguments: What stands behind the command's name; by default those of this process.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    prepare()
    sys.exit(run(given or ["--help"]))


def run(arguments: list[str]) -> int:
    """Run one command.

    Returns:
        Its exit code, as :data:`debate.errors.EXIT_CODES` has them.
    """
    try:
        ended = app(arguments, prog_name="debate", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return EXIT_CODES["interrupted"]
    except Exception as error:  # noqa: BLE001 - whatever a bug raises must not reach a person as a traceback unasked
        return _failed(_cause(error), arguments)
    return ended if isinstance(ended, int) else EXIT_CODES["done"]


def _cause(error: Exception) -> Exception:
    """What really happened, when it happened in a group of tasks."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _failed(error: Exception, arguments: list[str]) -> int:
    """Say what went wrong; return the exit code that says so to programs."""
    if isinstance(error, DebateError):
        complain(*lines_of(error))
        return code_of_error(error)
    if isinstance(error, _USAGE_ERROR):
        complain(_usage(error))
        return EXIT_CODES["usage"]
    if isinstance(error, OSError) and error.filename is not None:
        complain(reason_of(error))
    elif "--debug" in arguments:
        traceback.print_exception(error)
    else:
        what = " ".join(str(error).split())
        again = " ".join(["debate --debug", *arguments])
        complain(f"a bug in debate: {type(error).__name__}: {what} ({again} shows where)")
    return EXIT_CODES["failed"]


def _usage(error: Exception) -> str:
    """A usage error as one line, with the verb it concerns."""
    said = " ".join(getattr(error, "format_message", error.__str__)().split())
    said = said.removeprefix("Invalid value: ").replace(": Value error, ", ": ")
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "debate"
    return f"{said} ({command} --help shows what there is)"
