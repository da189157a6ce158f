"""A service that follows the accounts, as its program composes it: over a real database, with test keys and a stand-in
for auth_service."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import asyncpg
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from shared.identity import ANONYMOUS, HEADER, Identity, Kind, Signer, Verifier, load_trust, public_jwk
from shared.ids import uuid7
from shared.serve import Apps
from shared.settings import Env
from tests.integration.accounts_feed import AccountsFeed
from tests.stores import DatabaseUrls

Client = TestClient[Any, Any]


class ProductionServer(TestServer):
    """A test server that tells handlers of a client's end as production does: by the read or write that fails."""

    async def _make_runner(self, **_kwargs: Any) -> web.BaseRunner:
        return web.AppRunner(self.app, access_log=None)


@dataclass(frozen=True, slots=True)
class FollowingService:
    """`public` and `private` are the two ports; `gateway` signs assertions as the gateway does; `folder` is its own."""

    name: ClassVar[str]

    public: Client
    private: Client
    gateway: Signer
    accounts: AccountsFeed
    accounts_server: TestServer
    database: DatabaseUrls
    folder: Path

    @staticmethod
    def open(env: Env) -> AbstractAsyncContextManager[Apps]:
        """Compose the program with settings from `env`."""
        raise NotImplementedError

    def asserted(self, identity: Identity, audience: str | None = None) -> dict[str, str]:
        return {HEADER: self.gateway.sign(identity, audience or self.name)}

    def asserted_anonymous(self) -> dict[str, str]:
        return self.asserted(ANONYMOUS)

    def asserted_user(self, user_id: UUID) -> dict[str, str]:
        return self.asserted(Identity(Kind.USER, str(user_id)))

    def asked_by(self, program: str) -> dict[str, str]:
        return {HEADER: Signer.from_file(program, self.folder / f"{program}.pem").sign_self(self.name)}

    def asked_by_auth_service(self) -> dict[str, str]:
        return self.asked_by("auth_service")

    def asked_by_others(self) -> list[dict[str, str]]:
        """The gateway for itself and for a person, and this program itself."""
        itself = Signer.from_file(self.name, self.folder / "key.pem")
        programs = [{HEADER: each.sign_self(self.name)} for each in (self.gateway, itself)]
        return [*programs, self.asserted_user(uuid7())]

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run SQL as a superuser, to arrange what no request can, or to look."""
        connection = await asyncpg.connect(self.database.admin)
        try:
            return await connection.fetch(sql, *args)
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class AuthenticatedPerson:
    """Somebody whom the gateway has authenticated."""

    client: Client
    user_id: UUID
    headers: Mapping[str, str]

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> ClientResponse:
        return await self.client.get(path, headers={**self.headers, **(headers or {})})


def write_keys(folder: Path, name: str) -> tuple[Path, Path, Signer]:
    """Return the trust file, the key file of the service `name`, and the gateway's signer, whose key is kept too."""
    issuers = ("gateway", "auth_service", "user_service", "file_service")
    keys = {issuer: ec.generate_private_key(ec.SECP256R1()) for issuer in issuers}
    trust, key = folder / "trust.json", folder / "key.pem"
    trust.write_text(json.dumps({issuer: {"keys": [public_jwk(each.public_key())]} for issuer, each in keys.items()}))
    for path, issuer in ((key, name), *((folder / f"{issuer}.pem", issuer) for issuer in issuers)):
        path.write_bytes(keys[issuer].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return trust, key, Signer("gateway", keys["gateway"])


S = TypeVar("S", bound=FollowingService)


@asynccontextmanager
async def running(kind: type[S], database: DatabaseUrls, folder: Path, **environment: str) -> AsyncIterator[S]:
    """Run a service that has caught up with the accounts."""
    trust, key, gateway = write_keys(folder, kind.name)
    accounts = AccountsFeed(Verifier(load_trust(trust), "auth_service"), kind.name)
    async with AsyncExitStack() as stack:
        owner = TestServer(accounts.app())
        await owner.start_server(shutdown_timeout=0.1)  # not waiting for the reader who waits for news
        stack.push_async_callback(owner.close)
        variables = {
            "DATABASE_URL": database.runtime,
            "TRUST_FILE": str(trust),
            "IDENTITY_KEY_FILE": str(key),
            "AUTH_INTERNAL_URL": str(owner.make_url("")),
        }
        apps = await stack.enter_async_context(kind.open(Env(variables | environment)))
        assert isinstance(apps.public, web.Application)
        public = await stack.enter_async_context(TestClient(ProductionServer(apps.public)))
        private = await stack.enter_async_context(TestClient(ProductionServer(apps.private)))
        await accounts.caught_up()
        yield kind(public, private, gateway, accounts, owner, database, folder)
