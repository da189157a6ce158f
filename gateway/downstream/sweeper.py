"""One timer for all connections of a port, in place of one for each."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

_ROUND = 2.0  # seconds in which each connection is looked at once
_AT_ONCE = 500  # as many take a fraction of a millisecond


class Swept(Protocol):
    def sweep(self, now: float) -> None: ...


class Sweeper:
    """It goes round as long as there are connections, once `begin` was called for a first one.

    With a `patience` of a few seconds the rounds are quicker: four of them at least.
    """

    def __init__(self, connections: Callable[[], Sequence[Swept]], patience: float) -> None:
        self._connections = connections
        self._round = min(_ROUND, patience / 4)
        self._loop = asyncio.get_running_loop()
        self._left: list[Swept] = []  # whom this round hasn't come to yet
        self._pause = self._round
        self._is_going = False

    def begin(self) -> None:
        if not self._is_going:
            self._is_going = True
            self._loop.call_later(self._round, self._go_round)

    def _go_round(self) -> None:
        if not self._left:
            self._left = list(self._connections())
            self._pause = self._round / (len(self._left) // _AT_ONCE + 1)
        now = self._loop.time()
        for connection in self._left[-_AT_ONCE:]:
            connection.sweep(now)
        del self._left[-_AT_ONCE:]
        if self._left or self._connections():
            self._loop.call_later(self._pause, self._go_round)
        else:
            self._is_going = False
