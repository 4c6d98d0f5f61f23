"""An event loop in which sleeping costs no real time.

``virtual_time.run(main())`` runs ``main`` like :func:`asyncio.run`. Whenever nothing is ready the loop's clock jumps to
the next timer, so an hour of waiting takes a millisecond and every duration is exact. :func:`time.monotonic` is
replaced meanwhile, in every thread, so whatever reads it (asyncio-throttle, deadlines) sees the same time.

Real sockets and threads work, but take virtual time only while the loop waits for nothing else: the clock stands
while a job of the loop's executor (``asyncio.to_thread``) runs, and ``settle`` gives other threads real seconds to
answer before each jump.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple
from unittest import mock

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_PATIENCE = 5.0
"""Real seconds to wait for a thread or a socket when no timer is set; then everybody waits for nothing."""


class Stalled(RuntimeError):
    """Every task waits and nothing will ever wake one: a waiter was lost."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for real events only where no timer could come first."""

    def __init__(self, settle: float) -> None:
        super().__init__()
        self.now = 0.0
        self.outside = 0
        self._settle = settle

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.outside:
            ready = super().select(_PATIENCE)
            if not ready and timeout is None and not self.outside:
                raise Stalled("every task waits, no timer is set, and no thread or socket has anything to say")
            return ready
        ready = super().select(self._settle) if self._settle else []
        if not ready:
            self.now += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A selector loop whose time jumps."""

    def __init__(self, *, settle: float = 0.0) -> None:
        self._jumping = _JumpingSelector(settle)
        super().__init__(self._jumping)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Seconds since the loop was made, in virtual time."""
        return self._jumping.now

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """Run in a thread; virtual time stands until it returns."""
        self._jumping.outside += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._returned)
        return future

    def _returned(self, _future: asyncio.Future[T]) -> None:
        self._jumping.outside -= 1


def now() -> float:
    """Virtual seconds since the run began."""
    return asyncio.get_running_loop().time()


def run(main: Coroutine[None, None, T], *, settle: float = 0.0) -> T:
    """Run ``main`` in virtual time and return what it returns.

    Raises:
        Stalled: If every task waits for something that cannot happen.
    """
    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(settle=settle)) as runner:
        loop = runner.get_loop()
        with mock.patch("time.monotonic", loop.time):
            return runner.run(main)
