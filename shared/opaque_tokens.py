"""Secrets that stand for nothing by themselves: a label, 256 random bits, a checksum.

The checksum is public (CRC-32, as scanners for leaked secrets expect it). It proves nothing; it lets a typo, a cut-off
copy or a string of chance be told without asking whoever knows the secret.
"""

import hashlib
import re
import secrets
from string import ascii_lowercase, ascii_uppercase, digits
from zlib import crc32

_ALPHABET = digits + ascii_uppercase + ascii_lowercase  # no punctuation: a double click selects the whole
_RANDOM, _CHECKSUM = 43, 6  # characters: 62^43 > 2^256, 62^6 > 2^32
_FORM = re.compile(rf"[0-9A-Za-z]{{{_RANDOM + _CHECKSUM}}}")


def mint(label: str) -> str:
    """Return a new secret that begins with `label`."""
    body = label + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return body + _checksum(body)


def is_sound(text: str, label: str) -> bool:
    """Whether `mint(label)` could have made the text. The checksum covers the label too."""
    if not text.startswith(label) or not _FORM.fullmatch(text, len(label)):
        return False
    return _checksum(text[:-_CHECKSUM]) == text[-_CHECKSUM:]


def digest(text: str) -> bytes:
    """Return what is stored in a secret's place; 256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).digest()


def _checksum(body: str) -> str:
    number, characters = crc32(body.encode()), ""
    for _ in range(_CHECKSUM):
        number, index = divmod(number, len(_ALPHABET))
        characters = _ALPHABET[index] + characters
    return characters
