"""What makes an ID token good (OpenID Connect Core, 3.1.3.7): its issuer's, for us, for this sign-in, made just now."""

import base64
import hashlib
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import jwt

from shared.errors import MalformedBody
from shared.web.body import check_text

_LONGEST = 64 * 1024  # characters
_LEEWAY = 60  # seconds that a provider's clock may be wrong by
_OLDEST = 600  # seconds since it was issued: it was issued to us, on request
_LONGEST_SUBJECT = 255
_TEXTS = ("nonce", "at_hash", "sub", "email")
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_HASHES = {"RS256": "sha256", "PS256": "sha256", "ES256": "sha256", "EdDSA": "sha512"}  # of at_hash


class BadIdToken(ValueError):
    """Says what is wrong with it, for the operator's log."""


@dataclass(frozen=True, slots=True)
class Expected:
    issuer: str
    client_id: str
    nonce: str
    access_token: str


def read_header(token: str, algorithms: tuple[str, ...]) -> tuple[str, str | None]:
    """Return the algorithm, one of `algorithms`, and the key's name if there is one. Raises BadIdToken."""
    if len(token) > _LONGEST or not _COMPACT.fullmatch(token):
        raise BadIdToken("it is no compact JWT")
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError) as exc:
        raise BadIdToken(f"its header can't be read: {exc!r}") from exc
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in algorithms:
        raise BadIdToken(f"its algorithm is {algorithm!r}")
    if "crit" in header or not isinstance(key_id, str | None):
        raise BadIdToken("its header asks for what we don't know")
    return algorithm, key_id


def read_claims(token: str, key: jwt.PyJWK, expected: Expected) -> Mapping[str, Any]:
    """Return the claims. Raises BadIdToken."""
    algorithm = key.algorithm_name
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[algorithm],
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=_LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError) as exc:
        raise BadIdToken(f"{exc!r}") from exc
    _check_texts(claims)
    _check_party(claims, expected.client_id)
    _check_age(claims["iat"])
    if not _same(claims.get("nonce"), expected.nonce):
        raise BadIdToken("its nonce isn't this sign-in's")
    if "at_hash" in claims and not _same(claims["at_hash"], _half_hash(expected.access_token, algorithm)):
        raise BadIdToken("the access token beside it is another's")
    _check_subject(claims["sub"])
    return claims


def _check_party(claims: Mapping[str, Any], client_id: str) -> None:
    """Refuse what was issued to another client, even where it names us among its audiences."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise BadIdToken("it was issued to another client")


def _check_texts(claims: Mapping[str, Any]) -> None:
    """Refuse what can be neither compared nor stored: JSON's escapes can name what is no Unicode."""
    for name in _TEXTS:
        text = claims.get(name)
        try:
            check_text(text if isinstance(text, str) else "", name)
        except MalformedBody as exc:
            raise BadIdToken(f"its {name} is no text") from exc


def _check_age(issued: object) -> None:
    if not isinstance(issued, int | float):
        raise BadIdToken("it was issued at no time")
    if time.time() - issued > _OLDEST + _LEEWAY:
        raise BadIdToken("it was issued long ago")


def _check_subject(subject: object) -> None:
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise BadIdToken("its subject is no name")


def _half_hash(text: str, algorithm: str) -> str:
    digest = hashlib.new(_HASHES[algorithm], text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


def _same(value: object, expected: str) -> bool:
    return isinstance(value, str) and compare_digest(value.encode(), expected.encode())
