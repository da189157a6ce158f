"""How much this process has put into Valkey: what goes beyond the bound makes room, the longest unused first."""

from collections import OrderedDict

_OVERHEAD = 512  # bytes that Valkey needs for the two keys of an answer, about


class Ledger:
    """`bound` is in bytes. What others have put there is theirs to count."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self.total = 0

    def fits(self, size: int) -> bool:
        return size + _OVERHEAD <= self._bound

    def add(self, name: str, size: int) -> list[str]:
        """Note `name` as the newest, and return the names that must go for it."""
        self._remove(name)
        self._sizes[name] = size + _OVERHEAD
        self.total += size + _OVERHEAD
        gone = []
        while self.total > self._bound:
            oldest = next(iter(self._sizes))
            self._remove(oldest)
            gone.append(oldest)
        return gone

    def touch(self, name: str) -> None:
        if name in self._sizes:
            self._sizes.move_to_end(name)

    def _remove(self, name: str) -> None:
        self.total -= self._sizes.pop(name, 0)
