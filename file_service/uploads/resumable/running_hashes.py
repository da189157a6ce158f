"""SHA-256 of what has come so far of uploads that go on.

It is kept in this process's memory, since a hash amid its work can't be stored; where it is missing, the bytes are read
again.
"""

import hashlib
from collections import OrderedDict
from typing import Any
from uuid import UUID

Hash = Any  # hashlib's own type has no public name

_MOST = 4096  # a few hundred bytes each


class RunningHashes:
    def __init__(self) -> None:
        self._known: OrderedDict[UUID, tuple[int, Hash]] = OrderedDict()

    def at(self, upload_id: UUID, offset: int) -> Hash | None:
        """Return a hash of the first `offset` bytes, for the caller to go on with."""
        if offset == 0:
            return hashlib.sha256()
        known, running = self._known.get(upload_id, (-1, None))
        return running.copy() if running is not None and known == offset else None

    def keep(self, upload_id: UUID, offset: int, running: Hash) -> None:
        self._known[upload_id] = (offset, running)
        self._known.move_to_end(upload_id)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def forget(self, upload_id: UUID) -> None:
        self._known.pop(upload_id, None)
