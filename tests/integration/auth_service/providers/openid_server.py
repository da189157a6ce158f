"""An OpenID provider over real HTTP, right by default, that a test can have misbehave in one thing."""

import asyncio
import base64
import hashlib
import secrets
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

Json = dict[str, Any]
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
CLIENT_ID, CLIENT_SECRET = "colonnade at work", "s3cret: with & signs"
RSA = rsa.generate_private_key(65537, 2048)
ADA = {"sub": "ada-at-the-provider", "email": "ada@example.org", "email_verified": True}


def new_key(algorithm: str) -> Key:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.generate() if algorithm == "EdDSA" else RSA


def public_jwk(key: Key, algorithm: str, kid: str) -> Json:
    kind: Any = {"ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}.get(algorithm, RSAAlgorithm)
    jwk: Json = kind.to_jwk(key.public_key(), as_dict=True)
    return jwk | {"kid": kid, "use": "sig", "alg": algorithm}


@dataclass
class OpenIdServer:
    """`person` is who is signed in there. What a test puts into the other fields takes the place of what is right."""

    issuer: str = ""
    person: Json = field(default_factory=lambda: dict(ADA))
    algorithm: str = "RS256"
    key: Key = RSA
    kid: str = "first"
    jwks: list[Json] | None = None
    metadata: Json = field(default_factory=dict)
    header: Json = field(default_factory=dict)
    claims: Json = field(default_factory=dict)
    tokens: Json = field(default_factory=dict)  # of the token endpoint's answer
    userinfo: Json = field(default_factory=dict)
    returned: dict[str, str | None] = field(default_factory=dict)  # behind our address, or none to leave it out
    tells_issuer: bool = True
    status: dict[str, int] = field(default_factory=dict)  # by path
    body: dict[str, bytes] = field(default_factory=dict)  # by path
    stuck: set[str] = field(default_factory=set)  # paths that never answer
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    forms: list[Json] = field(default_factory=list)
    grants: dict[str, Json] = field(default_factory=dict)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._misbehave])
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._discovery),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
                web.get("/jwks", self._jwks),
                web.get("/userinfo", self._userinfo),
            ]
        )
        return app

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Any) -> web.StreamResponse:
        path = request.path
        self.asked.append(path)
        if path in self.stuck:
            await asyncio.Event().wait()
        if path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[path]})
        if path in self.status or path in self.body:
            return web.Response(
                status=self.status.get(path, 200), body=self.body.get(path, b"{}"), content_type="application/json"
            )
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _discovery(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "id_token_signing_alg_values_supported": [self.algorithm],
                "authorization_response_iss_parameter_supported": self.tells_issuer,
            }
            | self.metadata
        )

    async def _authorize(self, request: web.Request) -> web.Response:
        """Have the person agree at once."""
        asked = dict(request.query)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        assert asked["client_id"] == CLIENT_ID
        code = secrets.token_urlsafe()
        self.grants[code] = asked
        told = {"code": code, "state": asked["state"], "session_state": "unheard of"}
        told |= {"iss": self.issuer} if self.tells_issuer else {}
        query = {name: value for name, value in {**told, **self.returned}.items() if value is not None}
        return web.Response(status=303, headers={"Location": f"{asked['redirect_uri']}?{urlencode(query)}"})

    async def _token(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        self.forms.append(form)
        if not self._knows_client(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        asked = self.grants.pop(str(form["code"]), None)
        if asked is None or not self._is_proved(asked, form):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": "opaque", "token_type": "Bearer"} | self._id_token(asked))

    def _knows_client(self, request: web.Request, form: Json) -> bool:
        basic = request.headers.get("Authorization", "").removeprefix("Basic ")
        expected = base64.b64encode(f"{'colonnade+at+work'}:{'s3cret%3A+with+%26+signs'}".encode()).decode()
        return basic == expected or (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)

    def _is_proved(self, asked: Json, form: Json) -> bool:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        proved: bool = challenge == asked["code_challenge"]
        return proved and form["redirect_uri"] == asked["redirect_uri"]

    def _id_token(self, asked: Json) -> Json:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims = {name: value for name, value in {**claims, **self.person, **self.claims}.items() if value is not None}
        header = {name: value for name, value in {"kid": self.kid, **self.header}.items() if value is not None}
        algorithm = header.pop("alg", self.algorithm)
        key: Any = {"none": None, "HS256": CLIENT_SECRET.ljust(32)}.get(algorithm, self.key)
        return {"id_token": jwt.encode(claims, key, algorithm, headers=header)} | self.tokens

    async def _jwks(self, _request: web.Request) -> web.Response:
        keys = self.jwks if self.jwks is not None else [public_jwk(self.key, self.algorithm, self.kid)]
        return web.json_response({"keys": keys})

    async def _userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer opaque"
        return web.json_response(self.userinfo or self.person)


@asynccontextmanager
async def running_openid_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[OpenIdServer]:
    server = OpenIdServer()
    listening = TestServer(server.app(), scheme="https" if tls is not None else "http")
    await listening.start_server(ssl=tls)
    async with listening:
        server.issuer = str(listening.make_url("")).rstrip("/")
        yield server
