"""PBKDF2 as werkzeug (Flask) and Django write it."""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass

from auth_service.password_hashes.form import ForeignHash, UnsupportedHash, digest_of, from_base64, number

_WERKZEUG = re.compile(r"pbkdf2:(sha1|sha256|sha512):(\d+)\$([^$]{1,128})\$([0-9a-f]+)")
_DJANGO = re.compile(r"pbkdf2_(sha1|sha256)\$(\d+)\$([^$]{1,128})\$([^$]+)")
_MOST_ITERATIONS = 3_000_000  # about a second


def parse(text: str) -> ForeignHash | None:
    """Return the hash, or none for another family's. Raises UnsupportedHash."""
    decode: Callable[[str], bytes]
    if found := _WERKZEUG.fullmatch(text):
        decode = bytes.fromhex
    elif found := _DJANGO.fullmatch(text):
        decode = from_base64
    else:
        return None
    digest = digest_of(found[4], decode)
    if len(digest) != hashlib.new(found[1]).digest_size:
        raise UnsupportedHash(f"has a digest of {len(digest)} bytes")
    check = _Check(found[1], found[3].encode(), number(found[2], _MOST_ITERATIONS, "iterations"), digest)
    return ForeignHash(text, check.matches)


@dataclass(frozen=True, slots=True)
class _Check:
    algorithm: str
    salt: bytes
    iterations: int
    digest: bytes

    def matches(self, password: bytes) -> bool:
        derived = hashlib.pbkdf2_hmac(self.algorithm, password, self.salt, self.iterations)
        return hmac.compare_digest(derived, self.digest)
