"""What one page leaves for the next to tell, once: in a cookie that the browser can't read, and without state here.

It may hold what is shown a single time, as a new secret; hence the encryption, and the short life.
"""

import base64
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
LIFETIME = 600  # seconds
_LABEL = b"notice"


class Notice(msgspec.Struct, frozen=True):
    """`code` names the message; `shown` is what the template has to say with it."""

    code: str
    shown: dict[str, str | list[str]] = {}


class _Sealed(msgspec.Struct, frozen=True):
    notice: Notice
    expires_at: int


@dataclass(frozen=True, slots=True)
class Notices:
    """`messages` has the text of every code. The first cipher seals, and each of them opens."""

    ciphers: tuple[AESGCM, ...] = field(repr=False)
    messages: Mapping[str, str]

    @classmethod
    def of(cls, keys: Sequence[bytes], messages: Mapping[str, str]) -> Self:
        """`keys` are the newest first."""
        return cls(tuple(map(AESGCM, keys)), messages)

    def seal(self, notice: Notice) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = msgspec.json.encode(_Sealed(notice, int(time.time()) + LIFETIME))
        return base64.urlsafe_b64encode(nonce + self.ciphers[0].encrypt(nonce, plain, _LABEL)).decode().rstrip("=")

    def open(self, text: str) -> Notice | None:
        """Return the notice; none for what isn't one of ours, is too old, or has no message any more."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            sealed = msgspec.json.decode(self._decrypt(raw), type=_Sealed)
        except (ValueError, InvalidTag, msgspec.MsgspecError):
            return None
        return sealed.notice if sealed.expires_at > time.time() and sealed.notice.code in self.messages else None

    def _decrypt(self, raw: bytes) -> bytes:
        """Raises InvalidTag where none of the keys sealed it."""
        for cipher in self.ciphers:
            try:
                return cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _LABEL)
            except InvalidTag:
                continue
        raise InvalidTag
