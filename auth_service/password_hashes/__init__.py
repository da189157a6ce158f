"""Passwords as other systems hashed them, for accounts that came from there: verified once, then hashed as ours.

One module for each family, behind `verify` and `accept`. Nothing here is peppered, and no hash of ours is known here.
"""

from auth_service.password_hashes import argon2, bcrypt, pbkdf2, scrypt
from auth_service.password_hashes.form import ForeignHash, UnsupportedHash

__all__ = ["ForeignHash", "UnsupportedHash", "accept", "takes_memory", "verify"]

_LONGEST = 512  # characters
_FAMILIES = (argon2.parse, bcrypt.parse, pbkdf2.parse, scrypt.parse)
_LARGE = ("argon2", "$argon2", "scrypt")


def verify(stored: str, password: str) -> bool:
    """Tell whether the password, exactly as it came, is the one of a hash that `accept` returned.

    Takes up to about a second of a core and 128 MiB. Raises UnsupportedHash.
    """
    return _parse(stored).matches(password.encode())


def takes_memory(stored: str) -> bool:
    """Tell whether verifying it takes tens of MiB, and not only time."""
    return stored.startswith(_LARGE)


def accept(text: str) -> str:
    """Return what to store of another system's hash. Raises UnsupportedHash for what can't, or mustn't, be verified."""
    return _parse(text).stored


def _parse(text: str) -> ForeignHash:
    if len(text) > _LONGEST or not text.isascii() or not text.isprintable():
        raise UnsupportedHash("isn't a password hash")
    for parse in _FAMILIES:
        if found := parse(text):
            return found
    raise UnsupportedHash("is of a kind that isn't supported")
