"""What an authenticator is asked to sign: random, short-lived, and bound by a MAC to what the answer is for.

Asking for one stores nothing, so nobody can fill a table by asking. That each is answered once is for who spends it.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from auth_service.errors import PasskeyRefused
from auth_service.secret_keys import derive_keys, is_mac_of_any, mac
from shared.settings import Secret

LIFETIME = 300  # seconds
_NONCE_BYTES, _TIME_BYTES, _MAC_BYTES = 16, 8, 32
_LENGTH = _NONCE_BYTES + _TIME_BYTES + _MAC_BYTES


@dataclass(frozen=True, slots=True)
class Challenge:
    """One of ours that has not expired."""

    text: bytes
    expires_at: datetime

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(self.text).digest()


class Challenges:
    def __init__(self, key: Secret, clock: Callable[[], float] = time.time) -> None:
        self._keys = derive_keys(key, "passkey challenge")
        self._clock = clock

    def make(self, purpose: str) -> bytes:
        body = secrets.token_bytes(_NONCE_BYTES) + (int(self._clock()) + LIFETIME).to_bytes(_TIME_BYTES)
        return body + mac(self._keys[0], body + purpose.encode())

    def check(self, text: bytes, purpose: str) -> Challenge:
        """Raises PasskeyRefused, as no guess, for what wasn't made for this purpose, or has expired."""
        body = text[:-_MAC_BYTES]
        code = text[-_MAC_BYTES:]
        if len(text) != _LENGTH or not is_mac_of_any(self._keys, body + purpose.encode(), code):
            raise PasskeyRefused("It answers another question than was asked.", is_guess=False)
        expires = int.from_bytes(body[_NONCE_BYTES:])
        if expires <= self._clock():
            raise PasskeyRefused("That took too long. Begin anew.", is_guess=False)
        return Challenge(text, datetime.fromtimestamp(expires, UTC))
