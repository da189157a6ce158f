"""Calls to the disk that may block, in a few threads of their own: a slow disk stalls neither the event loop nor
anybody else's threads.
"""

import asyncio
import errno
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from file_service.errors import InsufficientStorage
from shared.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 8
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class DiskThreads:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="storage")

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `work`. What has begun ends, also when nobody waits for it any more.

        Raises InsufficientStorage or Unavailable for its OSError.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        except OSError as exc:
            if exc.errno in _NO_ROOM:
                raise InsufficientStorage from exc
            raise Unavailable("The files can't be reached.") from exc

    async def close(self) -> None:
        """Wait for what has begun."""
        await asyncio.to_thread(self._pool.shutdown)
