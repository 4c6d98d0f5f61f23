"""A server for benchmarks/clients.py: one canned completion after a fixed delay, over plain HTTP/1.1 on loopback.

Usage: clients_server.py DELAY_SECONDS; prints its port. It does as little as it can, so that the client is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import cast

TEXT = "A reply of a debater, of a usual length. " * 65
BODY = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TEXT}}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 500, "total_tokens": 1700},
    }
).encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY


class Canned(asyncio.Protocol):
    """Waits for the whole request, by its Content-Length, and answers after the delay."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            asyncio.get_running_loop().call_later(self.delay, self.answer)

    def answer(self) -> None:
        """Send the canned completion, if anybody is still there."""
        if not self.transport.is_closing():
            self.transport.write(ANSWER)


async def main() -> None:
    """Serve until killed."""
    delay = float(sys.argv[1])
    server = await asyncio.get_running_loop().create_server(lambda: Canned(delay), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
