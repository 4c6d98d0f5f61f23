"""Puts what tests share on the path: ``tests/support``. Checks what any test sends to a Together-shaped endpoint."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "support"))


@pytest.fixture(scope="session", autouse=True)
def together_traffic() -> Iterator[None]:
    """Every request in Together's dialect that a test makes is one that Together's own OpenAPI document allows."""
    from together_api import document, known_fields, validate  # noqa: PLC0415 - on the path since a moment

    if not document().is_file():
        yield
        return
    from debate.models import client  # noqa: PLC0415 - only here something is wrapped

    seen: dict[str, bytes] = {}
    encode = client.encode

    def recording(request: client.Request, dialect: client.Dialect, *, stream: bool) -> object:
        encoded = encode(request, dialect, stream=stream)
        if dialect.name == "together":
            seen.setdefault(_shape(encoded.content), encoded.content)
        return encoded

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "encode", recording)
        yield
    for body in seen.values():
        validate(body)
        assert set(json.loads(body)) <= known_fields(), f"Together knows no such field: {body[:500]!r}"


def _shape(content: bytes) -> str:
    """A body without its texts: requests that differ in nothing else are checked once."""
    body = json.loads(content)
    body["messages"] = [message["role"] for message in body["messages"]][:4]
    return json.dumps(body, sort_keys=True)
