"""A model server in a process of its own that counts what it answered, by the hash of the prompt.

``python counting_server.py`` prints its port. It answers the same prompt with the same reply, whoever asks. ``GET
/counts`` gives how often each prompt was answered; a prompt counts as answered before the answer is written, as a
provider would bill it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter

STANCES = ("strongly_support", "support", "neutral", "oppose", "strongly_oppose")
COUNTS: Counter[str] = Counter()


def prompt_hash(messages: list[dict[str, str]]) -> str:
    """The hash that a transcript has for these messages."""
    pairs = [[message["role"], message["content"]] for message in messages]
    return hashlib.sha256(json.dumps(pairs, separators=(",", ":")).encode()).hexdigest()


def completion(key: str) -> bytes:
    """What is answered to the prompt with this hash."""
    number = int(key[:8], 16)
    stance, sure = STANCES[number % 5], number % 101
    text = f"Argument {key[:12]}.\nPOSITION: Number {number % 97}.\nSTANCE: {stance}\nCONFIDENCE: {sure}"
    message = {"role": "assistant", "content": text}
    return json.dumps({
        "id": key[:8],
        "object": "chat.completion",
        "model": "counted",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 20, "total_tokens": 70},
    }).encode()  # fmt: skip


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection."""
    try:
        while line := (await reader.readline()).decode("latin-1"):
            length = 0
            while header := (await reader.readline()).decode("latin-1").strip():
                name, _, value = header.partition(":")
                length = int(value) if name.lower() == "content-length" else length
            body = await reader.readexactly(length)
            if line.startswith("GET"):
                answer = json.dumps(COUNTS).encode()
            else:
                key = prompt_hash(json.loads(body)["messages"])
                await asyncio.sleep(0.005 + int(key[8:12], 16) / 0xFFFF * 0.03)
                COUNTS[key] += 1
                answer = completion(key)
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
            writer.write(head.encode() + answer)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main() -> None:
    """Serve until killed."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how the test learns the port
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
