"""A server that speaks GitHub's protocol, over real HTTP: as its manual says, failures with status 200 included."""

import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.test_utils import TestServer

Json = dict[str, Any]


@dataclass
class GitHubServer:
    url: str = ""
    user: Json = field(default_factory=lambda: {"login": "ada", "id": 583231, "email": None})
    emails: Any = field(
        default_factory=lambda: [
            {"email": "old@example.org", "primary": False, "verified": True, "visibility": None},
            {"email": "ada@example.org", "primary": True, "verified": True, "visibility": "private"},
        ]
    )
    token_answer: Json | None = None
    grants: dict[str, Json] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/login/oauth/authorize", self._authorize),
                web.post("/login/oauth/access_token", self._token),
                web.get("/api/user", self._user),
                web.get("/api/user/emails", self._emails),
            ]
        )
        return app

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        assert (asked["client_id"], asked["scope"]) == ("Iv1.0123", "read:user user:email")
        assert "nonce" not in asked
        code = secrets.token_hex(10)
        self.grants[code] = asked
        location = f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
        return web.Response(status=302, headers={"Location": location})

    async def _token(self, request: web.Request) -> web.Response:
        assert request.headers["Accept"] == "application/json"  # it answers a form otherwise
        form = await request.post()
        if self.token_answer is not None:
            return web.json_response(self.token_answer)
        if (form["client_id"], form["client_secret"]) != ("Iv1.0123", "s3cret"):
            return web.json_response({"error": "incorrect_client_credentials"})
        asked = self.grants.pop(str(form["code"]), None)
        digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge or asked["code_challenge_method"] != "S256":
            return web.json_response({"error": "bad_verification_code", "error_description": "incorrect or expired."})
        return web.json_response({"access_token": "gho_16C7", "scope": "read:user,user:email", "token_type": "bearer"})

    async def _user(self, request: web.Request) -> web.Response:
        return self._api(request, self.user)

    async def _emails(self, request: web.Request) -> web.Response:
        return self._api(request, self.emails)

    def _api(self, request: web.Request, answer: Any) -> web.Response:
        self.asked.append(request.path)
        if request.headers.get("Authorization") != "Bearer gho_16C7" or not request.headers.get("User-Agent"):
            return web.json_response({"message": "Bad credentials"}, status=401)
        return web.json_response(answer)


@asynccontextmanager
async def running_github_server() -> AsyncIterator[GitHubServer]:
    server = GitHubServer()
    async with TestServer(server.app()) as listening:
        server.url = str(listening.make_url("")).rstrip("/")
        yield server
