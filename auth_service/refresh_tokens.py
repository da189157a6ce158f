"""Refresh tokens: session id, generation, secret and MAC, in 92 URL-safe characters.

The MAC is checked before anything else, so that a forged token costs no look-up and ends nobody's session. A
successor is derived from the token that asks for it: the same again each time, and known to no store.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from hmac import compare_digest
from uuid import UUID

from auth_service.domain.refreshing import Presented
from auth_service.errors import InvalidRefreshToken
from auth_service.secret_keys import derive_key, mac
from shared.settings import Secret

_VERSION = b"\x01"  # of the layout and the key
_SECRET_BYTES, _MAC_BYTES = 32, 16
_FORM = re.compile(r"[A-Za-z0-9_-]{92}")  # 69 bytes: no padding, and no second spelling of the same bytes


@dataclass(frozen=True, slots=True)
class RefreshToken:
    session_id: UUID
    generation: int
    secret: bytes

    @property
    def secret_hash(self) -> bytes:
        """What is stored; 256 random bits need no slow hash."""
        return hashlib.sha256(self.secret).digest()

    @property
    def body(self) -> bytes:
        return _VERSION + self.session_id.bytes + self.generation.to_bytes(4) + self.secret


class RefreshTokens:
    """Makes and reads them with the server's key."""

    def __init__(self, key: Secret) -> None:
        self._mac_key = derive_key(key, "refresh token mac")
        self._successor_key = derive_key(key, "refresh token successor")

    def first(self, session_id: UUID) -> RefreshToken:
        return RefreshToken(session_id, 1, secrets.token_bytes(_SECRET_BYTES))

    def successor(self, token: RefreshToken) -> RefreshToken:
        return RefreshToken(token.session_id, token.generation + 1, mac(self._successor_key, token.body))

    def presented(self, token: RefreshToken) -> Presented:
        return Presented(token.generation, token.secret_hash, self.successor(token).secret_hash)

    def encode(self, token: RefreshToken) -> str:
        return base64.urlsafe_b64encode(token.body + self._mac(token.body)).decode("ascii")

    def decode(self, text: str) -> RefreshToken:
        """Raises InvalidRefreshToken for anything that we didn't make."""
        if not _FORM.fullmatch(text):
            raise InvalidRefreshToken
        raw = base64.urlsafe_b64decode(text)
        body, code = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not compare_digest(self._mac(body), code):
            raise InvalidRefreshToken
        return RefreshToken(UUID(bytes=body[1:17]), int.from_bytes(body[17:21]), body[21:])

    def _mac(self, body: bytes) -> bytes:
        return mac(self._mac_key, body)[:_MAC_BYTES]
