"""The ways to a file that is another's: each checks who asks, and says in which manner its bytes may go out.

What is made of a file, as a smaller picture, has to go the same ways.
"""

from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from aiohttp import web
from multidict import MultiMapping

from file_service.delivery.manner import Manner
from file_service.domain.file import File
from file_service.domain.names import safe_name
from file_service.errors import InvalidSignedUrl
from file_service.repository.files import FileRepository
from file_service.sharing.places import Places
from file_service.sharing.shares import Shares
from file_service.sharing.signed_urls import SignedUrls
from file_service.sharing.views import SignedUrlRequest
from shared.db import Database
from shared.errors import NotFound

INLINE, DOWNLOAD_NAME = "inline", "name"  # what a signed URL may say beside its expiry
_PASSWORD = "Share-Password"  # noqa: S105  the header's name


@dataclass(frozen=True, slots=True)
class Ways:
    """`public_cache` is the Cache-Control of public files."""

    database: Database
    places: Places
    shares: Shares
    signed_urls: SignedUrls
    public_cache: str

    async def public(self, file_id: UUID, *, inline: bool = False) -> tuple[File, Manner]:
        """Raises NotFound."""
        file = await FileRepository(self.database).get_any(file_id, public=True)
        return file, Manner(inline=inline, cache_control=self.public_cache)

    async def shared(self, request: web.Request, token: str) -> tuple[File, Manner]:
        return await self.shared_for(token, request.headers.get(_PASSWORD))

    async def shared_for(self, token: str, password: str | None) -> tuple[File, Manner]:
        """Raises as Shares.open does. What is for one download is spent as its bytes begin."""
        shared = await self.shares.open(token, password)
        manner = Manner(shared.share.download_name, shared.share.inline)
        if shared.share.once:
            manner = replace(manner, cache_control="no-store", spend=partial(self.shares.spend, shared))
        return shared.file, manner

    async def sign(self, owner_id: UUID, file_id: UUID, wish: SignedUrlRequest) -> tuple[str, int]:
        """Return path and query of a URL to the owner's file, and when it ceases to be good. Raises NotFound."""
        file = await FileRepository(self.database).get(owner_id, file_id)
        fields = {INLINE: "true"} if wish.disposition == "inline" else {}
        if wish.download_name is not None:
            fields[DOWNLOAD_NAME] = safe_name(wish.download_name)
        return self.signed_urls.sign(f"/v1/files/signed/{file.file_id}", fields, wish.expires_in)

    async def signed(self, path: str, query: MultiMapping[str], file_id: UUID) -> tuple[File, Manner]:
        """Raises InvalidSignedUrl, also for a file that is gone."""
        fields = self.signed_urls.verify(path, query)
        try:
            file = await FileRepository(self.database).get_any(file_id)
        except NotFound:
            raise InvalidSignedUrl from None
        return file, Manner(fields.get(DOWNLOAD_NAME), fields.get(INLINE) == "true")

    def elsewhere(self, request: web.Request) -> web.Response | None:
        """Return what sends a request for bytes on to their own host, if there is one and it didn't come there.

        The gateway says which host it came to, whatever the client says.
        """
        there = self.places.elsewhere(request.headers.get("X-Forwarded-Host", ""), request.raw_path)
        if there is None:
            return None
        return web.Response(status=308, headers={"Location": there, "Cache-Control": "no-store"})
