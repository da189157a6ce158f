"""What the database keeps for us and must not know: AES-256-GCM, bound to a label that says what it is and whose."""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.settings import Secret

_KEY_BYTES, _NONCE_BYTES = 32, 12


class WrongSealingKey(Exception):
    """What is stored was sealed with another key, or under another label."""


def read_sealing_key(secret: Secret) -> bytes:
    """Return the 32 bytes. Raises ValueError."""
    text = secret.reveal()
    raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if len(raw) != _KEY_BYTES:
        raise ValueError(f"must be {_KEY_BYTES} bytes in base64url")
    return raw


class Sealer:
    def __init__(self, secret: Secret) -> None:
        self._cipher = AESGCM(read_sealing_key(secret))

    def seal(self, plain: bytes, label: str) -> bytes:
        """Return a nonce and the ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, label.encode())

    def open(self, sealed: bytes, label: str) -> bytes:
        """Raises WrongSealingKey."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label.encode())
        except InvalidTag as exc:
            raise WrongSealingKey from exc
