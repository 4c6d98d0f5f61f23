"""One attempt that wants to be admitted."""

from __future__ import annotations

import asyncio

from debate.models.options import Account, Spend
from debate.models.port import Request, Waiting
from debate.pool.permit import Permit


class Ticket:
    """A place in line, and what the attempt will need when it is its turn."""

    __slots__ = ("accounts", "entered", "future", "passed", "priority", "request", "run", "tokens", "told", "worst")

    def __init__(
        self, request: Request, *, entered: float, tokens: int, accounts: tuple[Account, ...], worst: Spend
    ) -> None:
        self.request = request
        self.run = request.turn.run if request.turn is not None else ""
        self.priority = request.turn.priority if request.turn is not None else 0.0
        self.future: asyncio.Future[Permit] = asyncio.get_running_loop().create_future()
        self.entered = entered
        self.tokens = tokens
        """Expected tokens, where its scope has a limit on them."""
        self.accounts = accounts
        self.worst = worst
        self.passed = 0
        """How often others went before it because it waited for tokens."""
        self.told: tuple[str, bool] | None = None
        """The last reason it was told, and whether with the seconds."""

    def fail(self, error: Exception) -> None:
        """End the wait with ``error``."""
        if not self.future.done():
            self.future.set_exception(error)

    def tell(self, reason: str, seconds: float) -> None:
        """Tell the one who asked why it waits: once for each reason, and once more when the seconds become known.

        A callback that raises fails its own request.
        """
        is_known = seconds > 0
        news = self.told is None or self.told[0] != reason or (is_known and not self.told[1])
        if not news or self.request.on_notice is None or self.future.done():
            return
        self.told = (reason, is_known)
        try:
            self.request.on_notice(Waiting(reason, seconds))
        except Exception as error:  # noqa: BLE001 - whatever it is, it goes to the one whose callback it was
            self.fail(error)
