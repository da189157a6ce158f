"""Upload links: strangers send files to somebody, whose quota they use, within bounds that the link sets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from file_service.domain.purposes import Purposes
from file_service.domain.sharing import UPLOAD_LABEL, NewUploadLink, UploadLink
from file_service.errors import QuotaExceeded, UploadLinkFull, UploadLinkIsOver
from file_service.metrics import SHARES_CREATED
from file_service.repository.quota import lock_owner
from file_service.repository.upload_links import UploadLinkRepository
from file_service.uploads.incoming import UploadRequest
from file_service.uploads.store import Uploads
from file_service.views import FileView
from shared.db import Database
from shared.errors import NotFound, Unauthenticated
from shared.ids import uuid7
from shared.opaque_tokens import digest, is_sound, mint


@dataclass(frozen=True, slots=True)
class UploadLinkWish:
    """What an owner asks for. `lifetime` is in seconds."""

    lifetime: int
    max_files: int
    max_bytes: int
    purpose: str
    note: str


class UploadLinks:
    def __init__(self, database: Database, uploads: Uploads, purposes: Purposes) -> None:
        self._database = database
        self._uploads = uploads
        self._purposes = purposes

    async def create(self, owner_id: UUID, wish: UploadLinkWish) -> tuple[UploadLink, str]:
        """Return the link and its secret, which nobody can tell again. Raises UnknownPurpose or TooManyLinks."""
        token = mint(UPLOAD_LABEL)
        new = NewUploadLink(
            link_id=uuid7(),
            owner_id=owner_id,
            token_digest=digest(token),
            purpose=self._purposes.get(wish.purpose).name,
            note=wish.note,
            max_files=wish.max_files,
            max_bytes=wish.max_bytes,
            lifetime=timedelta(seconds=wish.lifetime),
        )
        async with self._database.transaction() as connection:
            link = await UploadLinkRepository(connection).add(new)
        SHARES_CREATED.labels("upload_link").inc()
        return link, token

    async def list_page(self, owner_id: UUID, before: UUID | None, limit: int) -> Sequence[UploadLink]:
        return await UploadLinkRepository(self._database).list_page(owner_id, before, limit)

    async def revoke(self, owner_id: UUID, link_id: UUID) -> None:
        """Raises NotFound."""
        async with self._database.transaction() as connection:
            await lock_owner(connection, owner_id)
            await UploadLinkRepository(connection).delete(owner_id, link_id)

    async def look(self, token: str) -> UploadLink:
        """Raises NotFound, or UploadLinkIsOver where nothing more may come."""
        link = await self.find(token)
        if link.is_over:
            raise UploadLinkIsOver("It has expired." if link.has_expired else "As many files came as may.")
        return link

    async def find(self, token: str) -> UploadLink:
        """Return it whether or not anything more may come. Raises NotFound."""
        if not is_sound(token, UPLOAD_LABEL):
            raise NotFound
        return await UploadLinkRepository(self._database).get(digest(token))

    async def store(self, link: UploadLink, request: UploadRequest) -> FileView:
        """Store a file for the link's owner. Raises as Uploads.store does, or UploadLinkFull.

        The owner's quota, and whether there is still an owner, isn't the sender's to know.
        """
        try:
            stored = await self._uploads.store(link.owner_id, replace(request, link=link, purpose=link.purpose), None)
        except QuotaExceeded as exc:
            raise UploadLinkFull from exc
        except Unauthenticated as exc:
            raise NotFound from exc
        return stored.body
