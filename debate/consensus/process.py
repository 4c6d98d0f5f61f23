"""The worker process from the engine's side: started on demand, spoken to from one thread, ended with its owner."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from debate.consensus.wire import Json, read_frame, write_frame
from debate.errors import EmbedderError
from debate.settings.process import process_environment

_INHERITED: Final = frozenset({
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH",
    "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MKL_NUM_THREADS",

})  # fmt: skip
"""What of the environment the worker gets; a list of what is let through, as no list of secrets is complete."""
_OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}
"""Weights were found before the worker starts; inside it nothing is fetched, so nothing can stall."""
_TAIL: Final = 2000
_PATIENCE: Final = 2.0


class WorkerProcess:
    """One worker. All but ``stop`` belongs to the thread that owns it; a failure leaves it startable again."""

    def __init__(self, *, command: tuple[str, ...] | None = None) -> None:
        self._command = command or (sys.executable, "-P", "-X", "utf8", "-m", "debate.consensus.worker")
        self._running: subprocess.Popen[bytes] | None = None
        self._stderr: IO[bytes] | None = None
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """The worker's process id while it runs."""
        return self._running.pid if self._running is not None else None

    def call(self, request: Json) -> tuple[Json, bytes]:
        """Send one request and wait for its answer, starting the worker first where none runs.

        Raises:
            EmbedderError: If the worker cannot start, ended, or answered with an error.
        """
        if self._stopped:
            raise EmbedderError("the embedding worker is closed")
        running = self._running or self._start()
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            write_frame(running.stdin, request)
            answer = read_frame(running.stdout)
        except OSError:
            answer = None
        if answer is None:
            raise EmbedderError(self._obituary())
        error = answer[0].get("error")
        if error is not None:
            raise EmbedderError(f"the embedding worker failed: {error}")
        return answer

    def stop(self) -> None:
        """End the worker now and for good, from any thread: a call under way fails, later ones do not start another."""
        self._stopped = True
        running = self._running
        if running is not None:
            running.kill()

    def close(self) -> None:
        """End the worker, by force where closing its input does not do within two seconds."""
        running, self._running = self._running, None
        if running is not None:
            assert running.stdin is not None
            assert running.stdout is not None
            with contextlib.suppress(BrokenPipeError):  # it may have ended before what was buffered reached it
                running.stdin.close()
            try:
                running.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
            running.stdout.close()
        if self._stderr is not None:
            self._stderr.close()
            self._stderr = None

    def _start(self) -> subprocess.Popen[bytes]:
        # A file, as an unread pipe would fill up and block the worker.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        try:
            self._running = subprocess.Popen(  # noqa: S603 - our own module in our own interpreter
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._stderr,
                env=worker_environment(process_environment()),
            )
        except OSError as error:
            self.close()
            raise EmbedderError(f"the embedding worker cannot start: {error}") from error
        if self._stopped:  # between the look before and now
            self._running.kill()
        return self._running

    def _obituary(self) -> str:
        assert self._running is not None
        assert self._stderr is not None
        try:
            code = self._running.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            code = None
        if self._stopped:
            self.close()
            return "the embedding worker was closed"
        self._stderr.seek(0)
        tail = self._stderr.read()[-_TAIL:].decode("utf-8", "replace").strip()
        self.close()
        how = f"ended with status {code}" if code is not None else "closed its output"
        return f"the embedding worker {how}" + (f"; it last said: {tail}" if tail else "")


def worker_environment(parent: Mapping[str, str]) -> dict[str, str]:
    """What the worker sees of its parent's environment: enough to find Python and a device, and no key."""
    kept = {name: value for name, value in parent.items() if name.upper() in _INHERITED}
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, kept.get("PYTHONPATH", "").split(os.pathsep))]
    # Threads on all cores spin against the event loop: on two busy cores two took up to ten times as long as one.
    threads = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // 2))}
    return {**threads, **kept, **_OFFLINE, "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths))}
