"""The environment of this process, for what cannot be handed one: the only place that looks at it."""

from __future__ import annotations

import os
from collections.abc import Mapping


def process_environment() -> Mapping[str, str]:
    """The variables of this process as they are now."""
    return os.environ
