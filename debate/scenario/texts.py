"""The texts a scenario keeps in files of its folder, read in."""

from __future__ import annotations

from typing import Final

from debate.errors import Problem, ScenarioError
from debate.scenario.files import own_file
from debate.scenario.schema import FileText, Scenario

SIZE_LIMIT: Final = 1_000_000
"""Bytes one text may have."""


def with_texts(scenario: Scenario) -> Scenario:
    """The same scenario with every ``{file: …}`` replaced by what the file says, so that a transcript can hold it.

    Raises:
        debate.errors.ScenarioError: If a file is missing, too large, not UTF-8, or outside the scenario's folder.
    """
    if not isinstance(scenario.context, FileText):
        return scenario
    try:
        data = own_file(scenario.folder, scenario.context.file).read_bytes()
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _error(f"{scenario.context.file!r} is not UTF-8: {error.reason}") from None
    except (ValueError, OSError) as error:
        raise _error(str(error)) from error
    if len(data) > SIZE_LIMIT:
        raise _error(f"{scenario.context.file!r} is larger than {SIZE_LIMIT:,} bytes")
    inlined = scenario.model_copy(update={"context": text})
    return inlined if scenario.folder is None else inlined.in_folder(scenario.folder)


def _error(message: str) -> ScenarioError:
    return ScenarioError((Problem(None, message, "context.file"),))
