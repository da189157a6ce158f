"""A clock that only moves when everybody waits for it: what is timed by it takes exactly as long as it should."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Loop(asyncio.SelectorEventLoop):
    """Doesn't wait for its next timer: it is then."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Selector(self))

    def time(self) -> float:
        return self._now

    def move_on(self, seconds: float) -> None:
        self._now += seconds


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: _Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0 if timeout is not None else None)
        if not found and timeout:
            self._loop.move_on(timeout)
        return found


def run(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Return the result of `work` and the seconds it took; it may wait for time, and for nothing outside."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        result = runner.run(work)
        return result, runner.get_loop().time()
