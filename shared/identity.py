"""Who a request is for, as one process tells another: a short-lived ES256 JWT in `X-Identity`.

Services trust nothing else: no network, no other header. Every issuer has its own key, listed in one trust file.
"""

import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.errors import ClocksDisagree, Unauthenticated

HEADER = "X-Identity"
MAX_TTL = 60  # seconds
_RENEWAL = MAX_TTL / 2  # seconds after which a process makes a new token for itself
_TYPE = "identity+jwt"
_LEEWAY = 30  # seconds of clock difference that we put up with
_CACHE_SIZE = 10_000
_MAX_LENGTH = 8192  # characters of a token
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # PyJWT takes padding, which RFC 7515 forbids
_PEM = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----.*?-----END (?:[A-Z]+ )*PRIVATE KEY-----", re.DOTALL)
_SIGNING_JWK = ("EC", "P-256", "sig", "ES256")  # kty, crv, use, alg


class Kind(StrEnum):
    ANONYMOUS = "anonymous"
    USER = "user"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Identity:
    """`subject` is a user id, a service's name, or empty for anonymous.

    A user asks by a session (`session_id`) or by an API key (`api_key_id`), never by both. `amr`, `acr` and `auth_time`
    (seconds since 1970) tell how and when its owner last proved to be that (RFC 9068); a key has none of them.
    """

    kind: Kind
    subject: str = ""
    session_id: str = ""
    scopes: tuple[str, ...] = ()
    amr: tuple[str, ...] = ()
    api_key_id: str = ""
    roles: tuple[str, ...] = ()
    acr: str = ""
    auth_time: int = 0

    @property
    def user_id(self) -> UUID:
        """Raises Unauthenticated for anything but a user."""
        if self.kind is not Kind.USER:
            raise Unauthenticated("Sign in first.")
        return _parsed(self.subject)


@lru_cache(_CACHE_SIZE)
def _parsed(subject: str) -> UUID:
    return UUID(subject)


ANONYMOUS = Identity(Kind.ANONYMOUS)


class Signer:
    """Signs as one issuer with its own private key; `others` are keys that it had before, or is to have next."""

    def __init__(self, issuer: str, key: ec.EllipticCurvePrivateKey, *others: ec.EllipticCurvePrivateKey) -> None:
        self._issuer = issuer
        self._key = key
        self._others = others
        self._key_id = key_id(key.public_key())
        self._own: dict[str, tuple[str, float]] = {}  # by audience: the token, and when it was signed

    @classmethod
    def from_file(cls, issuer: str, path: Path) -> "Signer":
        """Read keys, of which the first signs. Raises ValueError unless they are unencrypted P-256 keys in PEM."""
        try:
            return cls(issuer, *private_keys(path.read_bytes()))
        except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
            raise ValueError(f"{path} holds no private key that can be read, or none of P-256") from exc

    def derive_keys(self, purpose: str) -> tuple[bytes, ...]:
        """Return 32 secret bytes for `purpose` that follow from each private key, so that all replicas have the same.

        The first is to make something with; what any of them made is good.
        """
        return tuple(_derive(key, purpose) for key in (self._key, *self._others))

    def sign(self, identity: Identity, audience: str, ttl: float = MAX_TTL) -> str:
        """Return a token for `audience` that lives `ttl` seconds, at most MAX_TTL."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "iat": now,
            "exp": now + int(min(ttl, MAX_TTL)),
            "kind": identity.kind.value,
            "sub": identity.subject,
            "sid": identity.session_id,
            "key": identity.api_key_id,
            "scope": " ".join(identity.scopes),
            "amr": list(identity.amr),
            "roles": list(identity.roles),
            "acr": identity.acr,
            "auth_time": identity.auth_time,
        }
        return jwt.encode(claims, self._key, "ES256", headers={"typ": _TYPE, "kid": self._key_id})

    def sign_self(self, audience: str) -> str:
        """Return a token by which this process speaks for itself: the same for a while, so that it is verified once."""
        token, signed_at = self._own.get(audience, ("", 0.0))
        now = time.time()
        if not 0 <= now - signed_at < _RENEWAL:  # a clock that was set back has to be followed, too
            token = self.sign(Identity(Kind.SERVICE, self._issuer), audience)
            self._own[audience] = token, now
        return token


def private_keys(pem: bytes) -> list[ec.EllipticCurvePrivateKey]:
    """Return the keys of a file, in its order. Raises ValueError, TypeError or UnsupportedAlgorithm."""
    keys = [serialization.load_pem_private_key(each, password=None) for each in _PEM.findall(pem)]
    found = [key for key in keys if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)]
    if not found or len(found) < len(keys):
        raise ValueError("no P-256 private key")
    return found


def _derive(key: ec.EllipticCurvePrivateKey, purpose: str) -> bytes:
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    return hmac.digest(secret, b"colonnade " + purpose.encode(), "sha256")


Trust = Mapping[str, Mapping[str, ec.EllipticCurvePublicKey]]  # issuer -> key id -> key


def load_trust(path: Path) -> Trust:
    """Read `{issuer: JWKS}`. Raises ValueError for anything but public P-256 signing keys, and for one listed twice."""
    try:
        trust = {
            issuer: {jwk["kid"]: _public_key(jwk) for jwk in jwks["keys"]}
            for issuer, jwks in json.loads(path.read_text(encoding="utf-8")).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, jwt.PyJWTError) as exc:
        raise ValueError(f"{path} is no trust file: {exc!r}") from exc
    prints = [key_id(key) for keys in trust.values() for key in keys.values()]
    if len(prints) != len(set(prints)):
        raise ValueError(f"{path}: issuers share a key, or one lists it twice")
    return trust


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
    """Return the key as a JWK (RFC 7517) for verifying ES256."""
    jwk: dict[str, Any] = ECAlgorithm.to_jwk(key, as_dict=True)
    jwk.pop("key_ops", None)
    return jwk | {"kid": key_id(key), "use": "sig", "alg": "ES256"}


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """Return a name that follows from the key itself, so that two keys never share one."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    return digest.finalize().hex()[:32]


