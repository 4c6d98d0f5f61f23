"""Fetching embedding weights from a hub, given up at once where no connection stands."""

from __future__ import annotations

import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from debate.consensus.weights import hub_cache
from debate.errors import EmbedderError

HUB: Final = "https://huggingface.co"
PATIENCE: Final = 5.0
"""Seconds a connection may take to stand. The hub's own client retries for 70 s before it gives up."""

_FILES: Final = ["*.json", "*.txt", "*.model", "*.safetensors", "1_Pooling/*", "2_Dense/*", "2_Normalize/*"]
"""What is needed to load a model; not the copies of its weights for other runtimes."""


def download(name: str, environment: Mapping[str, str], *, patience: float = PATIENCE) -> Path:
    """Fetch the model ``name`` into the local hub cache, showing progress on stderr; its folder.

    Raises:
        EmbedderError: If no connection stands within ``patience`` seconds, or the hub does not give the model.
    """
    endpoint = (environment.get("HF_ENDPOINT") or HUB).rstrip("/")
    reason = _unreachable(f"{endpoint}/api/models/{name}", patience)
    if reason is not None:
        raise EmbedderError(f"{endpoint} cannot be reached: {reason}")
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - 0.5 s, for the first run only
    from huggingface_hub.errors import HfHubHTTPError  # noqa: PLC0415

    try:
        folder = snapshot_download(
            name, cache_dir=hub_cache(environment), endpoint=endpoint, allow_patterns=_FILES, etag_timeout=patience
        )
    except (HfHubHTTPError, OSError, ValueError, TypeError, KeyError) as error:  # the last ones: no hub's answer
        raise EmbedderError(f"{name} could not be fetched from {endpoint}: {error}") from error
    return Path(folder)


def _unreachable(url: str, patience: float) -> str | None:
    """Why ``url`` gives no answer in time; None when it does.

    Asked from a thread of its own, as looking up a host's name heeds no timeout.
    """
    outcome: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            with urllib.request.urlopen(url, timeout=patience):  # noqa: S310 - the hub's https address, or the user's own
                outcome.put(None)
        except urllib.error.HTTPError as error:
            outcome.put(f"{error.code} {error.reason}")
        except (OSError, ValueError) as error:
            outcome.put(str(error))

    threading.Thread(target=ask, name="debate-hub-probe", daemon=True).start()
    try:
        return outcome.get(timeout=patience)
    except queue.Empty:
        return f"no answer within {patience:g} s"
