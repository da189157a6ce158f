"""Plain bcrypt, as GoTrue, PocketBase, PHP and others write it, and the two that Django has.

Stored in Django's form, `bcrypt$$2b$...`, since what begins with `$2b$` is a hash of ours, which is peppered.
"""

import hashlib
import re

import bcrypt

from auth_service.password_hashes.form import ForeignHash, number

_COST, _SALT, _DIGEST = r"(0[4-9]|[12]\d|3[01])", "[./A-Za-z0-9]{21}[.Oeu]", "[./A-Za-z0-9]{31}"
_FORM = re.compile(rf"(bcrypt|bcrypt_sha256)?(?(1)\$)(\$2[aby]\${_COST}\${_SALT}{_DIGEST})")
_MOST_COST = 14
_READ = 72  # bytes: bcrypt never saw more of a password, whatever those systems let people write


def parse(text: str) -> ForeignHash | None:
    """Return the hash, or none for another family's. Raises UnsupportedHash."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    kind, digest, cost = found[1] or "bcrypt", found[2].encode(), found[3]
    number(cost.lstrip("0"), _MOST_COST, "cost")

    def matches(password: bytes) -> bool:
        if kind == "bcrypt_sha256":
            password = hashlib.sha256(password).hexdigest().encode()
        return bcrypt.checkpw(password[:_READ], digest)

    return ForeignHash(f"{kind}${found[2]}", matches)
