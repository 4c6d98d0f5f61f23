"""Keys: read from the environment once, shown nowhere, sent only where they belong."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Final, NoReturn

_SALT: Final = secrets.token_bytes(16)


class Secret:
    """A key. Only :meth:`reveal` gives it; every other way to look at it shows that there is one."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The key itself, for the header that carries it and for nothing else."""
        return self._text

    @property
    def fingerprint(self) -> str:
        """Tells keys apart within this process, and means nothing outside it."""
        return hashlib.blake2b(self._text.encode(), key=_SALT, digest_size=6).hexdigest()

    def hidden_in(self, text: str) -> str:
        """``text`` with every occurrence of the key replaced."""
        return text.replace(self._text, "[key]") if self._text in text else text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key stays in the process that read it")

    def __deepcopy__(self, _memo: object) -> Secret:
        return self


class Environment:
    """The environment as it was handed in. It shows none of its values."""

    __slots__ = ("_variables",)

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables: Final = dict(variables)

    def get(self, name: str) -> str | None:
        """The variable's value without surrounding blanks; None when it is unset or empty."""
        return self._variables.get(name, "").strip() or None

    def first(self, names: tuple[str, ...]) -> tuple[str, str] | None:
        """Name and value of the first variable of ``names`` that is set."""
        for name in names:
            value = self.get(name)
            if value is not None:
                return name, value
        return None

    def __repr__(self) -> str:
        return f"Environment({len(self._variables)} variables, hidden)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the environment stays in the process that read it")

    def __deepcopy__(self, _memo: object) -> Environment:
        return self