def _public_key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    found = (jwk.get("kty"), jwk.get("crv"), jwk.get("use", "sig"), jwk.get("alg", "ES256"))
    if found != _SIGNING_JWK or "d" in jwk:
        raise ValueError("only public P-256 keys for ES256 signatures are trusted")
    if "verify" not in jwk.get("key_ops", ("verify",)):
        raise ValueError("a key is trusted that isn't for verifying")
    key = ECAlgorithm(ECAlgorithm.SHA256).from_jwk(dict(jwk))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


@dataclass(frozen=True, slots=True)
class _Verified:
    """What is remembered of an assertion: who it speaks of, and on what that rests."""

    identity: Identity
    expires: float
    issuer: str
    key_id: str
    key: ec.EllipticCurvePublicKey


class Verifier:
    """Checks assertions made for `audience`. Only the gateway may speak for a person; others for themselves alone.

    The gateway sends one assertion with every request of a credential for as long as it lives, so the genuine ones are
    remembered, by each of their characters. That spares the signature alone: its key must still be trusted, and the
    assertion be fresh, whenever it comes.
    """

    def __init__(self, trust: Trust, audience: str, *, spokesman: str = "gateway") -> None:
        self._trust = trust
        self._audience = audience
        self._spokesman = spokesman
        self._cache: dict[str, _Verified] = {}

    def verify(self, token: str) -> Identity:
        """Raises Unauthenticated unless it is genuine and ours, ClocksDisagree unless it is fresh.

        Costs 60 us, then a look-up.
        """
        known = self._cache.get(token)
        if known is None or time.time() >= known.expires or self._key(known.issuer, known.key_id) is not known.key:
            known = self._verify(token)
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            self._cache[token] = known
        return known.identity

    def _verify(self, token: str) -> _Verified:
        try:
            issuer, key_id = self._named(token)
            key = self._trust[issuer][key_id]
            claims = self._claims(token, issuer, key)
            return _Verified(self._identity(claims), claims["exp"], issuer, key_id, key)
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as exc:  # judged after the signature
            raise ClocksDisagree("Try again.") from exc
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as exc:
            raise Unauthenticated("The identity assertion isn't valid.") from exc

    def _key(self, issuer: str, key_id: str) -> ec.EllipticCurvePublicKey | None:
        keys = self._trust.get(issuer)
        return keys.get(key_id) if keys is not None else None

    def _named(self, token: str) -> tuple[str, str]:
        """Return the issuer and the key id that an assertion names, before anything of it is believed."""
        if len(token) > _MAX_LENGTH or not _COMPACT.fullmatch(token):
            raise ValueError("not a compact JWT")
        named = jwt.decode_complete(token, options={"verify_signature": False})
        header = named["header"]
        if header.get("typ") != _TYPE or "crit" in header:
            raise ValueError("not an identity assertion")
        return named["payload"]["iss"], header["kid"]

    def _claims(self, token: str, issuer: str, key: ec.EllipticCurvePublicKey) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            audience=self._audience,
            issuer=issuer,
            leeway=_LEEWAY,
            options={"require": ["iss", "aud", "iat", "exp", "sub", "kind"], "strict_aud": True},
        )
        if claims["exp"] - claims["iat"] > MAX_TTL:
            raise ValueError("the assertion lives too long")
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        identity = Identity(
            kind=Kind(claims["kind"]),
            subject=claims["sub"],
            session_id=claims.get("sid", ""),
            scopes=tuple(claims.get("scope", "").split()),
            amr=tuple(claims.get("amr", ())),
            api_key_id=claims.get("key", ""),
            roles=tuple(claims.get("roles", ())),
            acr=claims.get("acr", ""),
            auth_time=claims.get("auth_time", 0),
        )
        if identity.kind is Kind.SERVICE and identity.subject != claims["iss"]:
            raise ValueError("a process speaks for itself alone")
        if identity.kind is not Kind.SERVICE and claims["iss"] != self._spokesman:
            raise ValueError("this issuer doesn't speak for people")
        if identity.kind is Kind.USER:
            UUID(identity.subject)
        return identity
