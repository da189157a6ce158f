"""Private keys at rest: AES-256-GCM, bound to the key id that they are stored under."""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.settings import Secret

_KEY_BYTES, _NONCE_BYTES = 32, 12


class WrongSealingKey(Exception):
    """What is stored was sealed with another key, or for another key id."""


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

    def seal(self, key: ec.EllipticCurvePrivateKey, kid: str) -> bytes:
        """Return the nonce and the encrypted PKCS #8 form."""
        plain = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, kid.encode())

    def open(self, sealed: bytes, kid: str) -> ec.EllipticCurvePrivateKey:
        """Raises WrongSealingKey."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
        except InvalidTag as exc:
            raise WrongSealingKey from exc
        key = serialization.load_der_private_key(plain, password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # we sealed nothing else
        return key
