"""Refresh tokens: session id, generation, secret and MAC, in 92 URL-safe characters.

The MAC is checked before anything else, so that a forged token costs no look-up and ends nobody's session. A
successor is derived from the token that asks for it: the same again each time, and known to no store. While there are
several keys, another process may have derived it with any of them: so all are looked at, and the newest makes new ones.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.refreshing import Presented
from auth_service.errors import InvalidRefreshToken
from auth_service.secret_keys import derive_keys, is_mac_of_any, mac
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
        self._mac_keys = derive_keys(key, "refresh token mac")
        self._successor_keys = derive_keys(key, "refresh token successor")

    def first(self, session_id: UUID) -> RefreshToken:
        return RefreshToken(session_id, 1, secrets.token_bytes(_SECRET_BYTES))

    def successors(self, token: RefreshToken) -> tuple[RefreshToken, ...]:
        """Return what may follow the token: the first is what we make, and the others what we may have made."""
        generation = token.generation + 1
        return tuple(RefreshToken(token.session_id, generation, mac(key, token.body)) for key in self._successor_keys)

    def presented(self, token: RefreshToken) -> Presented:
        hashes = tuple(successor.secret_hash for successor in self.successors(token))
        return Presented(token.generation, token.secret_hash, hashes)

    def encode(self, token: RefreshToken) -> str:
        code = mac(self._mac_keys[0], token.body)[:_MAC_BYTES]
        return base64.urlsafe_b64encode(token.body + code).decode("ascii")

    def decode(self, text: str) -> RefreshToken:
        """Raises InvalidRefreshToken for anything that we didn't make."""
        if not _FORM.fullmatch(text):
            raise InvalidRefreshToken
        raw = base64.urlsafe_b64decode(text)
        body, code = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
        if not is_mac_of_any(self._mac_keys, body, code):
            raise InvalidRefreshToken
        return RefreshToken(UUID(bytes=body[1:17]), int.from_bytes(body[17:21]), body[21:])
