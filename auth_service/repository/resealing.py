"""SQL for what is sealed, wherever it lies: read in pages, and replaced only if it is still what was read."""

from dataclasses import dataclass

from shared.db import Database


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """`label` is what a value is sealed under, with the row's `key` in it."""

    table: str
    key: str
    column: str
    label: str = "{key}"


# Whoever stores something sealed names it here: the key that it was sealed with may be gone one day.
# What lives for minutes needn't be here: it ends while the old key still opens it.
SEALED = (
    SealedColumn("auth.signing_key", "kid", "private_key"),
    SealedColumn("auth.totp", "user_id", "secret", "totp {key}"),
    SealedColumn("auth.job", "job_id", "payload", "job {key}"),
)


class ResealingRepository:
    def __init__(self, database: Database, sealed: SealedColumn) -> None:
        self._database = database
        self._sealed = sealed

    async def list_page(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Return keys, as text, and what is sealed there, in the order of the keys behind `after`."""
        its = self._sealed
        rows = await self._database.fetch(
            f"""
            select {its.key}::text as key, {its.column} as sealed from {its.table}
            where {its.key}::text > $1 and {its.column} is not null order by {its.key}::text limit $2
            """,  # noqa: S608  names of our own
            after,
            limit,
        )
        return [(row["key"], row["sealed"]) for row in rows]

    async def replace(self, key: str, old: bytes, new: bytes) -> None:
        its = self._sealed
        await self._database.execute(
            f"update {its.table} set {its.column} = $3 where {its.key}::text = $1 and {its.column} = $2",  # noqa: S608  as above
            key,
            old,
            new,
        )
