"""SQL of pictures made of files. Deleting a row lets its blob go (a trigger's business)."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg

from shared.db import Connection, Database
from shared.errors import NotFound
from shared.purge import Purge

MOST_OF_A_FILE = 32

PURGE_RENDITIONS = Purge(
    "renditions",
    """
    delete from files.rendition where rendition_id in (
        select rendition_id from files.rendition where used_at < now() - interval '30 days' limit $1
    ) returning rendition_id
    """,
)


@dataclass(frozen=True, slots=True)
class Rendition:
    rendition_id: UUID
    size: int
    content_type: str
    sha256: bytes


class RenditionRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, file_id: UUID, specification: str) -> Rendition | None:
        """Return it, and note that it is used."""
        row = await self._database.fetchrow(
            """
            select rendition_id, size, content_type, sha256, used_at < now() - interval '1 day' as stale
            from files.rendition where file_id = $1 and specification = $2
            """,
            file_id,
            specification,
        )
        if row is None:
            return None
        found = dict(row)
        if found.pop("stale"):
            await self._database.execute(
                "update files.rendition set used_at = now() where rendition_id = $1", found["rendition_id"]
            )
        return Rendition(**found)

    async def remove(self, rendition_id: UUID) -> bool:
        """Tell whether it was there."""
        return bool(
            await self._database.fetchval(
                "delete from files.rendition where rendition_id = $1 returning true", rendition_id
            )
        )


async def add_rendition(connection: Connection, file_id: UUID, specification: str, new: Rendition) -> bool:
    """Write the row, and let the longest unused beyond the bound go. Tell whether it is the first such one.

    Raises NotFound when the file is gone.
    """
    try:
        added = await connection.fetchval(
            """
            insert into files.rendition (rendition_id, file_id, specification, size, content_type, sha256)
            values ($1, $2, $3, $4, $5, $6)
            on conflict on constraint rendition_file_id_specification_key do nothing returning true
            """,
            new.rendition_id,
            file_id,
            specification,
            new.size,
            new.content_type,
            new.sha256,
        )
    except asyncpg.ForeignKeyViolationError as exc:
        raise NotFound from exc
    await connection.execute(
        """
        delete from files.rendition where rendition_id in (
            select rendition_id from files.rendition where file_id = $1
            order by used_at desc, rendition_id desc offset $2
        )
        """,
        file_id,
        MOST_OF_A_FILE,
    )
    return bool(added)
