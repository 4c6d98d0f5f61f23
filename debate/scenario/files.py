"""Files a scenario names: inside its own folder, symbolic links resolved first."""

from __future__ import annotations

from pathlib import Path


def own_file(folder: Path | None, name: str) -> Path:
    """The file ``name`` of a scenario whose own files lie in ``folder``.

    The check holds at the time it is made; who reads the file later opens the path returned, not the name.

    Raises:
        ValueError: In plain words, if there is no such file, or it is not inside the folder.
    """
    if folder is None:
        raise ValueError(f"{name!r} cannot be found, as a scenario without a file has no folder; give the text itself")
    if not name.strip() or "\0" in name:
        raise ValueError(f"expected the name of a file, found {name!r}")
    if Path(name).is_absolute():
        raise ValueError(f"{name!r} is an absolute path; name a file in the scenario's folder")
    try:
        root = folder.resolve(strict=True)
        path = (root / name).resolve(strict=True)
    except (OSError, RuntimeError):
        # RuntimeError: a loop of symbolic links, before Python 3.13.
        outside = ".." in Path(name).parts
        mend = "files outside it cannot be named" if outside else "check its name"
        raise ValueError(f"there is no file {name!r} in the scenario's folder; {mend}") from None
    if not path.is_relative_to(root):
        raise ValueError(f"{name!r} lies outside the scenario's folder; copy it there")
    if not path.is_file():
        raise ValueError(f"{name!r} is not a file; name one in the scenario's folder")
    return path
