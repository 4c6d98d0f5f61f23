"""What every part of a scenario's schema has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A frozen piece of a scenario that knows all its keys.

    Keys that are Python words (``from``, ``else``) have an attribute with an underscore behind; both spellings are
    accepted from Python.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_alias=True, validate_by_name=True)
