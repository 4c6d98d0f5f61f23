"""Tiers of limits that Together had once, kept for those who still set one.

Historical: the table is the source document's. Its requests per minute were those of one model (DeepSeek R1) and its
tokens per minute match no published table. Together now limits each organisation and model dynamically and publishes
no numbers, so the default is adaptive concurrency without any of these.
"""

from __future__ import annotations

import difflib
from types import MappingProxyType
from typing import Final

from debate.errors import SettingsError
from debate.pool.limits import Limits

PRESETS: Final = MappingProxyType(
    {
        "free": Limits(requests_per_second=1, requests_per_minute=0.3, tokens_per_minute=10_000),
        "build1": Limits(requests_per_second=10, requests_per_minute=3, tokens_per_minute=100_000),
        "build2": Limits(requests_per_second=10, requests_per_minute=60, tokens_per_minute=1_000_000),
        "build3_4": Limits(requests_per_second=10, requests_per_minute=400, tokens_per_minute=10_000_000),
        "build5_plus": Limits(requests_per_second=10, requests_per_minute=1200, tokens_per_minute=50_000_000),
    }
)
"""Name to limits. ``enterprise`` is not here: it was whatever the contract said."""

ENTERPRISE: Final = "enterprise"


def preset(name: str, *, own: Limits | None = None) -> Limits:
    """The limits of a tier.

    Args:
        name: As in :data:`PRESETS`, or ``enterprise``.
        own: The user's numbers, which ``enterprise`` needs and no other tier takes.

    Raises:
        SettingsError: If there is no such tier, ``enterprise`` has no rates, or another tier has some.
    """
    if name == ENTERPRISE:
        if own is None or _rates(own) == (None, None, None):
            raise SettingsError(
                "the tier 'enterprise' has no numbers of its own: give requests_per_second, requests_per_minute "
                "or tokens_per_minute as your contract says"
            )
        return own
    limits = PRESETS.get(name)
    if limits is None:
        known = (*PRESETS, ENTERPRISE)
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise SettingsError(f"there is no tier {name!r}{hint} Known: {', '.join(known)}; or leave it out to adapt")
    if own is not None:
        raise SettingsError(f"the tier {name!r} and limits of your own are both set; keep one of them")
    return limits


def effect(name: str, limits: Limits) -> str:
    """One line that says what a tier does, to be shown when one is used."""
    second, minute, tokens = _rates(limits)
    parts = []
    if second is not None:
        parts.append(f"{second:g} requests a second")
    if minute is not None:
        parts.append(f"{minute:g} a minute (one every {60 / minute:g} s)" if minute < 1 else f"{minute:g} a minute")
    if tokens is not None:
        parts.append(f"{tokens:,} tokens a minute")
    word = "" if name == ENTERPRISE else " (historical)"
    return f"tier {name}{word}: at most {', '.join(parts)}, for each model"


def _rates(limits: Limits) -> tuple[float | None, float | None, int | None]:
    return limits.requests_per_second, limits.requests_per_minute, limits.tokens_per_minute
