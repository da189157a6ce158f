"""Sends readers to the object store itself, by a URL that is signed for a minute."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from file_service.domain.file import File
from file_service.repository.blobs import blobs_of
from file_service.storage.presign import SigningKey
from shared.db import Database

_GOOD_FOR = 60  # seconds; a download that has begun by then goes on
_SIGNED = ("Content-Type", "Content-Disposition", "Cache-Control")  # what the store answers as we would


@dataclass(frozen=True, slots=True)
class Redirects:
    """`base` is where clients find the blobs' objects: `https://s3.example.org/bucket/prefix`."""

    database: Database
    key: SigningKey
    base: str

    async def place_of(self, file: File, headers: Mapping[str, str]) -> str | None:
        """Return where the file can be had for a while, with our `headers`; None where it lies in several blobs."""
        held = await blobs_of(self.database, file.file_id)
        if len(held) != 1:
            return None
        name = held[0].storage_key
        query = {f"response-{header.lower()}": headers[header] for header in _SIGNED}
        return self.key.presign(f"{self.base}/blobs/{name[:2]}/{name}", query, datetime.now(UTC), _GOOD_FOR)


REDIRECTS = web.AppKey("redirects", Redirects)


async def redirected(request: web.Request, file: File, headers: Mapping[str, str]) -> web.Response | None:
    """Return the way to the store, or None where we send the bytes, with these headers.

    A part of what is kept under our entity tag is sent by us: the store knows the file by another.
    """
    redirects = request.app.get(REDIRECTS)
    if redirects is None or request.method != "GET" or "If-Range" in request.headers:
        return None
    place = await redirects.place_of(file, headers)
    if place is None:
        return None
    return web.Response(status=307, headers={"Location": place, "Cache-Control": "private, no-store"})
