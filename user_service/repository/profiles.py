"""Profiles one by one, and as the accounts' events have them."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from shared.db import Db
from shared.purge import Purge
from user_service.domain import Changes, Profile, fold
from user_service.repository.rows import present

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


class ProfileRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def find(self, user_ids: Sequence[UUID]) -> dict[UUID, Profile]:
        """Return those profiles that there are.

        The subselect hides the ids from the planner, which would take how many they are for a reason to plan anew.
        """
        rows = await self._db.fetch(
            """
            select user_id, display_name, bio, visibility, created_at, updated_at, version
            from users.profile where user_id = any ((select $1::uuid[])::uuid[]) and deleted_at is null
            """,
            user_ids,
        )
        return {row["user_id"]: present(row) for row in rows}

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

    async def update(self, user_id: UUID, changes: Changes, etags: list[str] | None) -> Profile | None:
        """Apply `changes` and return what came of it; None without a profile that has one of `etags`, if given."""
        name = changes.display_name
        row = await self._db.fetchrow(
            """
            update users.profile set
                display_name = coalesce($3, display_name), search = coalesce($4, search), bio = coalesce($5, bio),
                visibility = coalesce($6, visibility), updated_at = now(), version = version + 1
            where user_id = $1 and deleted_at is null and ($2::text[] is null or version::text = any ($2))
            returning user_id, display_name, bio, visibility, created_at, updated_at, version
            """,
            user_id,
            etags,
            name,
            fold(name) if name is not None else None,
            changes.bio,
            changes.visibility,
        )
        return _profile(row)

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


def _profile(row: Record | None) -> Profile | None:
    return present(row) if row is not None else None
