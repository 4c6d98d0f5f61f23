"""Fuzz the readers of transcripts and scenarios: ``python scripts/fuzz_readers.py [SECONDS] [FOLDER]``.

Real files are changed at random: bytes, lines, JSON values, whole pieces of each other; chains of hashes are mended
most of the time, so that what lies behind them is reached. Nothing but the package's own errors may come out. Whatever
else does is kept in FOLDER and printed, to become a regression test.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from pydantic import JsonValue

from debate.assets import example_transcripts, scenarios
from debate.engine.recorded import recorded_casting
from debate.engine.resuming import possibly_billed, reopened
from debate.errors import DebateError
from debate.scenario.reading import parse_scenario, read_scenario
from debate.transcript.ledger import ledger
from debate.transcript.log import hash_of
from debate.transcript.reading import load

ODD: tuple[JsonValue, ...] = (
    None, True, False, 0, -1, 1, 2**63, 2**64, 10**400, 1e308, -0.0, "", " ", "\x00", "\ud800", "ana", "opening/ana",
    "rebuttal.1?until", "NaN", "1e999999999", "9" * 5000, "{{ 1 }}", "{% include 'system' %}", "../../etc/passwd",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999+23:59", [], {}, [[]], {"": {}}, ["ana"] * 50,
)  # fmt: skip
YAML = (
    b"&a ", b"*a", b"!!python/object:os.system ", b"<<: *a", b"\t", b"- ", b": ", b"{", b"}", b"\xff",
    b"\xef\xbb\xbf", b"? ", b"|2-", b"'", b'"', b"%YAML 1.1\n---\n", b"...\n", b"\x00", b"\xe2\x80\xa8", b"1e1000",
    b"0o17", b"2001-12-14",
)  # fmt: skip


def changed_json(value: JsonValue, drawn: random.Random, others: list[JsonValue]) -> JsonValue:
    """``value`` with one thing in it changed, dropped, doubled or taken from elsewhere."""
    if isinstance(value, dict) and value and drawn.random() < 0.9:
        return changed_object(value, drawn, others)
    if isinstance(value, list) and value and drawn.random() < 0.8:
        place = drawn.randrange(len(value))
        lot = drawn.random()
        if lot < 0.15:
            return value[:place] + value[place + 1 :]
        changed = value[place] if lot < 0.3 else changed_json(value[place], drawn, others)
        return [*value[:place], changed, *value[place + (lot >= 0.3) :]]
    return drawn.choice(others) if others and drawn.random() < 0.3 else drawn.choice(ODD)


def changed_object(value: dict[str, JsonValue], drawn: random.Random, others: list[JsonValue]) -> JsonValue:
    """An object with one key dropped, added or changed."""
    key = drawn.choice(list(value))
    lot = drawn.random()
    if lot < 0.08:
        return {name: part for name, part in value.items() if name != key}
    if lot < 0.12:
        return {**value, drawn.choice(["kind", "turn", "x", "round", "event"]): drawn.choice(ODD)}
    return {**value, key: changed_json(value[key], drawn, others)}


def pieces(value: JsonValue) -> list[JsonValue]:
    """Every value inside ``value``."""
    below = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(found for part in below for found in pieces(part))]


def changed_transcript(data: bytes, drawn: random.Random, stock: list[JsonValue]) -> bytes:
    """A transcript with some lines changed."""
    if drawn.random() < 0.15:
        return changed_bytes(data, drawn)
    lines = [json.loads(line) for line in data.splitlines()]
    for _ in range(drawn.randint(1, 4)):
        place = drawn.randrange(len(lines))
        lot = drawn.random()
        if lot < 0.75:
            lines[place] = changed_json(lines[place], drawn, stock)
        elif lot < 0.85:
            del lines[place]
            lines = lines or [{}]
        elif lot < 0.95:
            lines.insert(place, drawn.choice(lines))
        else:
            drawn.shuffle(lines)
    prev, out = "", []
    for seq, line in enumerate(lines):
        mended = isinstance(line, dict) and drawn.random() < 0.995
        out.append(json.dumps({**line, "seq": seq, "prev": prev} if mended else line).encode())
        prev = hash_of(out[-1])
    return b"\n".join(out) + b"\n"


def changed_bytes(data: bytes, drawn: random.Random) -> bytes:
    """``data`` with a few bytes flipped, cut, doubled or put in."""
    made = bytearray(data)
    for _ in range(drawn.randint(1, 6)):
        place = drawn.randrange(len(made) + 1)
        match drawn.randrange(5):
            case 0:
                made[place : place + 1] = bytes([drawn.randrange(256)])
            case 1:
                del made[place : place + drawn.randint(1, 40)]
            case 2:
                made[place:place] = made[place : place + drawn.randint(1, 200)]
            case 3:
                made[place:place] = drawn.choice(YAML)
            case _:
                other = drawn.randrange(len(made) + 1)
                made[place:place] = made[other : other + drawn.randint(1, 80)]
    return bytes(made)


def read_transcript(path: Path) -> None:
    """Everything that is done with somebody else's transcript before anybody is asked."""
    saved = load(path)
    state = saved.state
    ledger(state)
    possibly_billed(state)
    if state.status in ("completed", "stopped", "failed"):
        saved.result.model_dump_json()
    casting = recorded_casting(saved)
    reopened(casting, state)


