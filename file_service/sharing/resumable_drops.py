"""Resumable uploads by an upload link: strangers' uploads, in the name of its owner and within its bounds.

Whoever has the link and an upload's URL goes on with it. The owner's own uploads, and those by other links, are absent.
"""

from dataclasses import dataclass, replace

from file_service.domain.sharing import UploadLink
from file_service.domain.uploads import Kind, Upload
from file_service.errors import MalformedUploadHeader, QuotaExceeded, UploadGone, UploadLinkFull
from file_service.sharing.upload_links import UploadLinks
from file_service.uploads.resumable.protocol import Creation, Patch
from file_service.uploads.resumable.resumable import Resumable
from shared.errors import NotFound, Unauthenticated


@dataclass(frozen=True, slots=True)
class ResumableDrops:
    links: UploadLinks
    resumable: Resumable

    async def create(self, token: str, creation: Creation) -> tuple[Upload, str]:
        """Return the upload and its own token. Raises as UploadLinks.look and Resumable.create do.

        A stranger says how much comes before anything is reserved, and makes one file of one upload.
        """
        link = await self.links.look(token)
        if creation.kind is not Kind.WHOLE or creation.length is None:
            raise MalformedUploadHeader("By a link, send Upload-Length, and no Upload-Concat.")
        known = {**creation.metadata, "purpose": link.purpose}
        try:
            return await self.resumable.create(link.owner_id, replace(creation, metadata=known), link.link_id)
        except QuotaExceeded as exc:
            raise UploadLinkFull from exc
        except Unauthenticated as exc:
            raise NotFound from exc

    async def get(self, token: str, upload_token: str) -> Upload:
        """Raises NotFound, UploadGone."""
        return await self._find(await self.links.find(token), upload_token)

    async def prepare(self, token: str, upload_token: str, patch: Patch) -> Upload:
        """Raises as Resumable.prepare does."""
        link = await self.links.find(token)
        await self._find(link, upload_token)
        return await self.resumable.prepare(link.owner_id, upload_token, patch)

    async def end(self, token: str, upload_token: str) -> None:
        """End an upload that isn't finished; a file is its owner's to delete. Raises NotFound, UploadGone."""
        link = await self.links.find(token)
        upload = await self._find(link, upload_token)
        if upload.is_finished or not await self.resumable.finishing.ending.end(upload, "terminated"):
            raise UploadGone

    async def _find(self, link: UploadLink, upload_token: str) -> Upload:
        upload = await self.resumable.get(link.owner_id, upload_token)
        if upload.via != link.link_id:
            raise NotFound
        return upload
