import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path

import numpy as np
import pytest

from debate.consensus.embedder import CallableEmbedder
from debate.consensus.encoder import EncoderWorker, WorkerEmbedder
from debate.consensus.process import WorkerProcess, worker_environment
from debate.consensus.weights import in_package
from debate.errors import EmbedderError

FAKE = """
import hashlib, json, os, struct, sys, time
from debate.consensus.wire import read_frame, write_frame
log = open(sys.argv[1], "a")
while (frame := read_frame(sys.stdin.buffer)) is not None:
    request = frame[0]
    log.write(json.dumps(request) + "\\n"); log.flush()
    items = request.get("texts", [])
    if "die" in items:
        sys.stderr.write("out of memory\\n"); sys.stderr.flush(); os._exit(3)
    if "slow" in items:
        time.sleep(60)
    if "environment" in items:
        log.write(json.dumps(sorted(os.environ)) + "\\n"); log.flush()
    if "bad" in items:
        write_frame(sys.stdout.buffer, {"error": "ValueError: bad"}); continue
    rows = b"".join(struct.pack("<2f", len(text), 1.0) for text in items)
    write_frame(sys.stdout.buffer, {"rows": len(items)}, rows)
"""
"""A process that speaks the worker's protocol without weights: a text's vector is (its length, 1)."""


@pytest.fixture(name="fake")
def _fake(tmp_path: Path) -> Iterator[tuple[WorkerEmbedder, Path]]:
    log = tmp_path / "requests"
    log.touch()
    worker = EncoderWorker(process=WorkerProcess(command=(sys.executable, "-c", FAKE, str(log))))
    yield WorkerEmbedder(Path("model"), name="fake", version="1", worker=worker), log
    worker.close()


async def test_requests_that_wait_together_are_one_batch_of_distinct_texts(fake: tuple[WorkerEmbedder, Path]):
    """Twenty debates that ask at once cost one or two frames, and no text is sent twice, then or later."""
    embedder, log = fake
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(embedder.embed(["same", f"text {i % 5}", "same"])) for i in range(20)]
    for task in asked:
        assert task.result()[:, 0].tolist() == [4, 6, 4]
    assert (await embedder.embed(["same"])).shape == (1, 2)
    sent = [json.loads(line)["texts"] for line in log.read_text().splitlines()]
    assert sorted(text for texts in sent for text in texts) == ["same", *(f"text {i}" for i in range(5))]
    assert len(sent) <= 2


async def test_a_worker_that_dies_is_an_error_and_the_next_call_starts_another(fake: tuple[WorkerEmbedder, Path]):
    """The error says how it ended and what it said last; a later call is answered."""
    embedder, _ = fake
    with pytest.raises(EmbedderError, match=r"(?s)status 3.*out of memory"):
        await embedder.embed(["die"])
    assert (await embedder.embed(["abc"])).tolist() == [[3.0, 1.0]]


async def test_a_killed_worker_is_an_error_for_whoever_waits(fake: tuple[WorkerEmbedder, Path]):
    """SIGKILL while a request is under way fails that request, never fills in vectors."""
    embedder, log = fake
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(_error_of(embedder.embed(["slow"])))
        await asyncio.to_thread(_wait_for, log, "slow")
        os.kill(embedder.worker.pid, signal.SIGKILL)
    assert "status -9" in asked.result()
    assert (await embedder.embed(["abc"])).shape == (1, 2)


async def test_an_error_inside_the_worker_reaches_the_caller(fake: tuple[WorkerEmbedder, Path]):
    """A library's exception is reported with its text; the worker goes on."""
    embedder, _ = fake
    with pytest.raises(EmbedderError, match="ValueError: bad"):
        await embedder.embed(["bad"])
    assert (await embedder.embed(["abc"])).shape == (1, 2)


async def test_closing_fails_whoever_waits_and_is_final(fake: tuple[WorkerEmbedder, Path]):
    """Closing ends the worker at once, also in the middle of a long request, and may be done twice."""
    embedder, log = fake
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(_error_of(embedder.embed(["slow"])))
        await asyncio.to_thread(_wait_for, log, "slow")
        await asyncio.to_thread(embedder.worker.close)
    assert "closed" in asked.result()
    await asyncio.to_thread(embedder.worker.close)
    with pytest.raises(EmbedderError, match="closed"):
        await embedder.embed(["abc"])


async def test_a_cancelled_request_does_not_disturb_others(fake: tuple[WorkerEmbedder, Path]):
    """Whoever gives up waiting is forgotten; the others get their rows."""
    embedder, _ = fake
    async with asyncio.TaskGroup() as group:
        given_up = group.create_task(embedder.embed(["one"]))
        kept = group.create_task(embedder.embed(["three"]))
        await asyncio.sleep(0)
        given_up.cancel()
    assert kept.result().tolist() == [[5.0, 1.0]]


