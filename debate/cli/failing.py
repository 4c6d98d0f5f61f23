"""What is said, and with which exit code, when something goes wrong or a run does not complete."""

from __future__ import annotations

from typing import Final

from debate.errors import (
    EXIT_CODES,
    AuthenticationFailed,
    BudgetExceeded,
    CircuitOpen,
    DeadlineExceeded,
    DebateError,
    EmbedderError,
    MissingKey,
    ModelError,
    PaymentRequired,
    PromptError,
    ScenarioChanged,
    ScenarioError,
    SettingsError,
    TranscriptNotFound,
)

_OF_ERROR: Final[tuple[tuple[tuple[type[DebateError], ...], str], ...]] = (
    ((MissingKey, AuthenticationFailed, PaymentRequired, CircuitOpen), "authentication"),
    ((ScenarioChanged, ScenarioError, SettingsError, PromptError, TranscriptNotFound, EmbedderError), "usage"),
    ((BudgetExceeded, DeadlineExceeded), "budget"),
)
"""The first row that an error belongs to names its exit code."""

_OF_STOP: Final = {
    "budget": "budget",
    "deadline": "budget",
    "authentication": "authentication",
    "payment": "authentication",
    "unavailable": "unavailable",
    "interrupted": "interrupted",
    "cancelled": "interrupted",
    "storage": "failed",
}
"""Why a run stopped, and the exit code that says so. Credit used up at the provider is the account's matter, as a
refused key is; the deadline is one more thing that a run may spend."""


def code_of_error(error: DebateError) -> int:
    """The exit code of a command that ended with ``error``."""
    for kinds, name in _OF_ERROR:
        if isinstance(error, kinds):
            return EXIT_CODES[name]
    if isinstance(error, ModelError) and error.retryable:
        return EXIT_CODES["unavailable"]
    return EXIT_CODES["failed"]


def code_of_run(status: str, stop_reason: str | None) -> int:
    """The exit code of a run that ended with ``status``."""
    if status == "completed":
        return EXIT_CODES["done"]
    if status == "failed" or stop_reason is None:
        return EXIT_CODES["failed"]
    return EXIT_CODES[_OF_STOP[stop_reason]]


def lines_of(error: Exception) -> tuple[str, ...]:
    """What is said of an error: one line for each thing that is wrong."""
    if isinstance(error, ScenarioError):
        return tuple(" ".join(str(problem).split("\n")) for problem in error.problems)
    return tuple(str(error).splitlines()) or (type(error).__name__,)


def reason_of(error: OSError) -> str:
    """An operating system's error about a file as one line."""
    return f"{error.filename}: {error.strerror or error}"
