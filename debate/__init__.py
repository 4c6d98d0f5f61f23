"""A multi-model debate orchestration engine: scenarios, one engine, transcripts.

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import Final

_MODULES: Final = {
    "BudgetExceeded": "debate.errors",
    "ChatModel": "debate.models.port",
    "Completion": "debate.models.port",
    "DebateError": "debate.errors",
    "Delta": "debate.models.port",
    "Engine": "debate.engine.engine",
    "Message": "debate.models.port",
    "MissingKey": "debate.errors",
    "ModelError": "debate.errors",
    "ModelRef": "debate.models.port",
    "Participant": "debate.scenario.schema",
    "Question": "debate.scenario.schema",
    "Request": "debate.models.port",
    "Result": "debate.transcript.result",
    "Round": "debate.scenario.schema",
    "Scenario": "debate.scenario.schema",
    "ScenarioChanged": "debate.errors",
    "ScenarioError": "debate.errors",
    "Settings": "debate.settings.schema",
    "SettingsError": "debate.errors",
    "Transcript": "debate.library",
    "TranscriptError": "debate.errors",
    "Usage": "debate.transcript.usage",
    "explain": "debate.library",
    "fork": "debate.library",
    "from_openai": "debate.models.from_openai",
    "parse_scenario": "debate.scenario.reading",
    "read": "debate.library",
    "read_scenario": "debate.scenario.reading",
    "rescore": "debate.library",
    "resume": "debate.library",
    "run": "debate.library",
}

__all__ = sorted(_MODULES)  # noqa: PLE0605 - the table is the list


def __getattr__(name: str) -> object:
    """Import ``name`` from its module the first time it is used."""
    if name not in _MODULES:
        raise AttributeError(f"module 'debate' has no attribute {name!r}")
    found = getattr(import_module(_MODULES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
