"""One fetch for many who wait: whoever comes while an answer is being fetched waits for that one.

What comes of it is for all, or for one (an answer that is being streamed has one reader), and then the others are told
so at once and go by themselves.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Generic, Protocol, TypeVar

LINGER = 1.0  # seconds; whoever asked Valkey just before an answer got there finds it here


class Outcome(Protocol):
    """`for_all`: everybody may use it; else who `claim`s it first. `discard` is for what nobody has come to claim."""

    @property
    def for_all(self) -> bool: ...

    def claim(self) -> bool: ...

    async def discard(self) -> None: ...


_T = TypeVar("_T", bound=Outcome)
Name = tuple[str, bytes]


class Flight(Generic[_T]):
    """Goes on while somebody waits for it; one that is `kept` goes on without."""

    def __init__(self, work: Coroutine[Any, Any, _T], *, kept: bool) -> None:
        self.task = asyncio.create_task(work)
        self._kept = kept
        self._waiting = 0
        self.task.add_done_callback(_notice)

    @property
    def outcome(self) -> _T | None:
        """What has come of it; None while it is under way, or if nothing has."""
        task = self.task
        return task.result() if task.done() and not task.cancelled() and task.exception() is None else None

    async def wait(self, seconds: float | None = None) -> _T | None:
        """Return what comes of it; None if that takes too long or is for another. Raises what the work raises."""
        self._waiting += 1
        try:
            done, _ = await asyncio.wait((self.task,), timeout=seconds)
            if not done or self.task.cancelled():
                return None
            outcome = self.task.result()
            return outcome if outcome.for_all or outcome.claim() else None
        finally:
            self._waiting -= 1
            if not self._waiting:
                await self._leave()

    async def _leave(self) -> None:
        """Nobody waits any more."""
        if not self.task.done():
            if not self._kept:
                self.task.cancel()
        elif self.outcome is not None:
            await self.outcome.discard()


class Flights(Generic[_T]):
    """Those under way, by what they fetch, and for a moment those whose outcome is for all."""

    def __init__(self) -> None:
        self._flights: dict[Name, Flight[_T]] = {}
        self._alone: set[Flight[_T]] = set()

    def find(self, name: Name) -> Flight[_T] | None:
        flight = self._flights.get(name)
        return None if flight is None or flight.task.cancelling() else flight  # whom all have left takes nobody up

    def start(self, name: Name, work: Coroutine[Any, Any, _T], *, kept: bool = False) -> Flight[_T]:
        flight = self._flights[name] = Flight(work, kept=kept)
        flight.task.add_done_callback(lambda _: self._land(name, flight))
        return flight

    def start_alone(self, work: Coroutine[Any, Any, _T]) -> Flight[_T]:
        """Start one that nobody else may join."""
        flight = Flight(work, kept=False)
        self._alone.add(flight)
        flight.task.add_done_callback(lambda _: self._alone.discard(flight))
        return flight

    def __len__(self) -> int:
        return len(self._flights) + len(self._alone)

    async def aclose(self) -> None:
        tasks = [flight.task for flight in (*self._flights.values(), *self._alone)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _land(self, name: Name, flight: Flight[_T]) -> None:
        if flight.outcome is not None and flight.outcome.for_all:
            asyncio.get_running_loop().call_later(LINGER, self._forget, name, flight)
        else:
            self._forget(name, flight)

    def _forget(self, name: Name, flight: Flight[_T]) -> None:
        if self._flights.get(name) is flight:
            del self._flights[name]


def _notice(task: asyncio.Task[Any]) -> None:
    """Look at a failure that perhaps nobody waits for, so that it isn't reported as overlooked."""
    if not task.cancelled():
        task.exception()
