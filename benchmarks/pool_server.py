"""A server for benchmarks/pool_quota.py: canned completions, and a limit it enforces over a sliding window.

Usage: pool_server.py LIMIT PERIOD_SECONDS DELAY_SECONDS; prints its port. A request counts from when it has
arrived in full; one above the limit gets a 429 that says when to come back, and does not count. ``GET /stats`` tells
what happened.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from typing import cast

BODY = json.dumps(
    {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "bench",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Yes. " * 400}}],
        "usage": {"prompt_tokens": 1200, "completion_tokens": 500, "total_tokens": 1700},
    }
).encode()
REFUSAL = json.dumps({"error": {"message": "above your rate", "type": "dynamic_request_limited"}}).encode()


def response(status: bytes, body: bytes, *headers: bytes) -> bytes:
    """An HTTP/1.1 response."""
    head = [b"HTTP/1.1 " + status, b"Content-Type: application/json", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


class Limit:
    """At most so many accepted in any period, by this process's clock."""

    def __init__(self, limit: int, period: float) -> None:
        self.limit = limit
        self.period = period
        self.accepted: list[float] = []
        self.refused = 0
        self._window: deque[float] = deque()

    def wait(self) -> float | None:
        """None if the request is accepted; else the seconds after which one would be."""
        now = time.monotonic()
        while self._window and now - self._window[0] >= self.period:
            self._window.popleft()
        if len(self._window) >= self.limit:
            self.refused += 1
            return self._window[0] + self.period - now
        self._window.append(now)
        self.accepted.append(now)
        return None

    def stats(self) -> bytes:
        """What happened so far."""
        span = self.accepted[-1] - self.accepted[0] if self.accepted else 0.0
        return json.dumps({"accepted": len(self.accepted), "refused": self.refused, "span": span}).encode()


class Enforcing(asyncio.Protocol):
    """Reads whole requests and answers each after the delay, or refuses it at once."""

    def __init__(self, limit: Limit, delay: float) -> None:
        self.limit = limit
        self.delay = delay
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Take each request that is complete."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + length:
                return
            self.buffer = self.buffer[end + 4 + length :]
            self.take(head)

    def take(self, head: bytes) -> None:
        """Answer, refuse, or tell the figures."""
        if head.startswith(b"get /stats"):
            self.send(response(b"200 OK", self.limit.stats()))
            return
        wait = self.limit.wait()
        if wait is None:
            asyncio.get_running_loop().call_later(self.delay, self.send, response(b"200 OK", BODY))
        else:
            hint = b"Retry-After-Ms: %d" % (wait * 1000 + 1)
            self.send(response(b"429 Too Many Requests", REFUSAL, hint))

    def send(self, data: bytes) -> None:
        """Write, if anybody is still there."""
        if not self.transport.is_closing():
            self.transport.write(data)


async def main() -> None:
    """Serve until killed."""
    limit = Limit(int(sys.argv[1]), float(sys.argv[2]))
    delay = float(sys.argv[3])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Enforcing(limit, delay), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
