"""One thread that syncs every open transcript to disk, so that many runs share few syncs and none waits in the loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import Final

SYNC_INTERVAL: Final = 0.05
"""Seconds that pass at most between a write and the start of its sync."""

Waiter = Callable[[OSError | None], None]


class Syncer:
    """Groups syncs: what was written within one interval costs one sync a file."""

    def __init__(self, *, interval: float = SYNC_INTERVAL) -> None:
        self._interval = interval
        # Protects the four tables below, which the event loop fills and the thread empties.
        self._changed = threading.Condition()
        self._dirty: set[int] = set()
        self._waiters: dict[int, list[Waiter]] = {}
        self._busy: set[int] = set()
        self._failed: dict[int, OSError] = {}
        self._thread: threading.Thread | None = None
        self._closing = False

    def dirty(self, fd: int) -> None:
        """Something was written to ``fd``."""
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="debate-sync", daemon=True)
                self._thread.start()
            if fd not in self._dirty:
                self._dirty.add(fd)
                self._changed.notify_all()

    async def synced(self, fd: int) -> None:
        """Return when all that was written to ``fd`` before this call is on disk.

        Raises:
            OSError: If the operating system could not sync it.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def settle(error: OSError | None) -> None:
            if not done.done():
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

        def wake(error: OSError | None) -> None:
            loop.call_soon_threadsafe(settle, error)

        with self._changed:
            if fd in self._failed:
                raise self._failed[fd]
            if fd not in self._dirty and fd not in self._busy:
                return
            # A sync under way may have begun before the last write, so this file goes round once more.
            self._dirty.add(fd)
            self._waiters.setdefault(fd, []).append(wake)
            self._changed.notify_all()
        await done

    def forget(self, fd: int) -> None:
        """Sync ``fd`` a last time if it needs it; it may be closed afterwards.

        Raises:
            OSError: If it could not be synced, now or before.
        """
        with self._changed:
            while fd in self._busy:
                self._changed.wait()
            needs = fd in self._dirty
            self._dirty.discard(fd)
            failed = self._failed.pop(fd, None)
        if failed is not None:
            raise failed
        if needs:
            os.fsync(fd)

    def close(self) -> None:
        """Sync what is left and end the thread."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._closing = False

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._dirty and not self._closing:
                    self._changed.wait()
                if not self._dirty:
                    return
                if not self._waiters and not self._closing:
                    self._changed.wait_for(lambda: bool(self._waiters) or self._closing, timeout=self._interval)
                batch, self._dirty = self._dirty, set()
                waiters = {fd: self._waiters.pop(fd) for fd in batch if fd in self._waiters}
                self._busy = batch
            # Who waits for a verdict does not wait for the files of other runs as well.
            for fd in sorted(batch, key=lambda fd: fd not in waiters):
                error = _sync(fd)
                if error is not None:
                    # Linux reports a failed write-back once and then calls the file clean: this must not be forgotten.
                    with self._changed:
                        self._failed[fd] = error
                for waiter in waiters.get(fd, ()):
                    waiter(error)
            with self._changed:
                self._busy = set()
                self._changed.notify_all()


def _sync(fd: int) -> OSError | None:
    try:
        os.fsync(fd)
    except OSError as error:
        return error
    return None
