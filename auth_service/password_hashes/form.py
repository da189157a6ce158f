"""What a foreign hash is, and what all families read alike. Parsers take nothing that would cost a login dearly."""

import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass

_LEAST_DIGEST = 16  # bytes: of a shorter one, others than the password match
_LEAST_SALT = 8
_MOST_BYTES = 128
_NUMBER = re.compile("[1-9][0-9]{0,9}")


class UnsupportedHash(ValueError):
    """Says why, as what follows "the hash"."""


@dataclass(frozen=True, slots=True)
class ForeignHash:
    """`stored` is how it is written in the database; `matches` takes the password's bytes."""

    stored: str
    matches: Callable[[bytes], bool]


def number(text: str, most: int, what: str) -> int:
    """Return a positive number. Raises UnsupportedHash where it isn't one, or takes a login too long."""
    if not _NUMBER.fullmatch(text):
        raise UnsupportedHash(f"has no number for its {what}")
    if int(text) > most:
        raise UnsupportedHash(f"takes too much to verify: its {what} is above {most}")
    return int(text)


def digest_of(text: str, decode: Callable[[str], bytes]) -> bytes:
    """Return the digest. Raises UnsupportedHash."""
    return _read("digest", text, decode, _LEAST_DIGEST)


def salt_of(text: str, decode: Callable[[str], bytes]) -> bytes:
    """Return the salt. Raises UnsupportedHash."""
    return _read("salt", text, decode, _LEAST_SALT)


def _read(what: str, text: str, decode: Callable[[str], bytes], least: int) -> bytes:
    try:
        raw = decode(text)
    except ValueError as exc:
        raise UnsupportedHash(f"has a {what} that can't be read") from exc
    if not least <= len(raw) <= _MOST_BYTES:
        raise UnsupportedHash(f"has a {what} of {len(raw)} bytes")
    return raw


def from_base64(text: str) -> bytes:
    """Return the bytes, padded or not. Raises ValueError."""
    return binascii.a2b_base64(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), strict_mode=True)
