"""Of which files no picture could be made, lately: they aren't tried again with each request."""

import time
from collections import OrderedDict
from uuid import UUID

from shared.errors import AppError

_MOST = 1000
_SECONDS = 60.0


class Failures:
    """In this process's memory. A file's bytes never change, so only bounds that were too tight make this wrong."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, tuple[float, type[AppError], str]] = OrderedDict()

    def note(self, file_id: UUID, failure: AppError) -> None:
        self._known[file_id] = (time.monotonic() + _SECONDS, type(failure), failure.detail)
        self._known.move_to_end(file_id)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def check(self, file_id: UUID) -> None:
        """Raise what was noted, for a minute."""
        until, failure, detail = self._known.get(file_id, (0.0, AppError, ""))
        if time.monotonic() < until:
            raise failure(detail)
