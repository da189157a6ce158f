"""Password hashes: bcrypt over a peppered pre-hash.

What came from other systems (password_hashes/) is verified in the same threads, until its owner's first sign-in.

bcrypt reads 72 bytes; the pre-hash lets every character of a longer password count. The pepper is not in the
database, so that a dump of it alone can't be guessed at. It is changed by naming several, the new one first: each is
tried, and whoever is found to be right by an older one is hashed anew.
"""

import base64
import time
from dataclasses import dataclass
from typing import Self

import bcrypt

from auth_service import password_hashes
from auth_service.domain.passwords import normalise_password
from auth_service.hashing_queue import HashingQueue
from auth_service.secret_keys import derive_keys, mac
from shared.logs import log
from shared.settings import Secret

_OURS = "$2b$"  # what other systems hashed so is stored otherwise
_LOWEST_COST = 4
_MOST_FOUND = 10_000  # hashes by older peppers that are remembered, for being replaced: right after they are verified
_MEASURED_COST = 8  # 16 ms


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
        self._seconds = 0.0
        self._queue = HashingQueue(settings.threads, settings.queue)
        # Well-formed, of the right cost, and no hash of anything: comparing with it takes as long, and fails.
        self._nobody = bcrypt.gensalt(settings.cost).decode() + "." * 31

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._queue.close()

    def check_room(self) -> None:
        """Raises Unavailable where the others would have to, before anything else is done for who asks."""
        self._queue.check_room()

    async def hash(self, password: str) -> str:
        """Return what to store for a password."""
        return await self._queue.run(lambda: self._hash(password))

    async def hash_if_idle(self, password: str) -> str | None:
        """Return the same, or none at once where somebody would have to wait for it."""
        return await self._queue.run_if_idle(lambda: self._hash(password))

    async def verify(self, password: str, stored: str | None) -> bool:
        """Compare with a stored hash; with None, for nobody's, take the same time and return False.

        A wrong password takes as long as one for a hash of today's cost, unless the stored hash takes longer by itself.
        """
        return await self._queue.run(lambda: self._check(password, self._nobody if stored is None else stored))

    def is_outdated(self, stored: str) -> bool:
        """Tell whether we would hash its password otherwise, or at a higher cost, now.

        A hash doesn't say which pepper is in it: that of an older one is known by having been verified here.
        """
        return not stored.startswith(_OURS) or _cost_of(stored) < self._cost or stored in self._found_old

    def _hash(self, password: str) -> str:
        return bcrypt.hashpw(_prepare(self._keys[0], password), bcrypt.gensalt(self._cost)).decode("ascii")

    def _check(self, password: str, stored: str) -> bool:
        started = time.thread_time()
        try:
            right = self._matches(password, stored)
        except ValueError as exc:  # the database holds what none of us wrote
            log.error("password_hash_unreadable", exc)
            return self._matches(password, self._nobody)
        if not right:
            self._even_out(stored, time.thread_time() - started)
        return right

    def _matches(self, password: str, stored: str) -> bool:
        if not stored.startswith(_OURS):
            return password_hashes.verify(stored, password)
        for key in self._keys:
            if bcrypt.checkpw(_prepare(key, password), stored.encode("ascii")):
                if key != self._keys[0]:
                    self._note_old(stored)
                return True
        return False

    def _note_old(self, stored: str) -> None:
        if len(self._found_old) >= _MOST_FOUND:
            self._found_old.clear()
        self._found_old.add(stored)

    def _even_out(self, stored: str, seconds: float) -> None:
        """Compute what is missing to the work of today's cost, once for each pepper: less would tell of an account.

        Each step of the cost doubles the work, so the lower ones together make up any part of it.
        """
        ours, peppers = stored.startswith(_OURS), len(self._keys)
        done = peppers * 2.0 ** (_cost_of(stored) - self._cost) if ours else seconds / self._seconds_of_one()
        missing = peppers - done
        for cost in range(self._cost, _LOWEST_COST - 1, -1):
            share = 2.0 ** (cost - self._cost)
            while missing >= share:
                bcrypt.hashpw(b"", bcrypt.gensalt(cost))
                missing -= share

    def _seconds_of_one(self) -> float:
        """Return how long a hash of today's cost takes a thread here, measured once, at a lower cost."""
        if not self._seconds:
            cost = min(self._cost, _MEASURED_COST)
            self._seconds = min(_seconds_at(cost) for _ in range(3)) * 2.0 ** (self._cost - cost)
        return self._seconds


def _prepare(key: bytes, password: str) -> bytes:
    return base64.b64encode(mac(key, normalise_password(password).encode()))


def _cost_of(stored: str) -> int:
    """Return the cost of a hash of ours. Raises ValueError."""
    return int(stored[len(_OURS) :].partition("$")[0])


def _seconds_at(cost: int) -> float:
    started = time.thread_time()
    bcrypt.hashpw(b"", bcrypt.gensalt(cost))
    return time.thread_time() - started
