"""What the database keeps for us and must not know: AES-256-GCM, bound to a label that says what it is and whose.

The key is changed by naming several, the new one first: it seals, all of them open, and what the others sealed is
sealed anew in the background (resealing.py).
"""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.settings import Secret

_KEY_BYTES, _NONCE_BYTES = 32, 12


class WrongSealingKey(Exception):
    """What is stored was sealed with another key, or under another label."""


def read_sealing_keys(secret: Secret) -> list[bytes]:
    """Return the 32 bytes of each, as they stand between commas. Raises ValueError."""
    return [_read(text.strip()) for text in secret.reveal().split(",")]


def _read(text: str) -> bytes:
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(raw) != _KEY_BYTES:
        raise ValueError(f"must be {_KEY_BYTES} bytes in base64url, or several of them with commas")
    return raw


class Sealer:
    def __init__(self, secret: Secret) -> None:
        self._ciphers = [AESGCM(key) for key in read_sealing_keys(secret)]

    @property
    def has_old_keys(self) -> bool:
        return len(self._ciphers) > 1

    def seal(self, plain: bytes, label: str) -> bytes:
        """Return a nonce and the ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, plain, label.encode())

    def open(self, sealed: bytes, label: str) -> bytes:
        """Raises WrongSealingKey."""
        return self._open(sealed, label)[0]

    def reseal(self, sealed: bytes, label: str) -> bytes | None:
        """Return the same sealed with the new key; none where it is already. Raises WrongSealingKey."""
        plain, number = self._open(sealed, label)
        return self.seal(plain, label) if number else None

    def _open(self, sealed: bytes, label: str) -> tuple[bytes, int]:
        """Return what was sealed, and with which of the keys."""
        for number, cipher in enumerate(self._ciphers):
            try:
                return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label.encode()), number
            except InvalidTag:
                continue
        raise WrongSealingKey
