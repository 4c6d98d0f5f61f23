"""How a command shows the result of a run, and with which exit code it ends."""

from __future__ import annotations

import shutil
import sys

from debate.cli.failing import code_of_run
from debate.cli.output import complain, say
from debate.report.outcome import result_lines
from debate.transcript.result import Result


def ended(result: Result, *, as_json: bool) -> int:
    """Show what a run came to; the exit code says how it ended."""
    if as_json:
        say(result.model_dump_json())
        return code_of_run(result.status, result.stop_reason)
    say("", *result_lines(result, width=width(), names=_choices(result)))
    if result.transcript is not None:
        say(f"{'next':<12}debate replay {result.run_id} --verify" if result.status == "completed" else "")
    if result.status == "failed":
        complain(f"the debate failed: {result.stop_reason}")
    return code_of_run(result.status, result.stop_reason)


def width() -> int:
    """Columns to print in: those of the terminal, a hundred in a pipe or file."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def edge() -> int | None:
    """Columns at which tables are cut: on a terminal its own, in a pipe or file nowhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _choices(result: Result) -> dict[str, str]:
    """What the letters of a choice mean."""
    header = result.state.header
    question = header.scenario.get("question") if header is not None else None
    choices = question.get("choices") if isinstance(question, dict) else None
    return {str(letter): str(text) for letter, text in choices.items()} if isinstance(choices, dict) else {}
