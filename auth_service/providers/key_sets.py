"""The keys that a provider's ID tokens are verified by (RFC 7517)."""

from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from auth_service.providers.asking import Asking
from auth_service.providers.remembered import Remembered

COOL_DOWN = 30.0  # seconds: names of keys that nobody knows can be made up as fast as one can send
_MOST_KEYS = 100
_RSA_BITS = 2048
_TYPES = {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}

Jwk = Mapping[str, Any]


class KeySet:
    """The keys at `url`, which the provider may change at any time: one that isn't known is looked for there again."""

    def __init__(self, asking: Asking, url: str) -> None:
        self._asking = asking
        self._url = url
        self._keys = Remembered(self._fetch)

    async def find(self, algorithm: str, key_id: str | None) -> jwt.PyJWK | None:
        """Return the key for a token with such a header, or none. Raises Unavailable."""
        found = choose_key(await self._keys.get(), algorithm, key_id)
        return found or choose_key(await self._keys.renew(COOL_DOWN), algorithm, key_id)

    async def _fetch(self) -> list[Jwk]:
        told = await self._asking.get(self._url)
        keys = told.members.get("keys")
        if not told.ok or not isinstance(keys, list):
            raise self._asking.unusable("keys", f"status {told.status}, and no key set")
        return [key for key in keys[:_MOST_KEYS] if isinstance(key, dict)]


def choose_key(keys: list[Jwk], algorithm: str, key_id: str | None) -> jwt.PyJWK | None:
    """Return the one key that fits. Without a name, there must be no other that fits (OpenID Connect Core, 10.1)."""
    fitting = [key for key in keys if _fits(key, algorithm) and key_id in (None, key.get("kid"))]
    if len(fitting) != 1:
        return None
    try:
        key = jwt.PyJWK(dict(fitting[0]), algorithm)
    except jwt.PyJWTError:
        return None
    weak = isinstance(key.key, RSAPublicKey) and key.key.key_size < _RSA_BITS
    return None if weak else key


def _fits(key: Jwk, algorithm: str) -> bool:
    """Tell whether the key is one for verifying such signatures, by all that it says of itself; and no private one."""
    kind, curve = _TYPES[algorithm]
    operations = key.get("key_ops", ["verify"])
    return (
        key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and isinstance(operations, list)
        and "verify" in operations
        and "d" not in key
    )
