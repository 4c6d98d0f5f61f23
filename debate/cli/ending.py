"""How a command shows the result of a run, and with which exit code it ends."""

from __future__ import annotations

import shutil
import sys

from debate.cli.failing import code_of_run
from debate.cli.output import complain, say
from debate.report.outcome import result_lines
from debate.report.words import one_line
from debate.transcript.result import Result


def ended(result: Result, *, as_json: bool) -> int:
    """Show what a run that was just held came to, errors on standard error; the exit code says how it ended."""
    show(result, as_json=as_json)
    detail = _detail(result)
    if detail is not None and result.stop_reason != "interrupted":
        complain(f"the debate {'failed' if result.status == 'failed' else 'stopped'}: {detail}")
    return code_of_run(result.status, result.stop_reason)


def show(result: Result, *, as_json: bool) -> None:
    """Show what a run came to."""
    if as_json:
        say(result.model_dump_json())
        return
    say("", *result_lines(result, width=width(), names=_choices(result), detail=_detail(result)))
    if result.transcript is not None:
        say(f"{'next':<12}{_next(result)}")


def _next(result: Result) -> str:
    """What one would do next."""
    match result.status:
        case "completed":
            return f"debate replay {result.run_id} --verify"
        case "stopped":
            return f"debate resume {result.run_id}"
        case _:
            return f"debate explain {result.run_id}"


def width() -> int:
    """Columns to print in: those of the terminal, a hundred in a pipe or file."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def edge() -> int | None:
    """Columns at which tables are cut: on a terminal its own, in a pipe or file nowhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _detail(result: Result) -> str | None:
    """Why a run did not complete, in words."""
    suspended = result.state.suspended
    if suspended is not None:
        return one_line(suspended.detail)
    return None if result.status == "completed" else one_line(result.stop_reason or "no reason was given")


def _choices(result: Result) -> dict[str, str]:
    """What the letters of a choice mean."""
    header = result.state.header
    question = header.scenario.get("question") if header is not None else None
    choices = question.get("choices") if isinstance(question, dict) else None
    return {str(letter): str(text) for letter, text in choices.items()} if isinstance(choices, dict) else {}
