"""Access tokens of 256 users, signed with ES256 as auth_service does, or with a secret, HS256; and forged ones."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.unit.gateway.authentication.issuing import ISSUER, Issuer

AUDIENCE = "colonnade"
USERS = 256

__all__ = ["AUDIENCE", "ISSUER", "USERS", "Tokens"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """One issuer with a key of either kind."""

    issuer: Issuer = field(default_factory=Issuer)
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    users: tuple[str, ...] = field(default_factory=lambda: tuple(str(uuid4()) for _ in range(USERS)))

    @property
    def public_pem(self) -> str:
        return self.issuer.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def jwks(self, algorithm: str) -> str:
        if algorithm == "ES256":
            return self.issuer.jwks(alg="ES256").decode()
        key = base64.urlsafe_b64encode(self.secret.encode()).rstrip(b"=").decode()
        return json.dumps({"keys": [{"kty": "oct", "alg": "HS256", "kid": self.issuer.jwk["kid"], "k": key}]})

    def make(self, algorithm: str, count: int) -> list[str]:
        """Return tokens that nobody has seen yet, of one user after the other."""
        return [self._token(algorithm, sub=self.users[number % USERS]) for number in range(count)]

    def bad(self, algorithm: str) -> dict[str, str]:
        """Return tokens that must be refused, by what is wrong with them."""
        other = Tokens()
        return {
            "no token": "",
            "forged": other._token(algorithm),
            "of another algorithm": self._token("HS256" if algorithm == "ES256" else "ES256"),
            "expired": self._token(algorithm, iat=1_700_000_000, exp=1_700_000_600),
            "of another issuer": self._token(algorithm, iss="https://elsewhere.example"),
            "for another audience": self._token(algorithm, aud="elsewhere"),
        }

    def _token(self, algorithm: str, **claims: Any) -> str:
        key: ec.EllipticCurvePrivateKey | bytes = self.issuer.key if algorithm == "ES256" else self.secret.encode()
        return self.issuer.token(alg=algorithm, key=key, **claims)
