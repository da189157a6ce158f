"""user_service as its program composes it, over a real database, with test keys and a stand-in for auth_service."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.identity import HEADER, Identity, Kind, Signer, Verifier, load_trust, public_jwk
from shared.lifecycle import Lifecycle
from shared.settings import Env
from tests.integration.user_service.accounts_feed import AccountsFeed
from tests.stores import DatabaseUrls
from user_service.app import open_service
from user_service.settings import Settings

Client = TestClient[Any, Any]


@dataclass(frozen=True, slots=True)
class RunningService:
    """`public` and `private` are the two ports; `gateway` signs assertions as the gateway does."""

    public: Client
    private: Client
    gateway: Signer
    accounts: AccountsFeed
    accounts_server: TestServer
    database: DatabaseUrls

    def asserted(self, identity: Identity, audience: str = "user_service") -> dict[str, str]:
        return {HEADER: self.gateway.sign(identity, audience)}

    def person(self, user_id: UUID) -> "Person":
        return Person(self.public, user_id, self.asserted(Identity(Kind.USER, str(user_id))))

    async def execute(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run SQL as a superuser, to arrange what no request can, or to look."""
        connection = await asyncpg.connect(self.database.admin)
        try:
            return await connection.fetch(sql, *args)
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the gateway has authenticated."""

    client: Client
    user_id: UUID
    headers: Mapping[str, str]

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> ClientResponse:
        return await self.client.get(path, headers={**self.headers, **(headers or {})})

    async def patch(self, body: object, headers: Mapping[str, str] | None = None) -> ClientResponse:
        return await self.client.patch("/v1/users/me", json=body, headers={**self.headers, **(headers or {})})

    async def search(self, **query: str) -> list[str]:
        """Return the names found, which must be all on one page."""
        response = await self.client.get("/v1/users", params=query, headers=self.headers)
        page = await response.json()
        assert (response.status, page["next_cursor"]) == (200, None), page
        return [item["display_name"] for item in page["items"]]


@asynccontextmanager
async def running_service(database: DatabaseUrls, folder: Path) -> AsyncIterator[RunningService]:
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("gateway", "user_service", "file_service")}
    trust, key = folder / "trust.json", folder / "key.pem"
    trust.write_text(json.dumps({name: {"keys": [public_jwk(each.public_key())]} for name, each in keys.items()}))
    key.write_bytes(keys["user_service"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    accounts = AccountsFeed(Verifier(load_trust(trust), "auth_service"))
    async with AsyncExitStack() as stack:
        owner = TestServer(accounts.app())
        await owner.start_server(shutdown_timeout=0.1)  # not waiting for the reader who waits for news
        stack.push_async_callback(owner.close)
        env = Env(
            {
                "DATABASE_URL": database.runtime,
                "TRUST_FILE": str(trust),
                "IDENTITY_KEY_FILE": str(key),
                "AUTH_INTERNAL_URL": str(owner.make_url("")),
            }
        )
        settings = Settings.from_env(env)
        env.check()
        apps = await stack.enter_async_context(open_service(settings, Lifecycle()))
        assert isinstance(apps.public, web.Application)
        public = await stack.enter_async_context(TestClient(TestServer(apps.public)))
        private = await stack.enter_async_context(TestClient(TestServer(apps.private)))
        await accounts.caught_up()
        yield RunningService(public, private, Signer("gateway", keys["gateway"]), accounts, owner, database)
