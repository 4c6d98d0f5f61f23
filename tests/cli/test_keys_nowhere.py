"""No key is anywhere after runs full of failures: not in what is printed, logged, written, cached or raised."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from threading import Lock, Thread

import pytest
from commands import Command

KEYS = {
    "TOGETHER_API_KEY": "tgp_v1_SECRETtogether0123456789abcdefgh",
    "OPENAI_API_KEY": "sk-proj-SECRETopenai0123456789abcdefgh",
    "OPENROUTER_API_KEY": "sk-or-v1-SECRETrouter0123456789abcd",
}
SECRETS = (*KEYS.values(), *(key[-20:] for key in KEYS.values()))
FILE = """\
debate: 1
name: leaky
motion: Secrets keep.
models: {one: "together:openai/gpt-oss-120b", two: "openai:gpt-5.1", three: "openrouter:x/y"}
participants: {ana: {}, ben: {}, cleo: {}, dan: {}, eve: {}, fay: {}}
rounds:
  - {name: opening, who: [ana, ben], tier: one, hears: nobody}
  - {name: middle, who: [cleo, dan], tier: two, hears: nobody}
  - {name: closing, who: [eve, fay], tier: three, hears: nobody, reply_mode: tool}
failure: {quorum: {voices: 0, every_side: false}}
"""
SETTINGS = """\
[providers.together]
base_url = "URL"
retries = 1
[providers.openai]
base_url = "URL"
retries = 1
[providers.openrouter]
base_url = "URL"
retries = 0
"""


@pytest.fixture
def tattling() -> Iterator[str]:
    """A server that fails in every way there is, and repeats the key it was sent in all of them."""
    kinds = cycle(("refused", "text", "html", "said", "broken", "inside", "limited", "redirect", "streamed"))
    lock = Lock()

    class Tattle(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, json.dumps({"error": {"message": f"your key {self._key}"}}))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                kind = next(kinds)
            said = f"Incorrect API key provided: {self._key}. Authorization: Bearer {self._key}"
            whole = {
                "id": self._key,
                "model": f"m-{self._key}",
                "choices": [
                    {"finish_reason": "stop", "message": {"content": f"I was sent {self._key}.\nSTANCE: support"}}
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1},
                "warnings": [{"message": said}],
            }
            self._answer(
                *{
                    "refused": (400, json.dumps({"error": {"message": said, "code": self._key, "type": self._key}})),
                    "text": (500, said, "text/plain"),
                    "html": (502, f"<html><title>{said}</title></html>", "text/html"),
                    "said": (200, json.dumps(whole)),
                    "broken": (200, f"{{{said}"),
                    "inside": (200, json.dumps({"error": {"message": said, "code": 400}})),
                    "limited": (429, json.dumps({"error": {"message": said}})),
                    "redirect": (307, said),
                    "streamed": (200, f"data: {json.dumps(whole)}\n\n", "text/event-stream"),
                }[kind]
            )

        @property
        def _key(self) -> str:
            return self.headers["Authorization"].removeprefix("Bearer ")

        def _answer(self, status: int, text: str, kind: str = "application/json") -> None:
            raw = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("x-request-id", self._key)
            self.send_header("Retry-After", "0")
            self.send_header("Location", f"http://127.0.0.1:9/?key={self._key}")
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Tattle) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


def test_no_key_is_anywhere_after_a_run_full_of_failures(
    debate: Command,
    tattling: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Three keys, three providers, every failure that a server can tell a key in; then every verb that shows a run."""
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    (tmp_path / "home" / "debate").mkdir(parents=True)
    (tmp_path / "settings.toml").write_text(SETTINGS.replace("URL", tattling))
    (tmp_path / "leaky.yaml").write_text(FILE)
    monkeypatch.setenv("DEBATE_SETTINGS", str(tmp_path / "settings.toml"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    caplog.set_level(logging.DEBUG)
    said = []
    for arguments in (
        ("run", "leaky.yaml", "--no-similarity"),
        ("run", "leaky.yaml", "--no-similarity", "--json", "--seed", "2"),
        ("replay", "last"),
        ("models",),
        ("doctor", "leaky.yaml"),
        ("doctor",),
    ):
        done = debate(*arguments)
        said.append(done.out + done.err)
    transcripts = list((tmp_path / "transcripts").glob("*.jsonl"))
    assert len(transcripts) == 2, said
    written = b"".join(path.read_bytes() for path in transcripts)
    assert written.count(b'"attempt_failed"') > 5
    assert written.count(b'"turn_answered"') > 0
    assert b"[key]" in written
    everything = [("printed", "\n".join(said)), ("logged", caplog.text)]
    everything += [
        (str(path), path.read_bytes().decode("latin-1")) for path in sorted(tmp_path.rglob("*")) if path.is_file()
    ]
    for where, text in everything:
        for secret in SECRETS:
            assert secret not in text, f"a key stands in {where}"
