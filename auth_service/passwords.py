"""Password hashes: bcrypt over a peppered pre-hash, in threads of their own, and shed rather than queued for long.

bcrypt reads 72 bytes; the pre-hash lets every character of a longer password count. The pepper is not in the
database, so that a dump of it alone can't be guessed at.
"""

import asyncio
import base64
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self, TypeVar

import bcrypt

from auth_service.metrics import PASSWORD_HASHES_SHED
from auth_service.secret_keys import derive_key, mac
from shared.errors import Unavailable
from shared.settings import Secret

T = TypeVar("T")
_RETRY_SECONDS = 2


@dataclass(frozen=True, slots=True)
class HashingSettings:
    """`threads` hash at once and `queue` more may wait; each takes about 0.2 s of a core at cost 12."""

    pepper: Secret
    cost: int
    threads: int
    queue: int


class PasswordHasher:
    """Hashes and verifies off the event loop. Raises Unavailable when more is asked than the queue holds."""

    def __init__(self, settings: HashingSettings) -> None:
        self._key = derive_key(settings.pepper, "password pepper")
        self._cost = settings.cost
        self._room = threading.BoundedSemaphore(settings.threads + settings.queue)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="bcrypt")
        # Well-formed, of the right cost, and no hash of anything: comparing with it takes as long, and fails.
        self._nobody = bcrypt.gensalt(settings.cost) + b"." * 31

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """Return what to store for a normalised password."""
        digest = await self._run(lambda: bcrypt.hashpw(self._prepare(password), bcrypt.gensalt(self._cost)))
        return digest.decode("ascii")

    async def verify(self, password: str, stored: str | None) -> bool:
        """Compare with a stored hash; with None, for nobody's, take the same time and return False."""
        digest = stored.encode("ascii") if stored is not None else self._nobody
        return await self._run(lambda: bcrypt.checkpw(self._prepare(password), digest))

    def _prepare(self, password: str) -> bytes:
        return base64.b64encode(mac(self._key, password.encode()))

    async def _run(self, work: Callable[[], T]) -> T:
        if not self._room.acquire(blocking=False):
            PASSWORD_HASHES_SHED.inc()
            raise Unavailable("Too many people are signing in at once.", retry_after=_RETRY_SECONDS)
        future = self._threads.submit(work)
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def _leave(self, _done: Future[T]) -> None:
        self._room.release()
