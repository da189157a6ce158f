"""The keys that access tokens are signed with, as auth_service publishes them; loaded once, kept as objects."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from gateway.authentication.errors import InvalidToken
from shared.errors import Unavailable

PATH = "/.well-known/jwks.json"
REFRESH_SECONDS = 300.0
COOL_DOWN_SECONDS = 30.0  # between two fetches that strangers' key ids can cause
HASTE_SECONDS, HASTY_SECONDS = 30.0, 1.0  # how long, and how often, it is looked for a change that was told of
_ES256 = {"kty": "EC", "crv": "P-256", "alg": "ES256"}

PublicKey = ec.EllipticCurvePublicKey


class _Jwks(msgspec.Struct):
    keys: list[Any]


class KeySet:
    """While auth_service is away the last known keys stay good. `fetch` returns a JWKS, or raises Unavailable."""

    def __init__(self, fetch: Callable[[], Awaitable[bytes]], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: Mapping[str, PublicKey] = {}
        self._lock = asyncio.Lock()
        self._next_search = 0.0
        self._is_current = False
        self._hasty_until = 0.0
        self._news = asyncio.Event()

    @property
    def is_known(self) -> bool:
        return bool(self._keys)

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._keys

    def hurry(self) -> None:
        """Look at once, and again every second for a while: some replica may publish a change later than others."""
        self._hasty_until = self._clock() + HASTE_SECONDS
        self._news.set()

    async def follow(self) -> None:
        """Keep the keys fresh for ever. Raises Unavailable, to be called again."""
        while True:
            self._news.clear()
            await self.refresh()
            pause = HASTY_SECONDS if self._clock() < self._hasty_until else REFRESH_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._news.wait()

    async def refresh(self) -> None:
        """Replace the keys by what is published now. Raises Unavailable, and then keeps the old ones."""
        self._is_current = False
        try:
            keys = parse_jwks(await self._fetch())
        except msgspec.DecodeError as exc:
            raise Unavailable("auth_service published no key set.") from exc
        if not keys:
            raise Unavailable("auth_service published no usable key.")
        self._keys, self._is_current = keys, True

    async def find(self, key_id: str, *, search: bool = True) -> PublicKey:
        """Return the key, looking for a new one at most once per cool-down, and never without `search`.

        Raises InvalidToken for an unknown id, but Unavailable as long as it might be one that couldn't be fetched.
        """
        if search and key_id not in self._keys:
            async with self._lock:  # one search for all who wait
                if key_id not in self._keys and self._clock() >= self._next_search:
                    self._next_search = self._clock() + COOL_DOWN_SECONDS
                    await self.refresh()
        key = self._keys.get(key_id)
        if key is None:
            unknown = InvalidToken("auth_service publishes no key with its kid")
            raise unknown if self._is_current else Unavailable("The signing keys can't be fetched.")
        return key


def parse_jwks(document: bytes) -> dict[str, PublicKey]:
    """Return the keys that may verify an access token; whatever else is published is passed over."""
    keys = (_usable(jwk) for jwk in msgspec.json.decode(document, type=_Jwks).keys)
    return dict(each for each in keys if each is not None)


def _usable(jwk: Any) -> tuple[str, PublicKey] | None:
    if not isinstance(jwk, dict) or any(jwk.get(member) != value for member, value in _ES256.items()):
        return None
    if jwk.get("use", "sig") != "sig" or "verify" not in jwk.get("key_ops", ("verify",)):
        return None
    try:
        key = ECAlgorithm(ECAlgorithm.SHA256).from_jwk(jwk)
    except jwt.InvalidKeyError:
        return None
    key_id = jwk.get("kid")
    return (key_id, key) if isinstance(key_id, str) and isinstance(key, PublicKey) else None
