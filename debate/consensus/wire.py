"""What the engine and its worker process say to each other: length-prefixed JSON, each with one block of floats.

A frame is two big-endian 32-bit lengths, a JSON object, and raw little-endian float32 values.
Nothing in it is executed.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Final

LENGTHS: Final = struct.Struct(">II")

Json = dict[str, object]


def write_frame(stream: IO[bytes], header: Json, block: bytes = b"") -> None:
    """Write one frame and flush it."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    stream.write(LENGTHS.pack(len(text), len(block)) + text + block)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[Json, bytes] | None:
    """Read one frame; None when the other end closed, in the middle of a frame or between two."""
    lengths = _exactly(stream, LENGTHS.size)
    if lengths is None:
        return None
    of_text, of_block = LENGTHS.unpack(lengths)
    text, block = _exactly(stream, of_text), _exactly(stream, of_block)
    if text is None or block is None:
        return None
    header = json.loads(text.decode("utf-8", "surrogatepass"))
    if not isinstance(header, dict):
        raise TypeError(f"a frame's header must be an object, found {type(header).__name__}")
    return header, block


def _exactly(stream: IO[bytes], count: int) -> bytes | None:
    parts = []
    while count:
        part = stream.read(count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
