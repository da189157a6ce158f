"""Passwords of shares: scrypt (RFC 7914) in threads, few at a time, since each takes 16 MiB and a core for a moment."""

import asyncio
import base64
import hashlib
import hmac
import os
import unicodedata

_N, _R, _P = 2**14, 8, 1
_SALT_BYTES, _HASH_BYTES = 16, 32
_AT_ONCE = 2


class SharePasswords:
    def __init__(self) -> None:
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def hash(self, password: str) -> str:
        """Return what is kept: parameters, salt and hash."""
        salt = os.urandom(_SALT_BYTES)
        derived = await self._derive(password, salt, (_N, _R, _P))
        return "$".join(("scrypt", str(_N), str(_R), str(_P), _encoded(salt), _encoded(derived)))

    async def is_right(self, password: str, kept: str) -> bool:
        _, n, r, p, salt, derived = kept.split("$")
        found = await self._derive(password, base64.b64decode(salt), (int(n), int(r), int(p)))
        return hmac.compare_digest(found, base64.b64decode(derived))

    async def _derive(self, password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
        n, r, p = cost
        raw = unicodedata.normalize("NFC", password).encode("utf-8", "surrogateescape")
        async with self._free:
            return await asyncio.to_thread(
                hashlib.scrypt, raw, salt=salt, n=n, r=r, p=p, maxmem=256 * n * r, dklen=_HASH_BYTES
            )


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
