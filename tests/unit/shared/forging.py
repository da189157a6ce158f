"""Assertions as an attacker would write them: any header, any claims, any key."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.identity import Signer, Trust, key_id

AUDIENCE = "user_service"
GATEWAY = ec.generate_private_key(ec.SECP256R1())
SERVICE = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
TRUST: Trust = {
    "gateway": {key_id(GATEWAY.public_key()): GATEWAY.public_key()},
    "file_service": {key_id(SERVICE.public_key()): SERVICE.public_key()},
}
USER_ID = "0195f3a0-0000-7000-8000-000000000001"


def gateway() -> Signer:
    return Signer("gateway", GATEWAY)


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good assertion for a user; a change to None leaves a claim out."""
    now = int(time.time())
    good: dict[str, Any] = {
        "iss": "gateway", "aud": AUDIENCE, "iat": now, "exp": now + 60, "kind": "user", "sub": USER_ID,
        "sid": "", "scope": "", "amr": [],
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not None}


def forge(payload: dict[str, Any] | None = None, key: ec.EllipticCurvePrivateKey = GATEWAY, **header: Any) -> str:
    """Sign with ES256 whatever is asked for; a header of None is left out."""
    headers = {"typ": "identity+jwt", "kid": key_id(key.public_key())} | header
    headers = {name: value for name, value in headers.items() if value is not None}
    return jwt.PyJWS().encode(json.dumps(payload or claims()).encode(), key, "ES256", headers=headers)


def raw_token(header: object, payload: object, signature: bytes = b"") -> str:
    """Join parts that no library would sign."""
    return ".".join(_encode(part) for part in (json.dumps(header).encode(), json.dumps(payload).encode(), signature))


def hs256_with_public_key() -> str:
    """Use the public key, which anybody may know, as the secret of an HMAC."""
    pem = GATEWAY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "typ": "identity+jwt", "kid": key_id(GATEWAY.public_key())}
    head, body, _ = raw_token(header, claims()).split(".")
    signature = hmac.digest(pem, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{_encode(signature)}"


def rs256_header_on_an_es256_signature() -> str:
    _, body, signature = forge().split(".")
    header = {"alg": "RS256", "typ": "identity+jwt", "kid": key_id(GATEWAY.public_key())}
    return f"{raw_token(header, {}).split('.')[0]}.{body}.{signature}"


def claims_of_another_token() -> str:
    head, _, signature = forge().split(".")
    return f"{head}.{forge(claims(sub=USER_ID[:-1] + '2')).split('.')[1]}.{signature}"


def deeply_nested(levels: int = 3000) -> str:
    """Return a part of a token whose JSON goes down further than a parser that recurses can follow."""
    return _encode(b"[" * levels)


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
