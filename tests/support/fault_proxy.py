"""A TCP proxy on loopback that breaks connections in the ways networks do."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal["none", "refuse", "reset", "fin", "reset_midway", "fin_midway", "blackhole", "slow", "sliced"]
"""What happens to the answer of one connection's first request.

``refuse`` closes before anything is read, ``reset`` and ``fin`` end the connection once the request has gone through,
``…_midway`` after half of the answer; ``blackhole`` swallows the answer, ``slow`` drips it, ``sliced`` sends it byte
by byte.
"""


@dataclass
class FaultProxy:
    """Plays one fault for each connection, the last one for all that follow."""

    target: int
    """The server's port."""
    faults: list[Fault] = field(default_factory=lambda: ["none"])
    port: int = 0
    connections: int = 0

    @property
    def url(self) -> str:
        """The address of the proxied server."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Proxy one connection."""
        self.connections += 1
        fault = self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]
        upstream: asyncio.StreamWriter | None = None
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if fault == "refuse":
                    return
                answers, upstream = await asyncio.open_connection("127.0.0.1", self.target)
                async with asyncio.TaskGroup() as group:
                    forward = group.create_task(_copy(reader, upstream))
                    await _answer(fault, answers, writer)
                    forward.cancel()
        finally:
            if upstream is not None:
                upstream.close()
            writer.close()


async def _answer(fault: Fault, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand the answer on in the way of ``fault``."""
    if fault == "none":
        await _copy(answers, writer)
        return
    answer = await answers.readuntil(b"\r\n\r\n") + await answers.read(65_536)
    match fault:
        case "reset":
            _reset(writer)
        case "fin":
            writer.close()
        case "reset_midway" | "fin_midway":
            writer.write(answer[: len(answer) // 2])
            await writer.drain()
            await asyncio.sleep(0.01)
            _reset(writer) if fault == "reset_midway" else writer.close()
        case "blackhole":
            await asyncio.sleep(3600)
        case "slow" | "sliced":
            size, pause = (16, 0.005) if fault == "slow" else (1, 0.0)
            for start in range(0, len(answer), size):
                writer.write(answer[start : start + size])
                await writer.drain()
                await asyncio.sleep(pause)
            await _copy(answers, writer)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(65_536):
        sink.write(data)
        await sink.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other side sees a reset: no lingering, whatever is unsent is dropped."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def proxying(target: int, *faults: Fault) -> AsyncIterator[FaultProxy]:
    """Run a proxy before the server on port ``target`` for as long as the block lasts."""
    proxy = FaultProxy(target, list(faults) or ["none"])
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await proxy.serve(reader, writer)
        except asyncio.CancelledError:
            return  # the streams' own callback would log the end of the test as an error
        finally:
            tasks.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    proxy.port = listening.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listening.close()
        for task in tuple(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
