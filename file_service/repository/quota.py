"""SQL of what unfinished uploads reserve of their owners' quota.

Everyone locks the owner's row first, then the upload's, then those of blobs: so no two wait for each other.
"""

from dataclasses import dataclass
from uuid import UUID

from file_service.errors import QuotaExceeded
from file_service.repository.files import FileRepository
from shared.db import Connection, Db


@dataclass(frozen=True, slots=True)
class Usage:
    """In bytes, but for `files`."""

    bytes: int
    reserved: int
    files: int


@dataclass(frozen=True, slots=True)
class UsageOfAll:
    """`bytes` with what is reserved; `near` use 90 % of `quota` or more."""

    bytes: int
    owners: int
    near: int


async def lock_owner(connection: Connection, owner_id: UUID) -> None:
    await connection.execute("select from files.owner where owner_id = $1 for no key update", owner_id)


async def reserve(connection: Connection, owner_id: UUID, size: int, quota: int) -> None:
    """Raises QuotaExceeded, or Unauthenticated when the owner's account was deleted."""
    reserved = size <= quota and await connection.fetchval(
        """
        insert into files.owner as owner (owner_id, bytes, reserved) values ($1, 0, $2)
        on conflict (owner_id) do update set reserved = owner.reserved + excluded.reserved
        where owner.deleted_at is null and owner.bytes + owner.reserved + excluded.reserved <= $3
        returning true
        """,
        owner_id,
        size,
        quota,
    )
    if not reserved:
        room = await FileRepository(connection).room(owner_id, quota)
        raise QuotaExceeded(f"There is room for {room} more bytes.")


async def release(connection: Connection, owner_id: UUID, size: int) -> None:
    await connection.execute("update files.owner set reserved = reserved - $2 where owner_id = $1", owner_id, size)


async def settle_reserved(connection: Connection, owner_id: UUID, size: int) -> None:
    """Turn `size` reserved bytes into stored ones. They were granted, whatever has become of the quota since."""
    await connection.execute(
        "update files.owner set bytes = bytes + $2, reserved = reserved - $2 where owner_id = $1", owner_id, size
    )


async def usage_of(db: Db, owner_id: UUID) -> Usage:
    row = await db.fetchrow(
        """
        select coalesce(owner.bytes, 0) as bytes, coalesce(owner.reserved, 0) as reserved,
            (select count(*) from files.file where file.owner_id = $1) as files
        from (select $1::uuid as owner_id) as asked left join files.owner as owner using (owner_id)
        """,
        owner_id,
    )
    assert row is not None  # the outer join yields one row
    return Usage(**row)


async def usage_of_all(db: Db, quota: int) -> UsageOfAll:
    row = await db.fetchrow(
        """
        select coalesce(sum(bytes + reserved), 0)::bigint as bytes, count(*) as owners,
            count(*) filter (where bytes + reserved >= $1::bigint * 9 / 10) as near
        from files.owner where bytes + reserved > 0
        """,
        quota,
    )
    assert row is not None  # an aggregate yields one row
    return UsageOfAll(**row)
