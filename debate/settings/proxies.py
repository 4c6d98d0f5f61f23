"""Which proxy a URL is fetched through, from the usual variables."""

from __future__ import annotations

from typing import Final

from debate.errors import SettingsError
from debate.settings.keys import Environment
from debate.settings.origin import Origin

_VARIABLES: Final = {
    "https": ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
    # HTTP_PROXY in capitals is left out where a web server may have set it from a request's Proxy header
    # (httpoxy, CVE-2016-5385); this package runs in no CGI, so both spellings count.
    "http": ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"),
}


def proxy_for(origin: Origin, environment: Environment) -> str | None:
    """The proxy's URL, or None for a direct connection. ``NO_PROXY`` lists hosts and domains to reach directly.

    Addresses of this machine are always reached directly.

    Raises:
        SettingsError: If the proxy is of another kind, as socks5.
    """
    if origin.is_loopback:
        return None
    found = environment.first(_VARIABLES[origin.scheme])
    if found is None or _is_excluded(origin, environment):
        return None
    name, url = found
    url = url if "://" in url else f"http://{url}"
    if not url.startswith(("http://", "https://")):
        raise SettingsError(f"{name}: only http and https proxies can be used, found {url.partition('://')[0]}://")
    return url


def _is_excluded(origin: Origin, environment: Environment) -> bool:
    listed = environment.first(("no_proxy", "NO_PROXY"))
    if listed is None:
        return False
    for entry in listed[1].split(","):
        host, _, port = entry.strip().lower().lstrip("*").lstrip(".").partition(":")
        if entry.strip() == "*":
            return True
        if port and port != str(origin.port):
            continue
        if host and (origin.host == host or origin.host.endswith(f".{host}")):
            return True
    return False
