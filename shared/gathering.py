"""Puts questions that come together to a store as one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """Asks once for all keys that are wanted in one tick of the event loop.

    Under load many requests get as far at once, and one statement for all of them costs the store, and us, hardly more
    than one for one. Nobody is made to wait for others, as the tick ends anyway; no answer is older than its question.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._ask = ask
        self._waiting: list[tuple[K, asyncio.Future[V | None]]] = []
        self._asking: set[asyncio.Task[None]] = set()

    async def find(self, key: K) -> V | None:
        """Return what the store has for `key`. Raises what asking raises."""
        answer: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if len(self._waiting) == 1:
            task = asyncio.create_task(self._answer())  # which begins after what is ready to run now
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
        return await answer

    async def _answer(self) -> None:
        asked, self._waiting = self._waiting, []
        try:
            found = await self._ask([key for key, _ in asked])
        except asyncio.CancelledError:
            for _, answer in asked:
                answer.cancel()
            raise
        except Exception as exc:  # noqa: BLE001  whatever it is, it is for those who asked
            for _, answer in asked:
                _fail(answer, exc)
        else:
            for key, answer in asked:
                if not answer.done():  # as that of a request that was cancelled is
                    answer.set_result(found.get(key))


def _fail(answer: asyncio.Future[V | None], exc: Exception) -> None:
    if not answer.done():
        answer.set_exception(exc)
        answer.exception()  # seen: it may be cancelled before it is told, and nothing is lost then
