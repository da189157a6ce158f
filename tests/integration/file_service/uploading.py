"""A client of tus that does just what a test wants it to."""

import base64
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from aiohttp import ClientResponse

from tests.integration.file_service.running_service import Person, RunningService

UPLOADS = "/v1/files/uploads"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def metadata(**values: str) -> dict[str, str]:
    pairs = [f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items()]
    return {"Upload-Metadata": ",".join(pairs)}


def checksum(content: bytes, algorithm: str = "sha256") -> dict[str, str]:
    digest = hashlib.new(algorithm, content).digest()
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(digest).decode()}"}


@dataclass(frozen=True, slots=True)
class Uploader:
    """`person` on its way to a file; `path` is the upload's."""

    person: Person
    path: str = ""
    tus: Mapping[str, str] = field(default_factory=TUS.copy)

    async def ask(self, method: str, path: str = "", data: Any = None, **headers: str) -> ClientResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = {**self.person.headers, **self.tus, **named}
        data = io.BytesIO(data) if isinstance(data, bytes) else data
        response = await self.person.client.request(method, path or self.path, data=data, headers=all_headers)
        await response.read()
        return response

    async def post(self, data: Any = None, **headers: str) -> ClientResponse:
        return await self.ask("POST", UPLOADS, data, **headers)

    async def begin(self, length: int | None, **headers: str) -> "Uploader":
        """Return the uploader of a new upload."""
        asked = {"Upload-Defer-Length": "1"} if length is None else {"Upload-Length": str(length)}
        return self.at(await self.post(**asked | headers))

    def at(self, made: ClientResponse) -> "Uploader":
        assert made.status == 201, made
        return self.known(made.headers["Location"])

    def known(self, location: str) -> "Uploader":
        return Uploader(self.person, urlsplit(location).path)

    def by(self, person: Person) -> "Uploader":
        return Uploader(person, self.path)

    async def patch(self, data: Any, offset: int, **headers: str) -> ClientResponse:
        return await self.ask("PATCH", data=data, **{**BYTES, "Upload-Offset": str(offset), **headers})

    async def add(self, data: bytes, offset: int, **headers: str) -> ClientResponse:
        """Add bytes, which must succeed."""
        response = await self.patch(data, offset, **headers)
        assert response.status == 204, (response.status, await response.text())
        assert response.headers["Upload-Offset"] == str(offset + len(data))
        return response

    async def offset(self) -> int:
        response = await self.ask("HEAD")
        assert response.status == 200, response
        return int(response.headers["Upload-Offset"])

    async def concatenate(self, parts: Sequence["Uploader"], **headers: str) -> ClientResponse:
        return await self.post(**{"Upload-Concat": "final;" + " ".join(part.path for part in parts)} | headers)

    async def content(self, finished: ClientResponse) -> bytes:
        """Return the bytes of the file that an upload has become."""
        location = finished.headers["Content-Location"]
        return await (await self.person.get(f"{location}/content")).read()


async def code(response: ClientResponse) -> str:
    return str((await response.json())["code"])


async def usage(person: Person) -> dict[str, int]:
    told: dict[str, int] = await (await person.get("/v1/files/usage")).json()
    return told


async def files(person: Person) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await (await person.get("/v1/files")).json())["items"]
    return items


async def has_writer(service: RunningService) -> bool:
    """Whether somebody has begun to write to an upload."""
    return bool(await service.fetch("select from files.upload where fence > 0"))


async def in_balance(service: RunningService, owner_id: UUID) -> bool:
    """Whether what is counted of an owner is what is stored and reserved, and every blob has its place."""
    (row,) = await service.fetch(
        """
        select
            coalesce((select bytes from files.owner where owner_id = $1), 0)
                = coalesce((select sum(size) from files.file where owner_id = $1), 0)
            and coalesce((select reserved from files.owner where owner_id = $1), 0)
                = coalesce((select sum(reserved) from files.upload where owner_id = $1), 0)
            and coalesce((select sum(received) from files.upload where owner_id = $1 and state = 'open'), 0)
                + coalesce((select sum(size) from files.file where owner_id = $1), 0)
                = coalesce((select sum(size) from files.blob where holder_id is not null), 0) as fits
        """,
        owner_id,
    )
    return bool(row["fits"])
