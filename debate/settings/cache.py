"""Where answers are kept so that nobody pays for them twice, for how long, and how many."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from platformdirs import user_cache_path
from pydantic import BaseModel, ConfigDict, Field


class CacheSettings(BaseModel):
    """The response cache."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool | None = None
    """Whether it is used. None: by the command line, and by a program that says so, as ``Engine(cache=True)``."""
    path: Path | None = None
    """Its file; None for ``answers.sqlite`` in the user's cache folder."""
    ttl_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3600.0
    """How long an answer may be used again."""
    max_entries: Annotated[int, Field(ge=1)] = 10_000
    """How many answers are kept; those used longest ago go first."""
    max_bytes: Annotated[int, Field(ge=1)] = 256 * 1024 * 1024
    """How much they may take together, in bytes of JSON; likewise."""

    @property
    def file(self) -> Path:
        """Where it is."""
        return self.path if self.path is not None else user_cache_path("debate") / "answers.sqlite"
