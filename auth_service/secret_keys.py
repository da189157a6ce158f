"""One secret, several purposes: each gets a key of its own, so that no MAC can stand in for another."""

import hmac

from shared.settings import Secret


def derive_key(secret: Secret, purpose: str) -> bytes:
    """Return the 32-byte key that `secret` stands for where it serves `purpose`."""
    return mac(secret.reveal().encode(), b"colonnade " + purpose.encode())


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")
