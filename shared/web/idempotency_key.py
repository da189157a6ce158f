"""The header Idempotency-Key, and what is wrong with one; idempotency.py stores the answers."""

import hashlib

from aiohttp import web

from shared.errors import AppError
from shared.web.context import identity_of

HEADER = "Idempotency-Key"
_MAX_LENGTH = 255


class InvalidIdempotencyKey(AppError):
    code, status, title = "invalid_idempotency_key", 400, "The Idempotency-Key is invalid"


class IdempotencyKeyInUse(AppError):
    code, status, title = "idempotency_key_in_use", 409, "A request with this Idempotency-Key is being worked on"


class IdempotencyKeyReused(AppError):
    code, status, title = "idempotency_key_reused", 422, "This Idempotency-Key was used for another request"


IDEMPOTENCY_ERRORS = (InvalidIdempotencyKey, IdempotencyKeyInUse, IdempotencyKeyReused)


def read_key(request: web.Request) -> bytes | None:
    """Return the hash of the request's key within its scope, or None without one. Raises InvalidIdempotencyKey."""
    values = request.headers.getall(HEADER, [])
    if not values:
        return None
    key = values[0]
    if len(values) > 1 or not (0 < len(key) <= _MAX_LENGTH and key.isascii() and key.isprintable()):
        raise InvalidIdempotencyKey(f"Send one key of 1 to {_MAX_LENGTH} printable ASCII characters.")
    resource = request.match_info.route.resource
    scope = (identity_of(request).subject, request.method, resource.canonical if resource else "", key)
    return hashlib.sha256("\0".join(scope).encode()).digest()
