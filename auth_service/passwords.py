"""Password hashes: bcrypt over a peppered pre-hash, computed by processes of their own (hashing/).

What came from other systems (password_hashes/) is verified by the same processes, until its owner's first sign-in.

bcrypt reads 72 bytes; the pre-hash lets every character of a longer password count. The pepper is not in the
database, so that a dump of it alone can't be guessed at. It is changed by naming several, the new one first: each is
tried, and whoever is found to be right by an older one is hashed anew.
"""

import asyncio
import base64
import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Self

from auth_service.domain.passwords import normalise_password
from auth_service.hashing.pool import HashingPool, Question
from auth_service.hashing_queue import HashingQueue
from auth_service.password_hashes import takes_memory
from auth_service.secret_keys import derive_keys, mac
from shared.logs import log
from shared.settings import Secret

_OURS = "$2b$"  # what other systems hashed so is stored otherwise
_MOST_FOUND = 10_000  # hashes by older peppers that are remembered, for being replaced: right after they are verified
_TRIAL_COST = 4  # the lowest: a millisecond
_LARGE_AT_ONCE = 2  # foreign hashes that take up to 128 MiB while they are verified


@dataclass(frozen=True, slots=True)
class HashingSettings:
    """`threads` hash at once and `queue` more may wait; each takes about 0.2 s of a core at cost 12.

    `pepper` may be several, with commas, the new one first.
    """

    pepper: Secret
    cost: int
    threads: int
    queue: int


class PasswordHasher:
    """Hashes and verifies off the event loop. Raises Unavailable when that would take some seconds."""

    def __init__(self, settings: HashingSettings) -> None:
        self._keys = derive_keys(settings.pepper, "password pepper")
        self._found_old: set[str] = set()
        self._cost = settings.cost
        self._queue = HashingQueue(settings.threads, settings.queue)
        self._pool = HashingPool()
        self._large = threading.BoundedSemaphore(_LARGE_AT_ONCE)

    def __enter__(self) -> Self:
        """Raises Unavailable where no password can be hashed here: then nobody could sign in, ready as we looked."""
        self._pool.hash("", _TRIAL_COST)
        return self

    def __exit__(self, *_exc: object) -> None:
        self._queue.close()
        self._pool.close()

    async def rest(self) -> None:
        """End the processes that had nothing to do for a while: those of a busy machine take some time for it."""
        if self._pool.resting:
            await asyncio.to_thread(self._pool.rest)

    def check_room(self) -> None:
        """Raises Unavailable where the others would have to, before anything else is done for who asks."""
        self._queue.check_room()

    async def hash(self, password: str) -> str:
        """Return what to store for a password."""
        return await self._queue.run(self._hashing(password))

    async def hash_if_idle(self, password: str) -> str | None:
        """Return the same, or none at once where somebody would have to wait for it."""
        return await self._queue.run_if_idle(self._hashing(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Compare with a stored hash; with None, for nobody's, take the same time and return False.

        A wrong password takes as long as one for a hash of today's cost, unless the stored hash takes longer by itself.
        """
        return await self._queue.run(partial(self._check, password, stored))

    def is_outdated(self, stored: str) -> bool:
        """Tell whether we would hash its password otherwise, or at a higher cost, now.

        A hash doesn't say which pepper is in it: that of an older one is known by having been verified here.
        """
        return not stored.startswith(_OURS) or _cost_of(stored) < self._cost or stored in self._found_old

    def _hashing(self, password: str) -> Callable[[], str]:
        return partial(self._pool.hash, _prepare(self._keys[0], password), self._cost)

    def _check(self, password: str, stored: str | None) -> bool:
        """A process is told nothing that it could do without: the password itself for foreign hashes alone."""
        foreign = stored is not None and not stored.startswith(_OURS)
        candidates = [password] if foreign else [_prepare(key, password) for key in self._keys]
        question = Question(stored, candidates, self._cost, len(self._keys))
        with self._large if stored is not None and takes_memory(stored) else nullcontext():
            checked = self._pool.check(question)
        if checked.flaw:
            log.error("password_hash_unreadable", **{"error.message": checked.flaw})
        if stored is not None and checked.right:
            self._note_old(stored)
        return checked.right is not None

    def _note_old(self, stored: str) -> None:
        if len(self._found_old) >= _MOST_FOUND:
            self._found_old.clear()
        self._found_old.add(stored)


def _prepare(key: bytes, password: str) -> str:
    return base64.b64encode(mac(key, normalise_password(password).encode())).decode("ascii")


def _cost_of(stored: str) -> int:
    return int(stored[len(_OURS) :].partition("$")[0])
