"""Definitions of tools, checked as the APIs check them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function a model may call.

    Raises:
        ValueError: If an API would refuse the name or the parameters.
    """

    name: str
    """Letters, digits, underscores and dashes, 64 at most."""
    description: str | None = None
    parameters: Mapping[str, object] | None = None
    """The JSON schema of its arguments, an object; None for a function without any."""

    def __post_init__(self) -> None:
        if _NAME.fullmatch(self.name) is None:
            raise ValueError(
                f"a tool's name has 1 to {_LONGEST_NAME} letters, digits, underscores and dashes, found {self.name!r}"
            )
        if self.parameters is not None and self.parameters.get("type") != "object":
            raise ValueError(f"the parameters of {self.name} are no JSON schema of an object")

    def definition(self) -> dict[str, object]:
        """As it is sent."""
        function: dict[str, object] = {"name": self.name}
        if self.description is not None:
            function["description"] = self.description
        if self.parameters is not None:
            function["parameters"] = self.parameters
        return {"type": "function", "function": function}


def lawful_name(name: str) -> str:
    """``name`` as the APIs take it, for schemas and tools alike."""
    return _NOT_IN_A_NAME.sub("_", name)[:_LONGEST_NAME]
