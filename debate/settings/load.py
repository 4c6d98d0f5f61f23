"""Reading the settings file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from platformdirs import user_config_path, user_data_path
from pydantic import BaseModel, ValidationError

from debate.errors import SettingsError
from debate.settings.bounds import Bounds
from debate.settings.cache import CacheSettings
from debate.settings.facts import ModelFacts
from debate.settings.inputs import InputSettings
from debate.settings.nearest import did_you_mean
from debate.settings.prices import Price
from debate.settings.process import process_environment
from debate.settings.provider import Limits, ProviderSettings, Timeouts
from debate.settings.schema import Settings

_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")

_TABLES: Final[tuple[tuple[str, type[BaseModel]], ...]] = (
    (r"providers\.[^.]+\.(?:account_)?limits", Limits),
    (r"providers\.[^.]+\.timeouts", Timeouts),
    (r"providers\.[^.]+", ProviderSettings),
    (r"prices\..+", Price),
    (r"models\..+", ModelFacts),
    (r"budget", Bounds),
    (r"cache", CacheSettings),
    (r"input", InputSettings),
    (r"", Settings),
)
"""Which keys stand in which table, for the suggestions."""


def load_settings(path: Path | None = None, *, environ: Mapping[str, str]) -> Settings:
    """The user's settings.

    Args:
        path: The file. None: the one ``DEBATE_SETTINGS`` names, else ``debate/settings.toml`` in the user's
            configuration folder if there is one, else the built-in settings alone.
        environ: The environment: keys, base URLs, proxies. Nothing else in the package reads it.

    Raises:
        SettingsError: If the file cannot be read or is wrong, as ``file:line:column: what``.
    """
    named = path if path is not None else _from_environment(environ)
    if named is None:
        own = user_config_path("debate") / "settings.toml"
        named = own if own.is_file() else None
    settings = Settings() if named is None else read_settings(named)
    if settings.calibrations is None:
        settings = settings.model_copy(update={"calibrations": user_data_path("debate") / "calibrations"})
    return settings.with_environment(environ)


def user_settings(path: Path | None = None) -> Settings:
    """The settings of whoever runs this process, with the keys and base URLs of its environment.

    Raises:
        SettingsError: If the file cannot be read or is wrong.
    """
    return load_settings(path, environ=process_environment())


def _from_environment(environ: Mapping[str, str]) -> Path | None:
    named = environ.get("DEBATE_SETTINGS", "").strip()
    return Path(named).expanduser() if named else None


def read_settings(path: Path) -> Settings:
    """The settings that stand in one file, without an environment.

    Raises:
        SettingsError: If the file cannot be read or is wrong.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path}: cannot be read: {reason}") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(_syntax(path, text, str(error))) from None
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError("\n".join(_problems(path, text, error))) from None
    changes: dict[str, object] = {"transcripts": _beside(path, settings.transcripts, data)}
    if settings.calibrations is not None:
        changes["calibrations"] = path.parent / settings.calibrations.expanduser()
    if settings.cache.path is not None:
        cache = path.parent / settings.cache.path.expanduser()
        changes["cache"] = settings.cache.model_copy(update={"path": cache})
    return settings.model_copy(update=changes)


def _beside(path: Path, transcripts: Path, data: Mapping[str, object]) -> Path:
    """A relative folder named in a file is meant from that file, like every path in a configuration."""
    return (path.parent / transcripts.expanduser()) if "transcripts" in data else transcripts


def _syntax(path: Path, text: str, message: str) -> str:
    found = _POSITION.search(message)
    if found is None:
        return f"{path}: {message}"
    lines = text.splitlines() or [""]
    line, column = (found[1], found[2]) if found[1] is not None else (len(lines), len(lines[-1]) + 1)
    return f"{path}:{line}:{column}: {message[: found.start()]}"


def _problems(path: Path, text: str, error: ValidationError) -> list[str]:
    problems = []
    for detail in error.errors():
        keys = tuple(str(part) for part in detail["loc"])
        place = _place(text, keys)
        where = f"{path}:{place[0]}:{place[1]}" if place is not None else str(path)
        message = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            message = f"unknown key{did_you_mean(keys[-1], _known_keys(keys[:-1]))}"
        problems.append(f"{where}: {'.'.join(keys)}: {message}" if keys else f"{where}: {message}")
    return problems


def _known_keys(table: tuple[str, ...]) -> tuple[str, ...]:
    name = ".".join(table)
    return next(tuple(model.model_fields) for pattern, model in _TABLES if re.fullmatch(pattern, name) is not None)


_HEADER: Final = re.compile(r"^\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_KEY: Final = re.compile(r"""^(\s*)((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART: Final = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def _place(text: str, keys: tuple[str, ...]) -> tuple[int, int] | None:
    """Line and column of a key, or of the innermost table or inline table around it that can be found.

    The parser gives no places for keys, so headers and assignments are looked for line by line.
    """
    table: tuple[str, ...] = ()
    best: tuple[int, tuple[int, int]] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header is not None:
            table = _parts(header[1])
            path, column = table, line.index("[") + 1
        elif key is not None:
            path, column = (*table, *_parts(key[2])), len(key[1]) + 1
        else:
            continue
        if keys[: len(path)] == path and (best is None or len(path) > best[0]):
            best = len(path), (number, column)
    return None if best is None else best[1]


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))
