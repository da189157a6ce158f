"""file_service as its program composes it, over a real database and folder, with a stand-in for auth_service."""

import io
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

from file_service.app import open_service
from file_service.settings import Settings
from shared.identity import HEADER, Identity, Kind, Signer, Verifier, load_trust, public_jwk
from shared.lifecycle import Lifecycle
from shared.settings import Env
from tests.integration.user_service.accounts_feed import AccountsFeed
from tests.stores import DatabaseUrls
from tests.waiting import eventually

Client = TestClient[Any, Any]


class ProductionServer(TestServer):
    """A test server that tells handlers of a client's end as production does: by the read or write that fails."""

    async def _make_runner(self, **_kwargs: Any) -> web.BaseRunner:
        return web.AppRunner(self.app, access_log=None)


class FilesAccountsFeed(AccountsFeed):
    """The same feed, asked by file_service."""

    def __init__(self, verifier: Verifier) -> None:
        super().__init__(verifier)
        self._verifier = verifier

    def _check(self, request: web.Request) -> None:
        identity = self._verifier.verify(request.headers[HEADER])
        assert (identity.kind, identity.subject) == (Kind.SERVICE, "file_service")


@dataclass(frozen=True, slots=True)
class RunningService:
    """`public` and `private` are the two ports; `gateway` signs assertions as the gateway does."""

    public: Client
    private: Client
    gateway: Signer
    accounts: AccountsFeed
    database: DatabaseUrls
    root: Path

    def asserted(self, identity: Identity, audience: str = "file_service") -> dict[str, str]:
        return {HEADER: self.gateway.sign(identity, audience)}

    def person(self, user_id: UUID) -> "Person":
        return Person(self.public, user_id, self.asserted(Identity(Kind.USER, str(user_id))))

    async def fetch(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """Run SQL as a superuser, to arrange what no request can, or to look."""
        connection = await asyncpg.connect(self.database.admin)
        try:
            return await connection.fetch(sql, *args)
        finally:
            await connection.close()

    def blobs(self) -> list[Path]:
        return [path for path in (self.root / "blobs").rglob("*") if path.is_file()]

    def unfinished(self) -> list[Path]:
        return list((self.root / "incoming").iterdir())

    async def empty(self) -> None:
        """Forget all files and owners, and every account."""
        for table in ("file", "owner", "blob_deletion", "idempotency"):
            await self.fetch(f"delete from files.{table}")
        for path in self.blobs():
            path.unlink()
        self.accounts.alive.clear()
        self.accounts.page_size = 1000

    async def settled(self, blobs: int) -> None:
        """Wait until `blobs` blobs are left, nothing is half written, and nothing waits to be deleted."""

        async def look() -> bool:
            due = await self.fetch("select storage_key from files.blob_deletion")
            return len(self.blobs()) == blobs and not self.unfinished() and not due

        await eventually(look)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the gateway has authenticated."""

    client: Client
    user_id: UUID
    headers: Mapping[str, str]

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> ClientResponse:
        return await self.client.get(path, headers={**self.headers, **(headers or {})})

    async def content(self, file_id: str, **headers: str) -> ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.get(f"/v1/files/{file_id}/content", named)

    async def post(self, data: Any, headers: Mapping[str, str] | None = None, **query: str) -> ClientResponse:
        data = io.BytesIO(data) if isinstance(data, bytes) else data
        return await self.client.post("/v1/files", data=data, params=query, headers={**self.headers, **(headers or {})})

    async def upload(self, content: bytes, name: str = "a.bin", content_type: str = "") -> dict[str, Any]:
        """Store a file, which must succeed, and return its view."""
        response = await self.post(content, {"Content-Type": content_type or "application/octet-stream"}, name=name)
        view: dict[str, Any] = await response.json()
        assert response.status == 201, view
        return view

    async def delete(self, file_id: str) -> int:
        response = await self.client.delete(f"/v1/files/{file_id}", headers=self.headers)
        return response.status


def write_keys(folder: Path) -> tuple[Path, Path, Signer]:
    """Return the trust file, the service's own key file, and the gateway's signer."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("gateway", "user_service", "file_service")}
    trust, key = folder / "trust.json", folder / "key.pem"
    trust.write_text(json.dumps({name: {"keys": [public_jwk(each.public_key())]} for name, each in keys.items()}))
    key.write_bytes(keys["file_service"].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return trust, key, Signer("gateway", keys["gateway"])


@asynccontextmanager
async def running_service(
    database: DatabaseUrls, folder: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[RunningService]:
    trust, key, gateway = write_keys(folder)
    root = folder / "files"
    accounts = FilesAccountsFeed(Verifier(load_trust(trust), "auth_service"))
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(TestServer(accounts.app()))
        env = Env(
            {
                "DATABASE_URL": database.runtime,
                "TRUST_FILE": str(trust),
                "IDENTITY_KEY_FILE": str(key),
                "AUTH_INTERNAL_URL": str(owner.make_url("")),
                "FILES_ROOT": str(root),
                **(environment or {}),
            }
        )
        settings = Settings.from_env(env)
        env.check()
        apps = await stack.enter_async_context(open_service(settings, Lifecycle()))
        assert isinstance(apps.public, web.Application)
        public = await stack.enter_async_context(TestClient(ProductionServer(apps.public)))
        private = await stack.enter_async_context(TestClient(ProductionServer(apps.private)))
        await accounts.caught_up()
        yield RunningService(public, private, gateway, accounts, database, root)
