"""What one page leaves for the next to tell, once: in a cookie that the browser can't read, and without state here.

It may hold what is shown a single time, as a new secret; hence the encryption, and the short life.
"""

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    """`messages` has the text of every code."""

    key: bytes
    messages: Mapping[str, str]
    _cipher: AESGCM = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cipher", AESGCM(self.key))

    def seal(self, notice: Notice) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = msgspec.json.encode(_Sealed(notice, int(time.time()) + LIFETIME))
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, plain, _LABEL)).decode().rstrip("=")

    def open(self, text: str) -> Notice | None:
        """Return the notice; none for what isn't one of ours, is too old, or has no message any more."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            plain = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _LABEL)
            sealed = msgspec.json.decode(plain, type=_Sealed)
        except (ValueError, InvalidTag, msgspec.MsgspecError):
            return None
        return sealed.notice if sealed.expires_at > time.time() and sealed.notice.code in self.messages else None
