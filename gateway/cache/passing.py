"""Which answers turned out to be for nobody but who asked: for a while nobody waits for another's."""

from collections.abc import Callable
from time import monotonic

SECONDS = 10.0
_MOST = 4096


class Passing:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def note(self, name: str) -> None:
        self._until.pop(name, None)
        self._until[name] = self._clock() + SECONDS
        if len(self._until) > _MOST:
            del self._until[next(iter(self._until))]

    def __contains__(self, name: str) -> bool:
        return self._until.get(name, 0.0) > self._clock()
