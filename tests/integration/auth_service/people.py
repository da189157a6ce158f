"""Who calls auth_service in the tests, and the gateway that vouches for them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.identity import ANONYMOUS, HEADER, Identity, Kind, Signer, public_jwk

Json = dict[str, Any]
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Device:
    address: str = "192.0.2.10"
    agent: str = "Firefox on a desk"


HOME = Device()
STRANGER = Device("203.0.113.66", "curl")


@dataclass(frozen=True)
class Reply:
    status: int
    body: Json
    headers: dict[str, str]

    @property
    def code(self) -> str | None:
        return self.body.get("code")


@dataclass(frozen=True)
class Person:
    """Somebody signed in: `tokens` is what register or login answered."""

    email: str
    tokens: Json

    @property
    def user_id(self) -> UUID:
        return UUID(self.tokens["user_id"])

    @property
    def claims(self) -> Json:
        return claims_of(self.tokens)

    @property
    def session_id(self) -> UUID:
        return UUID(self.claims["sid"])

    @property
    def refresh_token(self) -> str:
        return str(self.tokens["refresh_token"])


@dataclass(frozen=True)
class Holder(Person):
    """Somebody who asks by a cookie or an API key: `told` is what auth_service told the gateway of it."""

    told: Json

    @property
    def claims(self) -> Json:
        by_key = self.told["kind"] == "api_key"
        return {
            "sub": self.told["user_id"],
            "sid": "" if by_key else self.told["credential_id"],
            "key": self.told["credential_id"] if by_key else "",
            "scope": " ".join(self.told["scopes"]),
            "amr": self.told["amr"],
            "roles": self.told["roles"],
        }


def claims_of(tokens: Json) -> Json:
    claims: Json = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    return claims


class Gateway:
    """Signs assertions as the gateway, and for `user_service` as a program that calls /internal."""

    def __init__(self, folder: Path) -> None:
        issuers = ("gateway", "auth_service", "user_service")
        keys = {issuer: ec.generate_private_key(ec.SECP256R1()) for issuer in issuers}
        self.key_file = folder / "auth_service.pem"
        pem = keys["auth_service"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.key_file.write_bytes(pem)
        self._signers = {issuer: Signer(issuer, key) for issuer, key in keys.items()}
        self.trust_file = folder / "trust.json"
        trust = {issuer: {"keys": [public_jwk(key.public_key())]} for issuer, key in keys.items()}
        self.trust_file.write_text(json.dumps(trust))

    def headers(self, person: Person | None, device: Device) -> dict[str, str]:
        identity = ANONYMOUS
        if person is not None:
            claims = person.claims
            scopes, amr = tuple(claims["scope"].split()), tuple(claims["amr"])
            roles, key = tuple(claims["roles"]), claims.get("key", "")
            identity = Identity(Kind.USER, claims["sub"], claims["sid"], scopes, amr, key, roles)
        assertion = self._signers["gateway"].sign(identity, "auth_service")
        return {HEADER: assertion, "X-Forwarded-For": device.address, "User-Agent": device.agent}

    def program_headers(self) -> dict[str, str]:
        return {HEADER: self._signers["user_service"].sign_self("auth_service")}
