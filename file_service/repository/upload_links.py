"""SQL of upload links."""

from collections.abc import Sequence
from uuid import UUID

from file_service.domain.sharing import MOST_UPLOAD_LINKS, NewUploadLink, UploadLink
from file_service.errors import TooManyLinks
from file_service.repository.bans import unless_banned
from shared.db import Connection, Db
from shared.errors import INVALID_TOKEN, NotFound, Unauthenticated
from shared.ids import HIGHEST
from shared.purge import Purge

_COLUMNS = """
    link_id, owner_id, purpose, note, max_files, max_bytes, files, bytes, expires_at, created_at,
    expires_at <= now() as has_expired
"""
PURGE_DEAD_UPLOAD_LINKS = Purge(
    "dead_upload_links",
    """
    delete from files.upload_link where link_id in (
        select link_id from files.upload_link where expires_at < now() - interval '30 days' limit $1
    ) returning link_id
    """,
)


class UploadLinkRepository:
    """Takes the database, or a connection inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, new: NewUploadLink) -> UploadLink:
        """Call it in a transaction: the owner's row is locked, as by everyone who adds to what an owner has.

        Raises TooManyLinks, or Unauthenticated when the owner's account was deleted.
        """
        await self._lock_owner(new.owner_id)
        row = await self._db.fetchrow(
            f"""
            insert into files.upload_link
                (link_id, owner_id, token_digest, purpose, note, max_files, max_bytes, expires_at)
            select $1, $2, $3, $4, $5, $6, $7, now() + $8::interval
            where $9 > (select count(*) from files.upload_link where owner_id = $2 and expires_at > now())
            returning {_COLUMNS}
            """,  # noqa: S608  our own columns, here and below
            *(new.link_id, new.owner_id, new.token_digest, new.purpose, new.note, new.max_files, new.max_bytes),
            *(new.lifetime, MOST_UPLOAD_LINKS),
        )
        if row is None:
            raise TooManyLinks(f"You may have {MOST_UPLOAD_LINKS} upload links: revoke one.")
        return UploadLink(**row)

    async def _lock_owner(self, owner_id: UUID) -> None:
        lives = await self._db.fetchval(
            """
            insert into files.owner as owner (owner_id, bytes) values ($1, 0)
            on conflict (owner_id) do update set bytes = owner.bytes where owner.deleted_at is null returning true
            """,
            owner_id,
        )
        if not lives:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)

    async def list_page(self, owner_id: UUID, before: UUID | None, limit: int) -> Sequence[UploadLink]:
        """Return the owner's links behind `before` in the list, newest first."""
        rows = await self._db.fetch(
            f"""
            select {_COLUMNS} from files.upload_link where owner_id = $1 and link_id < $2
            order by link_id desc limit $3
            """,  # noqa: S608
            owner_id,
            before or HIGHEST,
            limit,
        )
        return [UploadLink(**row) for row in rows]

    async def get(self, token_digest: bytes) -> UploadLink:
        """Raises NotFound, also while its owner is banned."""
        row = await self._db.fetchrow(
            f"select {_COLUMNS} from files.upload_link where token_digest = $1 and {unless_banned('upload_link')}",  # noqa: S608
            token_digest,
        )
        if row is None:
            raise NotFound
        return UploadLink(**row)

    async def delete(self, owner_id: UUID, link_id: UUID) -> None:
        """Delete it, stop who is sending by it, and have what is under way ended soon. Raises NotFound.

        Call it under the owner's lock, which whoever begins or finishes an upload by it has too.
        """
        deleted = await self._db.fetchval(
            """
            with gone as (
                delete from files.upload_link where owner_id = $1 and link_id = $2 returning link_id
            ), overdue as (
                update files.upload set expires_at = now(), fence = fence + 1
                from gone where via = gone.link_id and state = 'open'
            )
            select true from gone
            """,
            owner_id,
            link_id,
        )
        if not deleted:
            raise NotFound


async def settle_upload_link(connection: Connection, link_id: UUID, size: int) -> bool:
    """Count a file that came by the link, and tell whether it might still come.

    Call it in the transaction that writes the file's row, after that.
    """
    settled = await connection.fetchval(
        f"""
        update files.upload_link set files = files + 1, bytes = bytes + $2
        where link_id = $1 and expires_at > now() and files < max_files and bytes + $2 <= max_bytes
            and {unless_banned("upload_link")}
        returning true
        """,  # noqa: S608
        link_id,
        size,
    )
    return bool(settled)


async def has_upload_link_room(connection: Connection, link_id: UUID, size: int) -> bool:
    """Tell whether one more upload may be begun by the link, those counted that are under way.

    Call it under the owner's lock, in the transaction that adds the upload.
    """
    room = await connection.fetchval(
        """
        select expires_at > now() and link.files + open.files < max_files and link.bytes + open.bytes + $2 <= max_bytes
        from files.upload_link as link, (
            select count(*) as files, coalesce(sum(length), 0) as bytes
            from files.upload where via = $1 and state = 'open' and expires_at > now()
        ) as open
        where link_id = $1
        """,
        link_id,
        size,
    )
    return bool(room)
