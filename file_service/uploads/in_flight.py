"""What an owner's unfinished uploads hold on the disk: the quota is settled only when one is whole."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from file_service.errors import QuotaExceeded


class InFlight:
    """Counts in this process's memory. `most` is in bytes per owner; no honest owner comes near twice the quota."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes: Counter[UUID] = Counter()

    @contextmanager
    def upload(self, owner_id: UUID) -> Iterator[Callable[[int], None]]:
        """Lend a function that counts bytes taken in, and raises QuotaExceeded; at the end they are given back."""
        taken = 0

        def count(size: int) -> None:
            nonlocal taken
            taken += size
            self._bytes[owner_id] += size

        def take(size: int) -> None:
            count(size)
            if self._bytes[owner_id] > self._most:
                count(-taken)  # at once: one that is refused must not take others down with it
                raise QuotaExceeded("Your unfinished uploads together are too large.")

        try:
            yield take
        finally:
            count(-taken)
            if not self._bytes[owner_id]:
                del self._bytes[owner_id]
