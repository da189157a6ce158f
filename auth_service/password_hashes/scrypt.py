"""scrypt as werkzeug (Flask) and Django write it."""

import hashlib
import hmac
import re
from dataclasses import dataclass

from auth_service.password_hashes.form import ForeignHash, UnsupportedHash, digest_of, from_base64, number

_WERKZEUG = re.compile(r"scrypt:(?P<n>\d+):(?P<r>\d+):(?P<p>\d+)\$(?P<salt>[^$]{1,128})\$(?P<digest>[0-9a-f]{128})")
_DJANGO = re.compile(r"scrypt\$(?P<n>\d+)\$(?P<salt>[^$]{1,128})\$(?P<r>\d+)\$(?P<p>\d+)\$(?P<digest>[^$]+)")
_BLOCK = 128  # bytes, times r: what each of the n steps writes
_MOST_MEMORY = 524_288  # n times r: 64 MiB
_MOST_WORK = 2_097_152  # n times r times p: about a second


def parse(text: str) -> ForeignHash | None:
    """Return the hash, or none for another family's. Raises UnsupportedHash."""
    found = _WERKZEUG.fullmatch(text) or _DJANGO.fullmatch(text)
    if found is None:
        return None
    n, r, p = (number(found[name], _MOST_WORK, f"{name} of scrypt") for name in ("n", "r", "p"))
    number(str(n * r), _MOST_MEMORY, "n times r of scrypt")
    number(str(n * r * p), _MOST_WORK, "n times r times p of scrypt")
    if n == 1 or n & (n - 1):
        raise UnsupportedHash("has an n of scrypt that is no power of two")
    digest = digest_of(found["digest"], bytes.fromhex if found.re is _WERKZEUG else from_base64)
    return ForeignHash(text, _Check(n, r, p, found["salt"].encode(), digest).matches)


@dataclass(frozen=True, slots=True)
class _Check:
    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def matches(self, password: bytes) -> bool:
        room = _BLOCK * self.r * (self.n + self.p + 4)  # as OpenSSL reckons it, and a little more
        derived = hashlib.scrypt(
            password, salt=self.salt, n=self.n, r=self.r, p=self.p, maxmem=room, dklen=len(self.digest)
        )
        return hmac.compare_digest(derived, self.digest)
