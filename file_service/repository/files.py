"""SQL of files, and of what their owners may still store."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from file_service.domain.file import File, NewFile
from file_service.domain.purposes import AVATAR
from file_service.domain.verdicts import Verdict
from file_service.errors import QuotaExceeded
from file_service.repository.avatars import tell_avatar_gone
from file_service.repository.bans import unless_banned
from file_service.repository.rows import COLUMNS, present
from file_service.repository.scans import order_scan
from shared.db import Database, Db
from shared.errors import INVALID_TOKEN, NotFound, Unauthenticated
from shared.ids import HIGHEST

LIST_PAGE = f"""
    select {COLUMNS} from files.file where owner_id = $1 and file_id < $2
    order by file_id desc limit $3
"""  # noqa: S608  our own columns, here and below
LIST_NEWER = f"""
    select {COLUMNS} from files.file where owner_id = $1 and file_id > $2
    order by file_id limit $3
"""  # noqa: S608


class FileRepository:
    """Takes the database, or a connection inside a transaction. Another's file is as absent as one that never was."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, new: NewFile, quota: int) -> File:
        """Write the row and settle the quota: call it in a transaction.

        Raises QuotaExceeded, or Unauthenticated when the owner's account was deleted.
        """
        await self._settle(new, quota)
        return await self.insert(new)

    async def insert(self, new: NewFile) -> File:
        """Write the row of a file that is settled otherwise, and order its scan: call it in a transaction."""
        row = await self._db.fetchrow(
            f"""
            insert into files.file (file_id, owner_id, name, size, content_type, sha256, purpose, via, verdict)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning {COLUMNS}
            """,  # noqa: S608
            new.file_id,
            new.owner_id,
            new.name,
            new.size,
            new.content_type,
            new.sha256,
            new.purpose,
            new.via,
            new.verdict,
        )
        if new.verdict is Verdict.PENDING:
            assert not isinstance(self._db, Database)  # it is a transaction
            await order_scan(self._db, new.file_id)
        assert row is not None  # `returning` always yields the inserted row
        return present(row)

    async def _settle(self, new: NewFile, quota: int) -> None:
        """The owner's row is locked from here to the commit, so that parallel uploads are settled one by one."""
        settled = new.size <= quota and await self._db.fetchval(
            """
            insert into files.owner as owner (owner_id, bytes) values ($1, $2)
            on conflict (owner_id) do update set bytes = owner.bytes + excluded.bytes
            where owner.deleted_at is null and owner.bytes + owner.reserved + excluded.bytes <= $3
            returning true
            """,
            new.owner_id,
            new.size,
            quota,
        )
        if not settled:
            await self.room(new.owner_id, quota)  # raises Unauthenticated where that is the reason
            raise QuotaExceeded(f"All files together may take {quota} bytes.")

    async def room(self, owner_id: UUID, quota: int) -> int:
        """Return how many bytes the owner may still store. Raises Unauthenticated when the account was deleted."""
        row = await self._db.fetchrow(
            "select bytes + reserved as taken, deleted_at from files.owner where owner_id = $1", owner_id
        )
        if row is None:
            return quota
        if row["deleted_at"] is not None:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
        return max(0, quota - int(row["taken"]))

    async def get(self, owner_id: UUID, file_id: UUID) -> File:
        """Raises NotFound."""
        row = await self._db.fetchrow(
            f"select {COLUMNS} from files.file where owner_id = $1 and file_id = $2",  # noqa: S608
            owner_id,
            file_id,
        )
        return _found(row)

    async def get_any(self, file_id: UUID, *, public: bool = False) -> File:
        """For who may read it whoever's it is, unless its owner is banned; with `public`, only if anybody may.

        Raises NotFound.
        """
        row = await self._db.fetchrow(
            f"""
            select {COLUMNS} from files.file where file_id = $1 and (public or not $2) and {unless_banned("file")}
            """,  # noqa: S608
            file_id,
            public,
        )
        return _found(row)

    async def get_to_change(self, owner_id: UUID, file_id: UUID) -> File:
        """Return it as it stays until the end of the transaction. Raises NotFound."""
        row = await self._db.fetchrow(
            f"select {COLUMNS} from files.file where owner_id = $1 and file_id = $2 for no key update",  # noqa: S608
            owner_id,
            file_id,
        )
        return _found(row)

    async def change(self, file: File) -> None:
        """Write what may change of it: call it after `get_to_change`."""
        await self._db.execute(
            "update files.file set name = $2, public = $3 where file_id = $1", file.file_id, file.name, file.public
        )

    async def list_page(self, owner_id: UUID, before: UUID | None, limit: int) -> Sequence[File]:
        """Return the owner's files behind `before` in the list, newest first."""
        rows = await self._db.fetch(LIST_PAGE, owner_id, before or HIGHEST, limit)
        return [present(row) for row in rows]

    async def list_newer(self, owner_id: UUID, after: UUID, limit: int) -> Sequence[File]:
        """Return those just before `after` in the list, the nearest first: the page that came before it."""
        rows = await self._db.fetch(LIST_NEWER, owner_id, after, limit)
        return [present(row) for row in rows]

    async def delete(self, owner_id: UUID, file_id: UUID) -> None:
        """Delete the row, give its room back and its blobs up: call it in a transaction. Raises NotFound.

        The owner's row is locked first, as by everyone else, so that no two wait for each other.
        """
        await self._db.execute("select from files.owner where owner_id = $1 for no key update", owner_id)
        purpose = await self._db.fetchval(
            """
            with gone as (
                delete from files.file where owner_id = $1 and file_id = $2 returning owner_id, file_id, size, purpose
            ), freed as (
                update files.owner set bytes = bytes - gone.size from gone where owner.owner_id = gone.owner_id
            ), given_up as (
                update files.blob set holder_id = null, due_at = now() from gone where holder_id = gone.file_id
            )
            select purpose from gone
            """,
            owner_id,
            file_id,
        )
        if purpose is None:
            raise NotFound
        if purpose == AVATAR:
            assert not isinstance(self._db, Database)  # as above
            await tell_avatar_gone(self._db, owner_id, file_id)


def _found(row: Record | None) -> File:
    if row is None:
        raise NotFound
    return present(row)
