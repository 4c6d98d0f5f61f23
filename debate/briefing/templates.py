"""Finding the templates a scenario uses, before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from debate import assets
from debate.assets import PROMPT_SUFFIX as SUFFIX
from debate.briefing.rendering import referenced
from debate.errors import PromptError
from debate.scenario.cast import cast as cast_of
from debate.scenario.cast import named
from debate.scenario.files import own_file
from debate.scenario.schema import Round, Scenario
from debate.settings.nearest import did_you_mean

SYSTEM: Final = "system"
"""The template of the system message, for prompts that have none of their own (``NAME.system.md.j2`` beside them)."""

SUMMARY: Final = "summary"
"""The template by which a participant sums up what another is to hear."""

NONE: Final[Mapping[str, str]] = MappingProxyType({})

SIZE_LIMIT: Final = 65_536
"""Bytes one template may have."""


@dataclass(frozen=True, slots=True)
class Templates:
    """Every template a run can use, by name."""

    sources: Mapping[str, str]
    by_round: Mapping[str, str]
    """Round to the template of its prompt."""

    def system_for(self, name: str) -> str:
        """The template of the system message that goes with prompt ``name``."""
        own = _system_name(name)
        return own if own in self.sources else SYSTEM


def _system_name(name: str) -> str:
    return f"{name.removesuffix(SUFFIX)}.system{SUFFIX}" if name.endswith(SUFFIX) else f"{name}.system"


def prompt_of(scenario: Scenario, round_: Round) -> str:
    """The template of a round's prompt: the one it names, or what fits what it does.

    Whoever decides is asked for the verdict; who hears nobody opens; everyone else answers what was heard.
    """
    if round_.prompt is not None:
        return round_.prompt
    who = named(round_.who, cast_of(scenario))
    if who and all(scenario.decision.by in (member.id, member.entry) for member in who):
        return "verdict"
    return "opening" if round_.hears is not None and not round_.hears.from_ else "rebuttal"


def collect(scenario: Scenario, known: Mapping[str, str] = NONE) -> Templates:
    """Read every template that ``scenario`` can use, with all they include; ``known`` ones are taken as they are.

    Raises:
        debate.errors.PromptError: If one is missing, lies outside the scenario's folder, or is not a template.
    """
    by_round = {round_.name: prompt_of(scenario, round_) for round_ in scenario.steps}
    sources: dict[str, str] = {}
    wanted = [SYSTEM, SUMMARY, *by_round.values()]
    while wanted:
        name = wanted.pop()
        if name in sources:
            continue
        if name in known:
            sources[name] = known[name]
        else:
            path = locate(name, scenario.folder)
            sources[name] = _read(name, path) if _is_own(name) else _read_packaged(name, path)
        wanted += referenced(name, sources[name])
        if name in by_round.values() and _has_system(name, scenario.folder, known):
            wanted.append(_system_name(name))
    return Templates(sources, by_round)


def _has_system(name: str, folder: Path | None, known: Mapping[str, str]) -> bool:
    if name in known:
        return _system_name(name) in known
    if not _is_own(name):
        return _system_name(name) in assets.list_prompts()
    path = locate(name, folder)
    return path.with_name(Path(_system_name(path.name)).name).is_file()


def locate(name: str, folder: Path | None) -> Path:
    """Where template ``name`` lies: ``./own.md.j2`` in the scenario's folder, any other among the packaged prompts.

    Raises:
        debate.errors.PromptError: If it is not there, or a symlink leads out of its folder.
    """
    if _is_own(name):
        try:
            return own_file(folder, name[2:])
        except ValueError as error:
            raise PromptError(f"prompt {name}: {error}") from error
    if name not in assets.list_prompts():
        near = did_you_mean(name, assets.list_prompts())
        raise PromptError(f"no prompt is called {name!r}{near}; there are {', '.join(assets.list_prompts())}")
    return assets.prompts() / f"{name}{SUFFIX}"


def _is_own(name: str) -> bool:
    """Whether a template lies in the scenario's folder; all others come with the package."""
    return name.startswith("./")


@cache
def _read_packaged(name: str, path: Path) -> str:
    """Read once: every run uses them, and they do not change under a process."""
    return _read(name, path)


def _read(name: str, path: Path) -> str:
    try:
        data = path.read_bytes()
        if len(data) > SIZE_LIMIT:
            raise PromptError(f"{name}: larger than {SIZE_LIMIT:,} bytes")
        return data.decode()
    except OSError as error:
        raise PromptError(f"{name}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PromptError(f"{name}: not UTF-8") from error
