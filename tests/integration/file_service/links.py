"""Strangers with a link, and what owners do to give them one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientResponse
from yarl import URL

from shared.identity import Identity, Kind
from tests.integration.file_service.running_service import Person, RunningService


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody without an account, as the gateway introduces them."""

    service: RunningService

    @property
    def headers(self) -> dict[str, str]:
        return self.service.asserted(Identity(Kind.ANONYMOUS))

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, data: Any = None
    ) -> ClientResponse:
        """Send the path and query as they are spelt."""
        target = URL(path, encoded=True)
        sent = {**self.headers, **(headers or {})}
        return await self.service.public.request(method, target, headers=sent, data=data)

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> ClientResponse:
        return await self.ask("GET", path, headers)

    async def code(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Return status and problem code of what is refused."""
        answer = await self.ask(method, path, headers)
        return answer.status, (await answer.json())["code"]


async def post(person: Person, path: str, **body: Any) -> ClientResponse:
    return await person.client.post(path, json=body, headers=person.headers)


async def patch(person: Person, file_id: str, headers: Mapping[str, str] | None = None, **body: Any) -> ClientResponse:
    return await person.client.patch(f"/v1/files/{file_id}", json=body, headers={**person.headers, **(headers or {})})


async def publish(person: Person, file_id: str, *, public: bool = True) -> str:
    """Return the path of the public file."""
    assert (await patch(person, file_id, public=public)).status == 200
    return f"/v1/files/public/{file_id}"


async def share(person: Person, file_id: str, **wish: Any) -> dict[str, Any]:
    answer = await post(person, f"/v1/files/{file_id}/shares", **wish)
    view: dict[str, Any] = await answer.json()
    assert answer.status == 201, view
    return view


def content_of(shared: Mapping[str, Any]) -> str:
    """Return the path of a share's bytes."""
    return str(urlsplit(shared["content_url"]).path)


def about(shared: Mapping[str, Any]) -> str:
    """Return the path that tells of a share."""
    return content_of(shared).removesuffix("/content")


async def sign(person: Person, file_id: str, **wish: Any) -> str:
    """Return path and query of a signed URL."""
    answer = await post(person, f"/v1/files/{file_id}/signed-urls", **wish)
    view: dict[str, Any] = await answer.json()
    assert answer.status == 200, view
    parts = urlsplit(view["url"])
    return f"{parts.path}?{parts.query}"


async def upload_link(person: Person, **wish: Any) -> dict[str, Any]:
    answer = await post(person, "/v1/files/upload-links", **wish)
    view: dict[str, Any] = await answer.json()
    assert answer.status == 201, view
    return view


def drop_of(link: Mapping[str, Any]) -> str:
    """Return the path to send files to."""
    return f"/v1/files/drop/{link['url'].rpartition('/')[2]}"
