"""Origins: scheme, host and port, which is what a key is bound to."""

from __future__ import annotations

import ipaddress
from typing import Final, NamedTuple
from urllib.parse import urlsplit

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_SAME_HOST: Final = {"api.together.xyz": "api.together.ai"}
"""Hosts of one service under two names: Together moved, and both names still answer."""


class Origin(NamedTuple):
    """Where a URL points to, without its path."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = _DEFAULT_PORTS.get(self.scheme) == self.port
        return f"{self.scheme}://{host}" if default else f"{self.scheme}://{host}:{self.port}"

    @classmethod
    def of(cls, url: str) -> Origin:
        """The origin of ``url``.

        Raises:
            ValueError: If it is not an http or https URL with a host, or if it holds a user name or password.
        """
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("a URL may not hold a user name or password; name a variable in key_env instead")
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"expected a URL such as https://host/v1, found {url!r}")
        return cls(parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme])

    def serves_the_same(self, other: Origin) -> bool:
        """Whether a key for one may be sent to the other."""
        return self._replace(host=_SAME_HOST.get(self.host, self.host)) == other._replace(
            host=_SAME_HOST.get(other.host, other.host)
        )

    @property
    def is_loopback(self) -> bool:
        """Whether the host is this machine."""
        address = self._address()
        if address is not None:
            return address.is_loopback
        return self.host == "localhost" or self.host.endswith(".localhost")

    @property
    def is_private(self) -> bool:
        """Whether the host is this machine, or an address that is not routed on the internet."""
        address = self._address()
        return self.is_loopback or (address is not None and address.is_private)

    def _address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        try:
            return ipaddress.ip_address(self.host)
        except ValueError:
            return None
