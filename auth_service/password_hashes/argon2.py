"""argon2id in the PHC form, as argon2-cffi writes it, and Django with its own word in front."""

import hmac
import re

from auth_service.password_hashes.form import (
    ForeignHash,
    UnsupportedHash,
    digest_of,
    from_base64,
    number,
    salt_of,
)

_FORM = re.compile(r"(?:argon2)?\$argon2(id?|d)\$v=(\d+)\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)")
_VERSION = "19"
_MOST_MEMORY = 131_072  # KiB
_MOST_WORK = 524_288  # KiB written, over all passes: about a second
_MOST_LANES = 16
_LEAST_PER_LANE = 8  # KiB, RFC 9106


def parse(text: str) -> ForeignHash | None:
    """Return the hash, or none for another family's. Raises UnsupportedHash."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    if found[1] != "id" or found[2] != _VERSION:
        raise UnsupportedHash("is of an argon2 other than argon2id of version 19")
    memory, passes = number(found[3], _MOST_MEMORY, "memory in KiB"), number(found[4], _MOST_WORK, "passes")
    number(str(memory * passes), _MOST_WORK, "memory in KiB times its passes")
    lanes = number(found[5], _MOST_LANES, "lanes")
    if memory < _LEAST_PER_LANE * lanes:
        raise UnsupportedHash("has too little memory for its lanes")
    salt, digest = salt_of(found[6], from_base64), digest_of(found[7], from_base64)

    def matches(password: bytes) -> bool:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415  few installations need it

        kdf = Argon2id(salt=salt, length=len(digest), iterations=passes, lanes=lanes, memory_cost=memory)
        return hmac.compare_digest(kdf.derive(password), digest)

    return ForeignHash(text, matches)