def changed_scenario(data: bytes, drawn: random.Random, stock: list[JsonValue]) -> bytes:
    """A scenario changed as text, or as JSON, which is YAML too."""
    if drawn.random() < 0.6:
        return changed_bytes(data, drawn)
    value = json.loads(parse_scenario(data.decode()).model_dump_json(by_alias=True, exclude_none=True))
    for _ in range(drawn.randint(1, 4)):
        value = changed_json(value, drawn, stock)
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def main() -> int:
    """Fuzz for as long as asked; return how many inputs gave anything but our errors."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    keep = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="fuzz-"))
    keep.mkdir(parents=True, exist_ok=True)
    transcripts = [path.read_bytes() for path in sorted(example_transcripts().glob("format-*/*.jsonl"))]
    texts = [path.read_bytes() for path in sorted(scenarios().glob("*.yaml"))]
    stock = [piece for data in transcripts for line in data.splitlines() for piece in pieces(json.loads(line))]
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else time.time_ns()
    drawn = random.Random(seed)
    until = time.monotonic() + seconds
    runs = read = 0
    found: dict[str, Path] = {}
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < until:
            runs += 1
            of_transcript = bool(runs % 2)
            if of_transcript:
                path = Path(folder) / "t.jsonl"
                path.write_bytes(changed_transcript(drawn.choice(transcripts), drawn, stock))
            else:
                path = Path(folder) / "s.yaml"
                path.write_bytes(changed_scenario(drawn.choice(texts), drawn, stock))
            began = time.monotonic()
            try:
                read_transcript(path) if of_transcript else read_scenario(path)
                read += 1
            except DebateError:
                pass
            except Exception as error:  # noqa: BLE001 - finding them is the point
                frame = traceback.extract_tb(error.__traceback__)[-1]
                name = f"{type(error).__name__}-{Path(frame.filename).stem}-{frame.lineno}"
                if name not in found:
                    found[name] = keep / f"{name}{path.suffix}"
                    found[name].write_bytes(path.read_bytes())
                    print(f"{name}: {error!s:.200}", flush=True)
            if time.monotonic() - began > 5:
                slow = keep / f"slow-{runs}{path.suffix}"
                slow.write_bytes(path.read_bytes())
                print(f"{slow}: took {time.monotonic() - began:.1f} s", flush=True)
    print(
        f"seed {seed}: {runs} inputs in {seconds:.0f} s, {read} of them still valid, {len(found)} kinds of stray error"
    )
    return len(found)


if __name__ == "__main__":
    sys.exit(main())
