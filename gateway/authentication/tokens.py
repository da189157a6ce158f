"""Access tokens (RFC 9068): strict in form, pinned in algorithm, type, issuer and audience (RFC 8725)."""

import json
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import jwt

from gateway.authentication.errors import InvalidToken
from gateway.authentication.keys import KeySet
from gateway.authentication.principal import Principal

AUDIENCE = "colonnade"
MAX_SIZE = 8192  # bytes
MAX_LIFETIME = 660  # seconds; what lives longer could outlive the memory of its revocation
_LEEWAY = 30  # seconds that auth_service's clock may be ahead; its tokens still end before MAX_LIFETIME is over
_SCHEME = "bearer "
_HOW = "Tokens and API keys are sent as Authorization: Bearer TOKEN."
_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] ([A-Za-z0-9._~+/-]+=*)")
_TYPES = frozenset(("at+jwt", "application/at+jwt"))
_KEYS_OF_THEIR_OWN = frozenset(("crit", "jku", "jwk", "x5u", "x5c"))
_FLAWS: Mapping[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.InvalidSignatureError: "its signature isn't that of the key with its kid",
    jwt.InvalidIssuerError: "its iss isn't PUBLIC_URL",
    jwt.InvalidAudienceError: f"its aud isn't {AUDIENCE}",
    jwt.ImmatureSignatureError: "its iat or nbf lies in the future: a clock is wrong",
}
_REQUIRED = ["iss", "aud", "exp", "iat", "sub", "sid", "gen", "jti"]


def bearer_token(authorization: Sequence[str]) -> str | None:
    """Return the token of the Authorization headers; none if there is no header. Raises InvalidToken."""
    if not authorization:
        return None
    if len(authorization) > 1:
        raise InvalidToken("there are several Authorization headers, or a token in two places")
    match = _BEARER.fullmatch(authorization[0])
    if match is None or len(match[1]) > MAX_SIZE:
        is_bearer = authorization[0][: len(_SCHEME)].lower() == _SCHEME
        raise InvalidToken(
            f"Authorization isn't `Bearer` with a token of at most {MAX_SIZE} bytes", "" if is_bearer else _HOW
        )
    return match[1]


class TokenVerifier:
    """Checks tokens that `issuer` signed. Costs 90 us each: see VerifiedCredentials."""

    def __init__(self, keys: KeySet, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._issuer = issuer
        self._clock = clock

    async def verify(self, token: str, *, search: bool = True) -> Principal:
        """Return whom the token stands for. Raises InvalidToken, or Unavailable while its key can't be had.

        Without `search` auth_service isn't asked for a key that isn't known.
        """
        key_id, payload = _read(token)
        key = await self._keys.find(key_id, search=search)
        try:
            jwt.decode(
                token,
                key,
                algorithms=["ES256"],
                audience=AUDIENCE,
                issuer=self._issuer,
                leeway=_LEEWAY,
                options={"require": _REQUIRED, "strict_aud": True},
            )
            principal = _principal(_json_object(payload), key_id)
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as exc:
            raise InvalidToken(_FLAWS.get(type(exc)) or str(exc)) from exc
        if principal.expires_at <= self._clock():
            raise InvalidToken("it has expired")
        return principal


def _read(token: str) -> tuple[str, bytes]:
    """Return the `kid` and the payload of a token whose form and header are as ours, before anything is believed."""
    segments = token.split(".")
    if len(segments) != 3:  # noqa: PLR2004  a JWS's three parts
        raise InvalidToken("it isn't three segments")
    header, payload, _ = map(_decoded, segments)
    try:
        members = _json_object(header)
    except ValueError as exc:
        raise InvalidToken("its header isn't a JSON object") from exc
    key_id, kind = members.get("kid"), members.get("typ")
    ours = members.get("alg") == "ES256" and isinstance(kind, str) and kind in _TYPES
    if not ours or _KEYS_OF_THEIR_OWN & members.keys() or not isinstance(key_id, str):
        raise InvalidToken("its header isn't that of an access token of ours: ES256, at+jwt, a kid, no key")
    return key_id, payload


def _decoded(segment: str) -> bytes:
    """Return what base64url would write so: no padding, no foreign character, no spare bits. Raises InvalidToken."""
    try:
        data = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        canonical = urlsafe_b64encode(data).rstrip(b"=") == segment.encode()
    except ValueError:
        canonical = False
    if not canonical:
        raise InvalidToken("a segment isn't canonical base64url")
    return data


def _json_object(text: bytes) -> dict[str, Any]:
    """Return the object, in which nothing is said twice: parsers differ on what counts then. Raises ValueError."""
    try:
        value = json.loads(text.decode(), object_pairs_hook=_distinct)
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004  it is the text that is wrong
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def _principal(claims: Mapping[str, Any], key_id: str) -> Principal:
    """Raises ValueError, TypeError or AttributeError for claims of another form."""
    generation, issued, expires = claims["gen"], claims["iat"], claims["exp"]
    if any(type(number) is not int for number in (generation, issued, expires)) or expires - issued > MAX_LIFETIME:
        raise ValueError("not the times and the generation of an access token")
    acr, auth_time = claims.get("acr", ""), claims.get("auth_time", 0)
    if type(acr) is not str or type(auth_time) is not int:
        raise TypeError("acr is a name and auth_time a number")
    amr = claims.get("amr", [])
    roles = claims.get("roles", [])
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in (amr, roles)):
        raise TypeError("amr and roles are lists of names")
    return Principal(
        user_id=str(UUID(claims["sub"])),
        credential_id=str(UUID(claims["sid"])),
        generation=generation,
        scopes=tuple(claims.get("scope", "").split()),
        amr=tuple(amr),
        expires_at=expires,
        key_id=key_id,
        roles=tuple(roles),
        acr=acr,
        auth_time=auth_time,
    )
