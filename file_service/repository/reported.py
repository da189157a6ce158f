"""SQL of what administrators look at: anybody's file, also while a ban hides it."""

from uuid import UUID

from file_service.domain.file import File
from file_service.repository.rows import COLUMNS, present
from shared.db import Db
from shared.errors import NotFound


class ReportedFileRepository:
    """Takes the database, or a connection inside a transaction. With each file comes how many shares lead to it now."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def get(self, file_id: UUID) -> tuple[File, int]:
        """Raises NotFound."""
        return await self._get("file.file_id = $1", file_id)

    async def get_shared(self, token_digest: bytes) -> tuple[File, int]:
        """Return what a share leads to, or led to before it was over. Raises NotFound."""
        return await self._get("file.file_id = (select file_id from files.share where token_digest = $1)", token_digest)

    async def _get(self, condition: str, value: object) -> tuple[File, int]:
        row = await self._db.fetchrow(
            f"""
            select {COLUMNS}, (
                select count(*) from files.share
                where share.file_id = file.file_id and least(share.expires_at, share.spent_at) > now()
            ) as shares
            from files.file where {condition}
            """,  # noqa: S608  our own
            value,
        )
        if row is None:
            raise NotFound
        columns = dict(row)
        shares = int(columns.pop("shares"))
        return present(columns), shares
