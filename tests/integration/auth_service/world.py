"""auth_service on real PostgreSQL as the gateway sees it: over HTTP, with assertions signed by the gateway's key."""

import asyncio
import base64
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from aiohttp import ClientResponse, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from auth_service.app import open_service
from auth_service.handlers.keys import KEYS
from auth_service.key_ring import KeyRing
from auth_service.settings import Settings
from shared.db import DirectConnection
from shared.lifecycle import Lifecycle
from shared.settings import Env
from tests.integration.auth_service.people import (
    HOME,
    PASSWORD,
    Device,
    Gateway,
    Holder,
    Json,
    Person,
    Reply,
    claims_of,
)
from tests.stores import DatabaseUrls

Client = TestClient[Any, Any]
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class AuthService:
    """One running replica. `admin` is a superuser's connection to its database."""

    public: Client
    private: Client
    gateway: Gateway
    admin: DirectConnection
    key_ring: KeyRing

    async def call(
        self, method: str, path: str, body: object = None, *, person: Person | None = None, device: Device = HOME
    ) -> Reply:
        headers = self.gateway.headers(person, device)
        return await _send(self.public, method, path, body, headers)

    async def post(self, path: str, body: object = None, *, person: Person | None = None) -> Reply:
        return await self.call("POST", path, body, person=person)

    async def internal(self, method: str, path: str, body: object = None) -> Reply:
        return await _send(self.private, method, path, body, self.gateway.program_headers())

    async def register(self, email: str | None = None, password: str = PASSWORD) -> Person:
        email = email or f"person-{next(_NUMBERS)}@example.org"
        reply = await self.post("/v1/auth/register", {"email": email, "password": password})
        assert reply.status == 201, reply
        return Person(email, reply.body)

    async def try_login(self, email: str, password: str = PASSWORD, device: Device = HOME) -> Reply:
        return await self.call("POST", "/v1/auth/login", {"email": email, "password": password}, device=device)

    async def login(self, person: Person, password: str = PASSWORD, device: Device = HOME) -> Person:
        reply = await self.try_login(person.email, password, device)
        assert reply.status == 200, reply
        return Person(person.email, reply.body)

    async def refresh(self, refresh_token: str) -> Reply:
        return await self.post("/v1/auth/refresh", {"refresh_token": refresh_token})

    async def confirm(self, tokens: Json) -> None:
        """Report, as the gateway does, that the access token was seen in use."""
        claims = claims_of(tokens)
        seen = {"session_id": claims["sid"], "generation": claims["gen"]}
        reply = await self.internal("POST", "/internal/confirmations", {"confirmations": [seen]})
        assert reply.status == 204

    async def verify(self, kind: str, credential: str) -> Json | None:
        """Ask, as the gateway does, whom a cookie or an API key stands for."""
        body = {"kind": kind, "credential": credential}
        reply = await self.internal("POST", "/internal/credentials", body)
        assert reply.status == 200, reply
        holder: Json | None = reply.body["holder"]
        return holder

    async def holder(self, kind: str, credential: str) -> Holder:
        """Return somebody who asks by the credential, which must be good."""
        told = await self.verify(kind, credential)
        assert told is not None
        return Holder("", {"user_id": told["user_id"]}, told | {"kind": kind})

    async def let_time_pass(self, session_id: UUID, interval: str) -> None:
        """Age one session, since the database's clock can't be set."""
        await self.admin.execute(
            f"""
            update auth.session set created_at = created_at - interval '{interval}',
                rotated_at = rotated_at - interval '{interval}', last_used_at = last_used_at - interval '{interval}',
                window_started_at = window_started_at - interval '{interval}'
            where session_id = $1
            """,
            session_id,
        )

    async def events(self, kind: str) -> list[tuple[str, Json]]:
        rows = await self.admin.fetch("select subject, data from auth.event where type = $1 order by id", kind)
        return [(row["subject"], json.loads(row["data"])) for row in rows]


async def _send(client: Client, method: str, path: str, body: object, headers: dict[str, str]) -> Reply:
    data = json.dumps(body).encode() if body is not None else None
    if data is not None:
        headers = headers | {"Content-Type": "application/json"}
    async with client.request(method, path, data=data, headers=headers) as response:
        return await read_reply(response)


async def read_reply(response: ClientResponse) -> Reply:
    raw = await response.read()
    return Reply(response.status, json.loads(raw) if raw else {}, dict(response.headers))


def environment(urls: DatabaseUrls, gateway: Gateway) -> dict[str, str]:
    return {
        "DATABASE_URL": urls.runtime,
        "DATABASE_DIRECT_URL": urls.direct,
        "TRUST_FILE": str(gateway.trust_file),
        "IDENTITY_KEY_FILE": str(gateway.key_file),
        "PASSWORD_PEPPER": "pepper-for-tests-only-0123456789abcdef",
        "REFRESH_KEY": "refresh-key-for-tests-only-0123456789",
        "KEY_ENCRYPTION_KEY": base64.urlsafe_b64encode(b"k" * 32).decode(),
        "PASSWORD_WORDS": "Acme, Mars probe",
        "BCRYPT_COST": "4",
        "BCRYPT_THREADS": "2",
        "BCRYPT_QUEUE": "200",
    }


@asynccontextmanager
async def running(urls: DatabaseUrls, gateway: Gateway, **changes: str) -> AsyncIterator[AuthService]:
    """Run a replica with settings from the environment, `changes` included."""
    env = Env(environment(urls, gateway) | changes)
    settings = Settings.from_env(env)
    env.check()
    admin = await asyncpg.connect(urls.admin)
    try:
        async with open_service(settings, Lifecycle()) as apps:
            assert isinstance(apps.public, web.Application)
            jar = DummyCookieJar()  # a test says itself which cookie it sends
            async with (
                TestClient(TestServer(apps.public), cookie_jar=jar) as public,
                TestClient(TestServer(apps.private)) as private,
            ):
                yield AuthService(public, private, gateway, admin, apps.public[KEYS])
    finally:
        await admin.close()


async def until_blocked(service: AuthService) -> None:
    """Wait until somebody waits for a lock that the admin's transaction holds."""
    async with asyncio.timeout(5):
        while not await service.admin.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110  PostgreSQL doesn't call back
            await asyncio.sleep(0.01)


async def is_live(service: AuthService, person: Person) -> bool:
    return (await service.refresh(person.refresh_token)).status == 200


async def rotation_of(service: AuthService, person: Person) -> tuple[int, int, str | None]:
    """Return generation, confirmed generation and why it was revoked, of the person's session."""
    row = await service.admin.fetchrow(
        "select generation, confirmed_generation, revoked_reason from auth.session where session_id = $1",
        person.session_id,
    )
    assert row is not None
    return row["generation"], row["confirmed_generation"], row["revoked_reason"]
