"""What may be told of a credential: never it, but what it says of itself, before any of that is believed."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

from gateway.authentication.errors import InvalidToken
from gateway.authentication.principal import Principal
from gateway.authentication.tokens import bearer_token
from shared.credentials import API_KEY_LABEL

NOTHING = "no credential"
_TOLD = ("iss", "aud", "sub", "sid", "gen", "iat", "exp")
_LONGEST = 100  # characters of what a stranger wrote
_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def found(authorization: Sequence[str], *, cookie: bool) -> str:
    """Say what was sent, in words that hold nothing of it. A session's `cookie` counts beside no Authorization."""
    if not authorization:
        return "a session's cookie" if cookie else NOTHING
    token = _token(authorization)
    kind = "an API key" if token and token.startswith(API_KEY_LABEL) else "an access token"
    told = kind if token else "an Authorization header that is none of ours"
    return f"{told}; the session's cookie doesn't count beside it" if cookie else told


def claimed(authorization: Sequence[str]) -> dict[str, Any]:
    """Return what an access token says of itself, unverified; empty where it can't be read."""
    token = _token(authorization)
    if not token:
        return {}
    try:
        header = jwt.get_unverified_header(token)
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError, RecursionError):
        return {}
    told = {"kid": header.get("kid"), "alg": header.get("alg"), "typ": header.get("typ")}
    told |= {name: claims.get(name) for name in _TOLD}
    return {name: _short(value) for name, value in told.items() if value is not None}


def age(claims: Mapping[str, Any]) -> str:
    """Say when the token expires or expired, by what it says of itself."""
    expires = claims.get("exp")
    if not isinstance(expires, int):
        return ""
    left = expires - int(time.time())
    return f"it expires in {duration(left)}" if left > 0 else f"it expired {duration(-left)} ago"


def duration(seconds: float) -> str:
    """Return the largest unit that fits: 90 is "1 min"."""
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return "0 s"


def person(principal: Principal) -> dict[str, Any]:
    return {
        "kind": principal.kind.value,
        "user_id": principal.user_id,
        "session_id": principal.session_id,
        "api_key_id": principal.api_key_id,
        "scopes": list(principal.scopes),
        "roles": list(principal.roles),
        "amr": list(principal.amr),
        "acr": principal.acr,
        "auth_time": principal.auth_time,
    }


def _token(authorization: Sequence[str]) -> str | None:
    try:
        return bearer_token(authorization)
    except InvalidToken:
        return None


def _short(value: Any) -> Any:
    return value if isinstance(value, int) else str(value)[:_LONGEST]
