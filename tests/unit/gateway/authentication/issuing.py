"""What auth_service does, as far as the gateway can tell: it signs tokens and publishes the keys."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import get_default_algorithms

from shared.identity import public_jwk

ISSUER = "http://127.0.0.1:8080"


class Issuer:
    """`claims` and `header` of a token are replaced by what a test asks for; a None leaves the member out."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.jwk = public_jwk(self.key.public_key())
        self.user_id = str(uuid4())
        self.session_id = str(uuid4())

    def jwks(self, **members: Any) -> bytes:
        return json.dumps({"keys": [self.jwk | members]}).encode()

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": "colonnade",
            "sub": self.user_id,
            "sid": self.session_id,
            "gen": 0,
            "jti": str(uuid4()),
            "scope": "profile files",
            "amr": ["pwd"],
            "acr": "aal1",
            "iat": now,
            "exp": now + 600,
        } | changes
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, header: dict[str, Any] | None = None, key: Any = None, alg: str = "ES256", **claims: Any) -> str:
        """Signs by hand, as a library refuses to make what a test must forge."""
        headers = {"alg": alg, "typ": "at+jwt", "kid": self.jwk["kid"]} | (header or {})
        headers = {name: value for name, value in headers.items() if value is not None}
        signed = f"{segment(headers)}.{segment(self.claims(**claims))}"
        signature = get_default_algorithms()[alg].sign(signed.encode(), key or self.key)
        return f"{signed}.{encoded(signature)}"


def segment(value: object) -> str:
    return encoded(json.dumps(value).encode())


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
