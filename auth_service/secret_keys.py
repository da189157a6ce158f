"""One secret, several purposes: each gets a key of its own, so that no MAC can stand in for another.

A secret is changed by naming several, the new one first, separated by commas: that one makes what is made from then on,
and all of them are good for what was made before.
"""

import hmac
from collections.abc import Iterable

from shared.settings import Secret


def each_of(secret: Secret) -> tuple[Secret, ...]:
    """Return the secrets that stand between commas, the newest first."""
    return tuple(Secret(text.strip()) for text in secret.reveal().split(","))


def derive_keys(secret: Secret, purpose: str) -> tuple[bytes, ...]:
    """Return the 32-byte keys that `secret` stands for where it serves `purpose`, the newest first."""
    return tuple(mac(each.reveal().encode(), b"colonnade " + purpose.encode()) for each in each_of(secret))


def derive_key(secret: Secret, purpose: str) -> bytes:
    """Return the newest of them, where what older ones made may be forgotten."""
    return derive_keys(secret, purpose)[0]


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def is_mac_of_any(keys: Iterable[bytes], message: bytes, code: bytes) -> bool:
    """Compare in constant time with the MAC by each key, of which `code` may be the beginning."""
    fits = [hmac.compare_digest(mac(key, message)[: len(code)], code) for key in keys]
    return any(fits)
