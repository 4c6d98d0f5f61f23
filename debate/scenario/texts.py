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
    changes: dict[str, object] = {}
    if isinstance(scenario.context, FileText):
        changes["context"] = _read(scenario, scenario.context.file, "context.file")
    participants = {
        id_: one.model_copy(update={"private": _read(scenario, one.private.file, f"participants.{id_}.private.file")})
        if isinstance(one.private, FileText)
        else one
        for id_, one in scenario.participants.items()
    }
    if participants != scenario.participants:
        changes["participants"] = participants
    return scenario.model_copy(update=changes) if changes else scenario


def _read(scenario: Scenario, name: str, key: str) -> str:
    try:
        data = own_file(scenario.folder, name).read_bytes()
        text = data.decode()
    except UnicodeDecodeError as error:
        raise _error(key, f"{name!r} is not UTF-8: {error.reason}") from None
    except (ValueError, OSError) as error:
        raise _error(key, str(error)) from error
    if len(data) > SIZE_LIMIT:
        raise _error(key, f"{name!r} is larger than {SIZE_LIMIT:,} bytes")
    return text


def _error(key: str, message: str) -> ScenarioError:
    return ScenarioError((Problem(None, message, key),))
