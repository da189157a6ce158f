"""Password hashes: bcrypt over a peppered pre-hash.

bcrypt reads 72 bytes; the pre-hash lets every character of a longer password count. The pepper is not in the
database, so that a dump of it alone can't be guessed at.
"""

import base64
from dataclasses import dataclass
from typing import Self

import bcrypt

from auth_service.hashing_queue import HashingQueue
from auth_service.secret_keys import derive_key, mac
from shared.settings import Secret


@dataclass(frozen=True, slots=True)
class HashingSettings:
    """`threads` hash at once and `queue` more may wait; each takes about 0.2 s of a core at cost 12."""

    pepper: Secret
    cost: int
    threads: int
    queue: int


class PasswordHasher:
    """Hashes and verifies off the event loop. Raises Unavailable when that would take some seconds."""

    def __init__(self, settings: HashingSettings) -> None:
        self._key = derive_key(settings.pepper, "password pepper")
        self._cost = settings.cost
        self._queue = HashingQueue(settings.threads, settings.queue)
        # Well-formed, of the right cost, and no hash of anything: comparing with it takes as long, and fails.
        self._nobody = bcrypt.gensalt(settings.cost) + b"." * 31

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._queue.close()

    async def hash(self, password: str) -> str:
        """Return what to store for a normalised password."""
        digest = await self._queue.run(lambda: bcrypt.hashpw(self._prepare(password), bcrypt.gensalt(self._cost)))
        return digest.decode("ascii")

    async def verify(self, password: str, stored: str | None) -> bool:
        """Compare with a stored hash; with None, for nobody's, take the same time and return False."""
        digest = stored.encode("ascii") if stored is not None else self._nobody
        return await self._queue.run(lambda: bcrypt.checkpw(self._prepare(password), digest))

    def _prepare(self, password: str) -> bytes:
        return base64.b64encode(mac(self._key, password.encode()))