async def test_the_cache_is_bounded(tmp_path: Path):
    """Rows beyond the bound are forgotten, oldest use first, and asked for again."""
    log = tmp_path / "requests"
    process = WorkerProcess(command=(sys.executable, "-c", FAKE, str(log)))
    worker = EncoderWorker(process=process, remembered=2)
    embedder = WorkerEmbedder(Path("model"), name="fake", version="1", worker=worker)
    for texts in (["a"], ["b"], ["a"], ["c"], ["a"], ["b"]):
        await embedder.embed(texts)
    sent = [json.loads(line)["texts"] for line in log.read_text().splitlines()]
    assert sent == [["a"], ["b"], ["c"], ["b"]]
    await asyncio.to_thread(worker.close)


async def test_no_secret_reaches_the_worker(fake: tuple[WorkerEmbedder, Path], monkeypatch: pytest.MonkeyPatch):
    """Keys of the parent's environment are not in the worker's: only what is on a short list gets through."""
    monkeypatch.setenv("TOGETHER_API_KEY", "secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    embedder, log = fake
    await embedder.embed(["environment"])
    names = json.loads(log.read_text().splitlines()[-1])
    assert "PATH" in names
    assert not [name for name in names if "API_KEY" in name or "SECRET" in name]
    assert "secret" not in str(worker_environment(os.environ))


PARENT = """
import sys, time
from pathlib import Path
from debate.consensus.encoder import WorkerEmbedder
embedder = WorkerEmbedder(Path(sys.argv[1]), name="m", version="1")
embedder.start()
while embedder.worker.pid is None:
    time.sleep(0.01)
print(embedder.worker.pid, flush=True)
time.sleep(60)
"""


def test_the_worker_dies_with_its_parent(tmp_path: Path):
    """A parent that is killed and can clean up nothing leaves no worker behind. Its script needs no __main__ guard."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=worker_environment(os.environ),
    )
    pid = int(parent.stdout.readline())
    os.kill(pid, 0)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _gone(pid)


@pytest.mark.weights
@pytest.mark.skipif(in_package() is None, reason="the extra `weights` is not installed")
async def test_real_weights_embed_and_one_process_serves_many_loops():
    """MiniLM gives unit rows of 384, near for a paraphrase and far for something else; scoring again is not encoded."""
    embedder = WorkerEmbedder(in_package(), name="all-MiniLM-L6-v2", version="x")
    embedder.start()
    rows = await embedder.embed(["Trams are cheap.", "Tramways cost little.", "My cat sleeps."])
    assert rows.shape == (3, 384)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert rows[0] @ rows[1] > 0.5 > rows[0] @ rows[2]
    again = await asyncio.to_thread(lambda: asyncio.run(embedder.embed(["Trams are cheap."])))
    assert np.array_equal(again[0], rows[0])
    pid = embedder.worker.pid
    await embedder.aclose()
    _gone(pid)


async def test_a_callable_is_an_embedder():
    """Any function from texts to rows will do; its name is its own."""
    embedder = CallableEmbedder(lambda texts: [[len(t), 1] for t in texts], name="lengths")
    assert (await embedder.embed(["a", "bb"])).tolist() == [[1, 1], [2, 1]]
    assert (await embedder.embed([])).shape[0] == 0


@pytest.mark.parametrize("given", [[[1.0, float("nan")]], [[1.0], [2.0]], [1.0], [[]]])
async def test_a_callable_that_gives_no_honest_rows_is_an_error(given: list[object]):
    """Wrong shapes and values that are not finite are refused, never padded."""
    embedder = CallableEmbedder(lambda _texts: given, name="odd")
    with pytest.raises(EmbedderError, match="odd"):
        await embedder.embed(["a"])


async def test_a_callable_that_raises_is_an_embedder_error():
    """Its exception is kept as the cause."""

    def broken(texts: list[str]):
        raise RuntimeError("no device")

    with pytest.raises(EmbedderError, match="no device") as caught:
        await CallableEmbedder(broken).embed(["a"])
    assert isinstance(caught.value.__cause__, RuntimeError)


async def _error_of(awaitable: Awaitable[object]):
    with pytest.raises(EmbedderError) as caught:
        await awaitable
    return str(caught.value)


def _wait_for(log: Path, text: str):
    while text not in log.read_text():
        time.sleep(0.01)


def _gone(pid: int):
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still there")
