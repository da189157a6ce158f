"""How long to wait before a process that ended is started again."""

_FIRST = 0.1
_LONGEST = 5.0
_STEADY = 30.0


class Backoff:
    """Doubles with every short life, and starts anew after one of thirty seconds. All in seconds."""

    def __init__(self) -> None:
        self._next = _FIRST

    def delay(self, lived: float) -> float:
        if lived >= _STEADY:
            self._next = _FIRST
        delay = self._next
        self._next = min(delay * 2, _LONGEST)
        return delay
