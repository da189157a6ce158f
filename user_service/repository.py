"""All SQL of profiles. A deleted account's row is its tombstone: empty, private, and never found again."""

from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from asyncpg import Record

from shared.db import Db
from shared.ids import LOWEST
from shared.purge import Purge
from user_service.domain import Changes, Profile, Visibility, fold

# A tombstone must outlive all that may still name the account: access tokens (10 minutes), assertions (one minute)
# and unread events (30 days).
PURGE_TOMBSTONES = Purge(
    "tombstones",
    """
    delete from users.profile where user_id in (
        select user_id from users.profile where deleted_at < now() - interval '30 days' limit $1
    ) returning user_id
    """,
)

# Frequent matches fill a page from the next thousand profiles alone; only where they don't is the trigram index asked,
# which then has few to tell of. Materialized, since for a prepared statement the planner can't know which it will be.
SEARCH = """
    with near as materialized (
        select user_id from (
            select user_id, visibility, search from users.profile where user_id > $2 order by user_id limit 1000
        ) as next where visibility = 'public' and search <> '' and search like $1 order by user_id limit $3
    ), found as materialized (
        select user_id from users.profile
        where visibility = 'public' and search <> '' and search like $1 and (select count(*) from near) < $3
    ), page as (
        select user_id from near union select user_id from found where user_id > $2 order by user_id limit $3
    )
    select user_id, display_name, bio, visibility, created_at, updated_at, version
    from page join users.profile using (user_id) order by user_id
"""


class ProfileRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def find(self, user_id: UUID) -> Profile | None:
        row = await self._db.fetchrow(
            """
            select user_id, display_name, bio, visibility, created_at, updated_at, version
            from users.profile where user_id = $1 and deleted_at is null
            """,
            user_id,
        )
        return _profile(row)

    async def add(self, user_id: UUID) -> Profile | None:
        """Create the empty profile unless it exists, and return it; None when the account was deleted."""
        row = await self._db.fetchrow(
            """
            insert into users.profile as profile (user_id) values ($1)
            on conflict (user_id) do update set version = profile.version where profile.deleted_at is null
            returning user_id, display_name, bio, visibility, created_at, updated_at, version
            """,
            user_id,
        )
        return _profile(row)

    async def update(self, user_id: UUID, changes: Changes, version: int | None) -> Profile | None:
        """Apply `changes` and return what came of it; None when the profile is gone or isn't at `version`, if given."""
        name = changes.display_name
        row = await self._db.fetchrow(
            """
            update users.profile set
                display_name = coalesce($3, display_name), search = coalesce($4, search), bio = coalesce($5, bio),
                visibility = coalesce($6, visibility), updated_at = now(), version = version + 1
            where user_id = $1 and version = coalesce($2, version) and deleted_at is null
            returning user_id, display_name, bio, visibility, created_at, updated_at, version
            """,
            user_id,
            version,
            name,
            fold(name) if name is not None else None,
            changes.bio,
            changes.visibility,
        )
        return _profile(row)

    async def search(self, term: str, after: UUID | None, limit: int) -> list[Profile]:
        """Return public profiles whose name holds `term`, a folded text, in order of their ids."""
        rows = await self._db.fetch(SEARCH, f"%{_escape(term)}%", after or LOWEST, limit)
        return [_present(row) for row in rows]

    async def bury(self, user_id: UUID) -> None:
        """Leave nothing of a profile but a tombstone, whether or not there was one."""
        await self._db.execute(
            """
            insert into users.profile as profile (user_id, visibility, deleted_at) values ($1, 'private', now())
            on conflict (user_id) do update set
                display_name = '', bio = '', search = '', visibility = 'private',
                deleted_at = now(), updated_at = now(), version = profile.version + 1
            where profile.deleted_at is null
            """,
            user_id,
        )

    async def reconcile(self, after: UUID, upto: UUID, alive: Sequence[UUID]) -> None:
        """Of the accounts with `after` < id <= `upto`, let exactly those `alive` have a profile."""
        await self._db.execute(
            """
            update users.profile set
                display_name = '', bio = '', search = '', visibility = 'private',
                deleted_at = now(), updated_at = now(), version = version + 1
            where user_id > $1 and user_id <= $2 and user_id <> all ($3::uuid[]) and deleted_at is null
            """,
            after,
            upto,
            alive,
        )
        await self._db.execute(
            """
            insert into users.profile as profile (user_id) select unnest($1::uuid[])
            on conflict (user_id) do update set deleted_at = null, updated_at = now(), version = profile.version + 1
            where profile.deleted_at is not null
            """,
            alive,
        )


def _escape(term: str) -> str:
    r"""Take their meaning in `like` from \, % and _."""
    return term.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def _profile(row: Record | None) -> Profile | None:
    return _present(row) if row is not None else None


def _present(row: Record) -> Profile:
    return Profile(
        user_id=row["user_id"],
        display_name=row["display_name"],
        bio=row["bio"],
        visibility=Visibility(row["visibility"]),
        created_at=row["created_at"].astimezone(UTC),
        updated_at=row["updated_at"].astimezone(UTC),
        version=row["version"],
    )
