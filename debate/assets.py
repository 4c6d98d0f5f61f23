"""Finds the prompts, scenarios and example transcripts that come with the package.

A wheel carries them in ``debate/_assets/``. A checkout has them at its top, where they are edited, and an editable
install reads them from there.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent
_IN_WHEEL: Final = _PACKAGE / "_assets"
_CHECKOUT: Final = _PACKAGE.parent

PROMPT_SUFFIX: Final = ".md.j2"
"""Of a template's file name."""

SCENARIO_SUFFIX: Final = ".yaml"
"""Of a scenario's file name."""


def prompts() -> Path:
    """The folder of prompt templates.

    Raises:
        FileNotFoundError: If the installation lacks it.
    """
    return _folder("prompts", "prompts")


def scenarios() -> Path:
    """The folder of runnable scenarios.

    Raises:
        FileNotFoundError: If the installation lacks it.
    """
    return _folder("scenarios", "scenarios")


def example_transcripts() -> Path:
    """The folder of committed transcripts.

    Raises:
        FileNotFoundError: If the installation lacks it.
    """
    return _folder("transcripts", "transcripts/examples")


def list_prompts() -> tuple[str, ...]:
    """The names a scenario can give in ``prompt``: paths below `prompts`, without the suffix."""
    return _names_below(prompts())


@cache
def _names_below(root: Path) -> tuple[str, ...]:
    """Looked up once: every run asks several times, and an installation does not change under a process."""
    found = (path.relative_to(root).as_posix() for path in root.rglob(f"*{PROMPT_SUFFIX}"))
    return tuple(sorted(name.removesuffix(PROMPT_SUFFIX) for name in found))


def list_scenarios() -> tuple[str, ...]:
    """The names that `scenario` takes, sorted."""
    return tuple(sorted(path.stem for path in scenarios().glob(f"*{SCENARIO_SUFFIX}")))


def scenario(name: str) -> Path:
    """The file of a scenario that comes with the package.

    Raises:
        KeyError: If there is none of that name.
    """
    if name not in list_scenarios():
        raise KeyError(name)
    return scenarios() / f"{name}{SCENARIO_SUFFIX}"


def _folder(in_wheel: str, in_checkout: str) -> Path:
    return _first((_IN_WHEEL / in_wheel, _CHECKOUT / in_checkout), in_wheel)


@cache
def _first(candidates: tuple[Path, ...], in_wheel: str) -> Path:
    for candidate in candidates:
        if candidate.is_dir() and (candidate.is_relative_to(_IN_WHEEL) or _is_checkout()):
            return candidate
    searched = " and ".join(map(str, candidates))
    raise FileNotFoundError(f"this installation has no {in_wheel}; looked in {searched}. Install it again")


def _is_checkout() -> bool:
    """In site-packages the folder above may hold anybody's ``prompts``; a checkout has its project file there."""
    return (_CHECKOUT / "pyproject.toml").is_file()
