"""Embedding and NLI in one worker process, batched over everybody who asks at the same moment.

One thread owns the process. Whoever asks puts a job in its queue and awaits a future, so event loops of any number can
share a worker and none is ever blocked. The thread takes all jobs that wait, sends each distinct text once, and keeps
what it learnt in a bounded cache.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from debate.consensus.embedder import check_vectors
from debate.consensus.process import WorkerProcess
from debate.errors import EmbedderError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Rows = npt.NDArray[np.float32]

Kind = Literal["encode", "nli"]
Item = str | tuple[str, str]
"""A text to embed, or a pair to judge."""

REMEMBERED: Final = 8192
"""Rows kept; 384 float32 each make 12 MB."""
_FRAME: Final = 256
"""Items sent at once, so that a frame stays small and others' short jobs are not kept behind a long one."""


@dataclass(eq=False)
class _Job:
    kind: Kind
    model: str
    items: tuple[Item, ...]
    """Empty to have the model loaded and nothing more."""
    future: Future[Rows] = field(default_factory=Future)


class EncoderWorker:
    """The thread and the process behind any number of embedders and NLI judges."""

    def __init__(self, *, process: WorkerProcess | None = None, remembered: int = REMEMBERED) -> None:
        self._process = process or WorkerProcess()
        self._remembered = remembered
        self._rows: OrderedDict[bytes, Rows] = OrderedDict()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False
        # Protects the three fields above against two event loops that start or close one worker at the same moment.
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._process.pid

    def submit(self, kind: Kind, model: str, items: Sequence[Item]) -> Future[Rows]:
        """Rows for ``items`` in their order, (n, d) float32, when they are there. Without items the model is loaded.

        Raises:
            EmbedderError: If the worker is closed. What goes wrong later is in the future, as the same error.
        """
        job = _Job(kind, model, tuple(items))
        with self._lock:
            if self._closed:
                raise EmbedderError("the embedding worker is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="debate-encoder", daemon=True)
                self._thread.start()
            self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """End the worker; whoever still waits gets an ``EmbedderError``. Blocks for a moment; safe to call twice."""
        with self._lock:
            thread, first = self._thread, not self._closed
            self._closed = True
            if thread is not None and first:
                self._jobs.put(None)
                self._process.stop()
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        try:
            while (jobs := self._waiting()) is not None:
                groups: dict[tuple[Kind, str], list[_Job]] = {}
                for job in jobs:
                    if job.future.set_running_or_notify_cancel():
                        groups.setdefault((job.kind, job.model), []).append(job)
                for (kind, model), group in groups.items():
                    self._serve(kind, model, group)
        finally:
            self._process.close()

    def _waiting(self) -> list[_Job] | None:
        """Every job in the queue, at least one; None when the worker is to end and nothing is left to do."""
        job = self._jobs.get()
        jobs = []
        while job is not None:
            jobs.append(job)
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs
        if jobs:
            self._jobs.put(None)
            return jobs
        return None

    def _serve(self, kind: Kind, model: str, jobs: list[_Job]) -> None:
        import numpy as np  # noqa: PLC0415 - structured scores never need it

        try:
            if not any(job.items for job in jobs):
                self._process.call({"op": "load", "kind": kind, "model": model})
            rows = self._rows_of(kind, model, list(dict.fromkeys(item for job in jobs for item in job.items)))
        except EmbedderError as error:
            for job in jobs:
                job.future.set_exception(EmbedderError(str(error)))
            return
        for job in jobs:
            found = [rows[item] for item in job.items]
            job.future.set_result(np.stack(found) if found else np.zeros((0, 0), dtype=np.float32))

    def _rows_of(self, kind: Kind, model: str, items: list[Item]) -> dict[Item, Rows]:
        keys = {item: _key(kind, model, item) for item in items}
        known = {item: self._rows[key] for item, key in keys.items() if key in self._rows}
        asked = [item for item in items if item not in known]
        for start in range(0, len(asked), _FRAME):
            part = asked[start : start + _FRAME]
            known.update(zip(part, self._ask(kind, model, part), strict=True))
        for item, key in keys.items():
            self._rows[key] = known[item]
            self._rows.move_to_end(key)
        while len(self._rows) > self._remembered:
            self._rows.popitem(last=False)
        return known

    def _ask(self, kind: Kind, model: str, items: list[Item]) -> Rows:
        import numpy as np  # noqa: PLC0415 - structured scores never need it

        field_of = {"encode": "texts", "nli": "pairs"}
        _, block = self._process.call({"op": kind, "model": model, field_of[kind]: items})
        rows = np.frombuffer(block, dtype="<f4").astype(np.float32).reshape(len(items), -1)
        check_vectors(rows, len(items), name=model)
        return rows


class WorkerEmbedder:
    """sentence-transformers weights from a local path, in a worker process."""

    def __init__(self, path: Path, *, name: str, version: str, worker: EncoderWorker | None = None) -> None:
        self.name = name
        self.version = version
        self._path = str(path)
        self._worker = worker or EncoderWorker()
        self._owns_worker = worker is None

    @property
    def worker(self) -> EncoderWorker:
        """The worker, to be shared with an NLI judge or another embedder."""
        return self._worker

    def start(self) -> None:
        """Begin loading in the background; what goes wrong is told by the first ``embed``."""
        self._worker.submit("encode", self._path, ())

    async def embed(self, texts: Sequence[str]) -> Rows:
        """Rows of length 1, (n, d) float32.

        Raises:
            EmbedderError: If the weights do not load or the worker ended; the next call starts another.
        """
        return await asyncio.wrap_future(self.submit(texts))

    def submit(self, texts: Sequence[str]) -> Future[Rows]:
        """The same as a future, for callers without an event loop."""
        return self._worker.submit("encode", self._path, texts)

    async def aclose(self) -> None:
        """End the worker, unless it was given and belongs to somebody else."""
        if self._owns_worker:
            await asyncio.to_thread(self._worker.close)


def _key(kind: Kind, model: str, item: Item) -> bytes:
    parts = (item,) if isinstance(item, str) else item
    digest = hashlib.sha256()
    for part in (kind, model, *parts):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8) + encoded)
    return digest.digest()
