"""``debate doctor``: what is looked at, what it says of each thing that can be wrong, and what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from commands import Command

KEY = "tgp_v1_doctor_0123456789abcdef"
MODEL = "openai/gpt-oss-120b"
FILE = """\
debate: 1
name: sick
motion: Checks pay.
models: {{cheap: "together:{model}", other: "together:zai-org/GLM-5.3"}}
participants: {{ana: {{}}, ben: {{}}, cleo: {{role: judge}}}}
rounds:
  - {{name: opening, who: debater, tier: cheap, hears: nobody}}
  - {{name: verdict, who: judge, tier: other}}
"""


@dataclass
class Vendor:
    """A server that lists models and answers with one token."""

    url: str = ""
    listing: int = 200
    rows: list[dict[str, Any]] = field(default_factory=lambda: [{"id": MODEL, "type": "chat"}])
    missing: set[str] = field(default_factory=set)
    """Models that cannot be called."""
    asked: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    """One on a loopback socket."""
    made = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(made.listing, made.rows if made.listing == 200 else _error("no"))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.asked.append(body)
            if body["model"] in made.missing:
                self._send(400, _error("Unable to access non-serverless model", "model_not_available"))
                return
            choice = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": ""}}
            usage = {"prompt_tokens": 4, "completion_tokens": 1, "total_tokens": 5}
            self._send(200, {"id": "c", "model": body["model"], "choices": [choice], "usage": usage})

        def _send(self, status: int, value: object) -> None:
            raw = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        yield made
        server.shutdown()
        thread.join()


def _error(message: str, code: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}


@pytest.fixture
def sick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A scenario's file, and a key that is set."""
    monkeypatch.setenv("MINE_KEY", KEY)
    path = tmp_path / "sick.yaml"
    path.write_text(FILE.format(model=MODEL))
    return path


def at(vendor: Vendor) -> tuple[str, ...]:
    """The flags that reach it."""
    return ("--endpoint", f"together={vendor.url}", "--key-env", "MINE_KEY")


def test_the_cost_comes_first_and_then_everything_is_looked_at(debate: Command, vendor: Vendor, sick: Path) -> None:
    """Key, server, prices, a call for one token to each model, the embedder; the key itself is nowhere."""
    done = debate("doctor", str(sick), *at(vendor), "--embedder", "lexical")
    assert done.code == 0, done.out + done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("costs at most $0.00")
    assert "2 models called for one token each" in lines[0]
    for part in ("key", "server", "price", "model", "embedder"):
        assert any(line.split()[1:2] == [part] for line in lines), part
    assert "set (MINE_KEY)" in done.out
    assert KEY not in done.out + done.err
    assert [body["max_tokens"] for body in vendor.asked] == [1, 1]
    assert {body["model"] for body in vendor.asked} == {MODEL, "zai-org/GLM-5.3"}


def test_a_model_that_answers_with_thought_alone_can_be_called(debate: Command, vendor: Vendor, sick: Path) -> None:
    """The server above gives no text for its one token, and that is an answer."""
    found = json.loads(debate("doctor", str(sick), *at(vendor), "--json").out)["findings"]
    assert [f["state"] for f in found if f["part"] == "model"] == ["ok", "ok"]


def test_a_model_that_cannot_be_called_is_named(debate: Command, vendor: Vendor, sick: Path) -> None:
    """Being listed with a price is no proof; the other one is called all the same."""
    vendor.missing = {MODEL}
    done = debate("doctor", str(sick), *at(vendor), "--json")
    found = {f["name"]: f for f in json.loads(done.out)["findings"] if f["part"] == "model"}
    assert done.code == 1
    assert found[f"together:{MODEL}"]["state"] == "wrong"
    assert "non-serverless" in found[f"together:{MODEL}"]["found"]
    assert "name another model" in found[f"together:{MODEL}"]["mend"]
    assert found["together:zai-org/GLM-5.3"]["state"] == "ok"


def test_security_manager_a_refused_key_is_not_an_unreachable_host(debate: Command, vendor: Vendor, sick: Path) -> None:
    """There a network error made a key invalid, and another prefix too; here each is told apart, with what to do."""
    vendor.listing = 401
    done = debate("doctor", str(sick), *at(vendor))
    assert done.code == 3
    assert "mend MINE_KEY: the server refuses it" in " ".join(done.out.split())
    assert vendor.asked == []
    done = debate("doctor", str(sick), "--endpoint", "together=http://127.0.0.1:9/v1", "--key-env", "MINE_KEY")
    assert done.code == 5
    assert "cannot be reached" in done.out
    assert "refuses" not in done.out


def test_security_manager_a_listed_model_is_still_called(debate: Command, vendor: Vendor, sick: Path) -> None:
    """There a list of models proved a key good for everything; here a server without a list is only noted."""
    vendor.listing = 404
    done = debate("doctor", str(sick), *at(vendor))
    assert done.code == 0
    assert "does not list its models" in done.out
    assert len(vendor.asked) == 2


def test_a_missing_key_names_its_variable(debate: Command, sick: Path) -> None:
    """Nothing is called, and the exit code is that of authentication."""
    done = debate("doctor", str(sick))
    assert done.code == 3
    assert "not set" in done.out
    assert "set TOGETHER_API_KEY" in done.out


def test_a_retired_model_and_an_unknown_price_are_found(debate: Command, tmp_path: Path, sick: Path) -> None:
    """Both are known without asking anybody."""
    sick.write_text(FILE.format(model="deepseek-ai/DeepSeek-R1").replace("zai-org/GLM-5.3", "nobody/knows"))
    said = " ".join(debate("doctor", str(sick)).out.split())
    assert "together:deepseek-ai/DeepSeek-R1 is no longer served" in said
    assert "together:nobody/knows: unknown" in said
    assert "[prices." in said


def test_without_a_scenario_nothing_is_called(debate: Command, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    """The providers whose keys are set are looked at, and it says that it costs nothing."""
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    monkeypatch.setenv("TOGETHER_BASE_URL", vendor.url)
    done = debate("doctor")
    assert done.code == 0, done.out
    assert done.out.startswith("costs nothing")
    assert "lists 1 model" in done.out
    assert vendor.asked == []


def test_what_a_server_lists_counts_if_the_settings_say_so(
    debate: Command, vendor: Vendor, sick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With list_models its prices stand in the plan, named as its own; without, nobody asks it."""
    vendor.rows = [{"id": MODEL, "type": "chat", "context_length": 9000, "pricing": {"input": 7, "output": 8}}]
    monkeypatch.setenv("TOGETHER_API_KEY", KEY)
    monkeypatch.setenv("DEBATE_SETTINGS", str(tmp_path / "settings.toml"))
    for line, listed in (("list_models = true", True), ("", False)):
        (tmp_path / "settings.toml").write_text(f'[providers.together]\nbase_url = "{vendor.url}"\n{line}\n')
        prices = json.loads(debate("models", MODEL, "--json").out)["prices"]
        assert (prices[f"together:{MODEL}"]["source"] == "listed by together") is listed
