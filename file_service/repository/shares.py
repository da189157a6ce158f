"""SQL of shares. Whose a share is follows from its file."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from asyncpg import Record

from file_service.domain.file import File
from file_service.domain.sharing import MOST_SHARES, NewShare, Share, SharedFile
from file_service.errors import TooManyLinks
from file_service.repository.bans import unless_banned
from file_service.repository.files import FileRepository
from file_service.repository.rows import COLUMNS, present
from shared.db import Db
from shared.errors import NotFound
from shared.ids import HIGHEST
from shared.purge import Purge

_COLUMNS = """
    share.share_id, share.file_id, share.password_hash, share.download_name, share.inline, share.once,
    share.expires_at, share.spent_at, share.created_at, least(share.expires_at, share.spent_at) <= now() as is_over
"""
# One row without a share for a file that has none, and none where there is no such file.
LIST_SHARES = f"""
    select {_COLUMNS} from files.file left join files.share
    on share.file_id = file.file_id and share.share_id < $3
    where file.owner_id = $1 and file.file_id = $2
    order by share.share_id desc limit $4
"""  # noqa: S608  our own columns, here and below
PURGE_DEAD_SHARES = Purge(
    "dead_shares",
    """
    delete from files.share where share_id in (
        select share_id from files.share where least(expires_at, spent_at) < now() - interval '30 days' limit $1
    ) returning share_id
    """,
)


class ShareRepository:
    """Takes the database, or a connection inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, owner_id: UUID, new: NewShare) -> SharedFile:
        """Call it in a transaction: the file's row is locked, so that its shares are counted one by one.

        Raises NotFound where the owner has no such file, or TooManyLinks.
        """
        file = await FileRepository(self._db).get_to_change(owner_id, new.file_id)
        row = await self._db.fetchrow(
            f"""
            insert into files.share as share
                (share_id, file_id, token_digest, password_hash, download_name, inline, once, expires_at)
            select $1, $2, $3, $4, $5, $6, $7, now() + $8::interval
            where $9 > (select count(*) from files.share where file_id = $2 and least(expires_at, spent_at) > now())
            returning {_COLUMNS}
            """,  # noqa: S608
            *(new.share_id, new.file_id, new.token_digest, new.password_hash, new.download_name),
            *(new.inline, new.once, new.lifetime, MOST_SHARES),
        )
        if row is None:
            raise TooManyLinks(f"A file may have {MOST_SHARES} shares: revoke one.")
        return SharedFile(Share(**row), file)

    async def list_page(self, owner_id: UUID, file_id: UUID, before: UUID | None, limit: int) -> Sequence[Share]:
        """Return the shares of the owner's file behind `before`, newest first. Raises NotFound."""
        rows = await self._db.fetch(LIST_SHARES, owner_id, file_id, before or HIGHEST, limit)
        if not rows:
            raise NotFound
        return [Share(**row) for row in rows if row["share_id"] is not None]

    async def list_of_owner(self, owner_id: UUID, before: UUID | None, limit: int) -> Sequence[Share]:
        """Return the shares of all of the owner's files behind `before`, newest first."""
        rows = await self._db.fetch(
            f"""
            select {_COLUMNS} from files.file join files.share using (file_id)
            where file.owner_id = $1 and share.share_id < $2 order by share.share_id desc limit $3
            """,  # noqa: S608
            owner_id,
            before or HIGHEST,
            limit,
        )
        return [Share(**row) for row in rows]

    async def get(self, token_digest: bytes) -> SharedFile:
        """Raises NotFound, also while the file's owner is banned."""
        row = await self._db.fetchrow(
            f"""
            select {_COLUMNS}, {COLUMNS.replace("file.created_at", "file.created_at as stored_at")}
            from files.share join files.file using (file_id) where token_digest = $1 and {unless_banned("file")}
            """,  # noqa: S608
            token_digest,
        )
        if row is None:
            raise NotFound
        return _shared(row)

    async def delete(self, owner_id: UUID, file_id: UUID, share_id: UUID) -> None:
        """Raises NotFound."""
        deleted = await self._db.fetchval(
            """
            delete from files.share using files.file
            where share_id = $3 and share.file_id = $2 and file.file_id = $2 and file.owner_id = $1 returning true
            """,
            owner_id,
            file_id,
            share_id,
        )
        if not deleted:
            raise NotFound

    async def spend(self, share_id: UUID) -> bool:
        """Take the one download, and tell whether it was still to be had."""
        spent = await self._db.fetchval(
            """
            update files.share set spent_at = now()
            where share_id = $1 and once and spent_at is null and expires_at > now() returning true
            """,
            share_id,
        )
        return bool(spent)

    async def count_guess(self, share_id: UUID, most: int, within: timedelta) -> bool:
        """Count a guess before it is looked at, and tell whether it may be."""
        counted = await self._db.fetchval(
            """
            update files.share set
                attempts = case when attempts_since <= now() - $3::interval then 1 else attempts + 1 end,
                attempts_since = case when attempts_since <= now() - $3::interval then now() else attempts_since end
            where share_id = $1 and (attempts < $2 or attempts_since <= now() - $3::interval) returning true
            """,
            share_id,
            most,
            within,
        )
        return bool(counted)

    async def take_guess_back(self, share_id: UUID) -> None:
        """It was right."""
        await self._db.execute(
            "update files.share set attempts = greatest(attempts - 1, 0) where share_id = $1", share_id
        )


def _shared(row: Record) -> SharedFile:
    share = {name: row[name] for name in Share.__dataclass_fields__}
    file = {name: row["stored_at" if name == "created_at" else name] for name in File.__dataclass_fields__}
    return SharedFile(Share(**share), present(file))
