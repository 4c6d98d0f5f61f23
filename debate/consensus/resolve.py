"""Which embedder a run uses, decided by looking at files before anything heavy is imported."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NamedTuple

from debate.consensus.download import PATIENCE, download
from debate.consensus.embedder import EmbedderPort
from debate.consensus.encoder import EncoderWorker, WorkerEmbedder
from debate.consensus.lexical import LexicalEmbedder
from debate.consensus.weights import DEFAULT, DEFAULT_SHA256, hub_cache, in_hub_cache, in_package, is_model, version_of
from debate.consensus.worker import label_columns
from debate.errors import EmbedderError
from debate.settings.process import process_environment

ResolvedKind = Literal["path", "hub_cache", "package", "download", "lexical"]

_failed: Final[dict[str, str]] = {}
"""Downloads that failed in this process and why, so that only the first run waits for one."""
_one_download: Final = threading.Lock()
"""Protects :data:`_failed` and the hub cache: of runs that start together one fetches, others wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where the embedder comes from."""

    kind: ResolvedKind
    name: str
    version: str
    """The start of the SHA-256 of the weights."""
    path: Path | None
    """None for the lexical embedder."""
    note: str
    """One sentence for the screen and the transcript."""

    @property
    def validated(self) -> bool:
        """Whether these are the weights whose validity as a measure of agreement is documented."""
        return DEFAULT_SHA256.startswith(self.version)

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


class Judge(NamedTuple):
    """Where the weights of an NLI cross-encoder are."""

    name: str
    path: Path


def resolve_embedder(
    setting: str | Path | None = None,
    *,
    allow_download: bool,
    environment: Mapping[str, str] | None = None,
    patience: float = PATIENCE,
) -> Resolution:
    """Find the embedder: the path or name that was set, else the default model, else the lexical one, saying so.

    A name is looked for in the local hub cache, then in an installed weights package, then fetched. Blocks while it
    reads files (a moment) or downloads, so call it from a thread.

    Args:
        setting: A folder, a hub name (``all-MiniLM-L6-v2`` or ``org/name``), ``lexical``, or None for the default.
        allow_download: Whether the hub may be asked.
        environment: Where the hub's variables are read; the process's own by default.
        patience: Seconds until a connection must stand.

    Raises:
        EmbedderError: If what was set explicitly cannot be had. Nothing else takes its place unasked.
    """
    variables = process_environment() if environment is None else environment
    if setting is not None and str(setting) == LexicalEmbedder.name:
        return _lexical("set")
    if setting is not None:
        folder = Path(setting).expanduser()
        if folder.exists() or isinstance(setting, Path) or str(setting).startswith((".", "/", "~")):
            return _at(folder)
    name = DEFAULT if setting is None else _full_name(str(setting))
    found = _on_disk(name, variables)
    if found is not None:
        return found
    reason = "downloading is switched off" if not allow_download else None
    if reason is None:
        fetched = _fetch(name, variables, patience)
        if isinstance(fetched, Resolution):
            return fetched
        reason = fetched
    if setting is not None:
        raise EmbedderError(
            f"the embedder {str(setting)!r} is not in the hub cache {hub_cache(variables)} "
            f"and could not be fetched ({reason}): give a folder, install the extra `weights`, or set `lexical`"
        )
    return _lexical(f"no weights of {DEFAULT} were found, and {reason}")


def open_embedder(resolution: Resolution, *, worker: EncoderWorker | None = None) -> EmbedderPort:
    """The embedder of a resolution, not yet started."""
    if resolution.path is None:
        return LexicalEmbedder()
    return WorkerEmbedder(resolution.path, name=resolution.name, version=resolution.version, worker=worker)


def resolve_judge(
    setting: str | Path, *, allow_download: bool, environment: Mapping[str, str], patience: float = PATIENCE
) -> Judge:
    """Find the weights of an NLI cross-encoder: a folder, or a hub name in the local cache or fetched.

    Raises:
        EmbedderError: If they cannot be had, or are not those of an NLI model.
    """
    folder = Path(setting).expanduser()
    if folder.exists() or isinstance(setting, Path) or str(setting).startswith((".", "/", "~")):
        if not is_model(folder):
            raise EmbedderError(f"{folder} holds no weights of a cross-encoder: no config.json with weights")
        found = Judge(folder.resolve().name, folder.resolve())
    else:
        name = str(setting)
        path = in_hub_cache(name, environment)
        if path is None:
            if not allow_download:
                raise EmbedderError(f"{name} is not in the hub cache {hub_cache(environment)}; give a folder")
            path = download(name, environment, patience=patience)
        found = Judge(name.rpartition("/")[2], path)
    try:
        config = json.loads((found.path / "config.json").read_text("utf-8"))
        label_columns({int(column): str(label) for column, label in config["id2label"].items()}, str(found.path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EmbedderError(f"{setting} is no NLI model: {error}") from None
    return found


def _at(folder: Path) -> Resolution:
    if not is_model(folder):
        raise EmbedderError(f"{folder} is no model that sentence-transformers can load: no config.json with weights")
    path = folder.resolve()
    return Resolution(
        kind="path", name=path.name, version=version_of(path), path=path, note=f"embeddings by the weights in {path}"
    )


def _on_disk(name: str, environment: Mapping[str, str]) -> Resolution | None:
    places: list[tuple[ResolvedKind, str, Callable[[], Path | None]]] = [
        ("hub_cache", "the local hub cache", lambda: in_hub_cache(name, environment)),
    ]
    if name == DEFAULT:
        places.append(("package", "the installed weights package", in_package))
    for kind, place, look in places:
        path = look()
        if path is not None:
            return _model(kind, name, path, place)
    return None


def _fetch(name: str, environment: Mapping[str, str], patience: float) -> Resolution | str:
    """The downloaded model, or why there is none."""
    with _one_download:
        if name in _failed:
            return _failed[name]
        found = _on_disk(name, environment)  # another run may have fetched it meanwhile
        if found is not None:
            return found
        try:
            return _model("download", name, download(name, environment, patience=patience), "the hub")
        except EmbedderError as error:
            _failed[name] = str(error)
            return str(error)


def _model(kind: ResolvedKind, name: str, path: Path, place: str) -> Resolution:
    return Resolution(
        kind=kind, name=name.rpartition("/")[2], version=version_of(path), path=path, note=f"{name} from {place}"
    )


def _lexical(why: str) -> Resolution:
    return Resolution(
        kind="lexical",
        name=LexicalEmbedder.name,
        version=LexicalEmbedder.version,
        path=None,
        note=f"similarity is lexical ({why}): it compares wording, hardly meaning",
    )


def _full_name(name: str) -> str:
    return name if "/" in name else f"sentence-transformers/{name}"
