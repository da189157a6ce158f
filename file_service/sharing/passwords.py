"""Passwords of shares: scrypt (RFC 7914) in threads, few at a time, since each takes 16 MiB and a core for a moment.

Whoever plays a film asks for many parts of it, each with the password: one that was right is remembered in memory, as a
digest under a key that no other process has.
"""

import asyncio
import base64
import hashlib
import hmac
import os

from file_service.domain.sharing import LONGEST_PASSWORD
from shared.normal_form import composed

_N, _R, _P = 2**14, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_AT_ONCE = 2
_REMEMBERED = 1000


class SharePasswords:
    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._key = os.urandom(_HASH_BYTES)
        self._right: dict[str, bytes] = {}  # by what is kept; the one that was found out first goes first

    async def hash(self, password: str) -> str:
        """Return what is kept: parameters, salt and hash."""
        salt = os.urandom(_SALT_BYTES)
        derived = await self._derive(password, salt, (_N, _R, _P))
        return "$".join(("scrypt", str(_N), str(_R), str(_P), _encoded(salt), _encoded(derived)))

    async def is_right(self, password: str, kept: str) -> bool:
        _, n, r, p, salt, derived = kept.split("$")
        found = await self._derive(password, base64.b64decode(salt), (int(n), int(r), int(p)))
        right = hmac.compare_digest(found, base64.b64decode(derived))
        if right:
            self._remember(password, kept)
        return right

    def remembers(self, password: str, kept: str) -> bool:
        """Tell whether the password was found to be right lately; one that wasn't may still be."""
        return hmac.compare_digest(self._right.get(kept, b""), self._digest(password))

    def _remember(self, password: str, kept: str) -> None:
        if len(self._right) >= _REMEMBERED:
            del self._right[next(iter(self._right))]
        self._right[kept] = self._digest(password)

    def _digest(self, password: str) -> bytes:
        return hmac.digest(self._key, _normal(password), "sha256")

    async def _derive(self, password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
        n, r, p = cost
        async with self._free:
            return await asyncio.to_thread(
                hashlib.scrypt, _normal(password), salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=_HASH_BYTES
            )


def _normal(password: str) -> bytes:
    """Return the same for the same characters, however a keyboard composes them."""
    return composed(password, LONGEST_PASSWORD).encode("utf-8", "surrogateescape")


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
