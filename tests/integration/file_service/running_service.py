"""file_service over a real database and folder, and the people who use it."""

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from aiohttp import ClientResponse

from file_service.app import open_service
from file_service.settings import Settings
from shared.lifecycle import Lifecycle
from shared.serve import Apps
from shared.settings import Env
from tests.integration.following_service import AuthenticatedPerson, FollowingService, running
from tests.stores import DatabaseUrls
from tests.waiting import eventually

LINK_KEY = "k9Zr4mWq7tYx2Lc8vB5nHs3dGj6fPaEu-for-tests"


@dataclass(frozen=True, slots=True)
class RunningService(FollowingService):
    name: ClassVar[str] = "file_service"

    @staticmethod
    def open(env: Env) -> AbstractAsyncContextManager[Apps]:
        settings = Settings.from_env(env)
        env.check()
        return open_service(settings, Lifecycle())

    @property
    def root(self) -> Path:
        return self.folder / "files"

    def person(self, user_id: UUID) -> "Person":
        return Person(self.public, user_id, self.asserted_user(user_id))

    def blobs(self) -> list[Path]:
        return [path for path in (self.root / "blobs").rglob("*") if path.is_file()]

    async def empty(self) -> None:
        """Forget all files and owners, and every account."""
        for table in ("upload_link", "file", "upload", "owner", "blob", "idempotency", "job"):
            await self.fetch(f"delete from files.{table}")
        for path in self.blobs():
            path.unlink()
        self.accounts.alive.clear()
        self.accounts.bans.clear()
        self.accounts.page_size = 1000

    async def settled(self, blobs: int) -> None:
        """Wait until `blobs` blobs are left, and nothing waits to be deleted."""

        async def look() -> bool:
            due = await self.fetch("select storage_key from files.blob where due_at is not null")
            return len(self.blobs()) == blobs and not due

        await eventually(look)


@dataclass(frozen=True, slots=True)
class Person(AuthenticatedPerson):
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


@asynccontextmanager
async def running_service(database: DatabaseUrls, folder: Path, **environment: str) -> AsyncIterator[RunningService]:
    own = {"FILES_ROOT": str(folder / "files"), "FILE_LINK_KEY": LINK_KEY} | environment
    async with running(RunningService, database, folder, **own) as service:
        yield service
