"""SQL for what is sealed, wherever it lies: read in pages, and replaced only if it is still what was read."""

from dataclasses import dataclass
from uuid import UUID

from shared.db import Database
from shared.ids import LOWEST

Key = UUID | str


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """`label` is what a value is sealed under, with the row's `key` in it. `lowest` is below every key.

    The statements compare keys as what they are: the primary key's index holds nothing else.
    """

    table: str
    key: str
    column: str
    label: str = "{key}"
    lowest: Key = LOWEST

    @property
    def select_page(self) -> str:
        return f"""
            select {self.key} as key, {self.column} as sealed from {self.table}
            where {self.key} > $1 and {self.column} is not null order by {self.key} limit $2
        """  # noqa: S608  names of our own

    @property
    def replace(self) -> str:
        return f"update {self.table} set {self.column} = $3 where {self.key} = $1 and {self.column} = $2"  # noqa: S608  as above


# Whoever stores something sealed names it here: the key that it was sealed with may be gone one day.
# What lives for minutes needn't be here: it ends while the old key still opens it.
SEALED = (
    SealedColumn("auth.signing_key", "kid", "private_key", lowest=""),
    SealedColumn("auth.totp", "user_id", "secret", "totp {key}"),
    SealedColumn("auth.job", "job_id", "payload", "job {key}"),
)


class ResealingRepository:
    def __init__(self, database: Database, sealed: SealedColumn) -> None:
        self._database = database
        self._sealed = sealed

    async def list_page(self, after: Key, limit: int) -> list[tuple[Key, bytes]]:
        """Return keys and what is sealed there, in the order of the keys behind `after`."""
        rows = await self._database.fetch(self._sealed.select_page, after, limit)
        return [(row["key"], row["sealed"]) for row in rows]

    async def replace(self, key: Key, old: bytes, new: bytes) -> None:
        await self._database.execute(self._sealed.replace, key, old, new)
