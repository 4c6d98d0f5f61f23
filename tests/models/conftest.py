"""A server that answers what a test tells it to, and a client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from model_server import Server, connected, serving

from debate.models.client import OpenAICompatible


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server that is told what to answer."""
    async with serving() as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[OpenAICompatible]:
    """A client of the server with a key, speaking Together's dialect."""
    async with connected(server.url) as made:
        yield made
