"""Profiles one by one, and as the accounts' events have them."""

from collections.abc import Sequence
from uuid import UUID

from asyncpg import Record

from shared.db import Db
from shared.purge import Purge
from user_service.domain import Changes, Keep, Profile, fold
from user_service.repository.rows import COLUMNS, present

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
            f"""
            select {COLUMNS}
            from users.profile where user_id = any ((select $1::uuid[])::uuid[]) and deleted_at is null
            """,  # noqa: S608  our own columns, here and below
            user_ids,
        )
        return {row["user_id"]: present(row) for row in rows}

    async def add(self, user_id: UUID) -> Profile | None:
        """Create the empty profile unless it exists, and return it; None when the account was deleted."""
        row = await self._db.fetchrow(
            f"""
            insert into users.profile as profile (user_id) values ($1)
            on conflict (user_id) do update set version = profile.version where profile.deleted_at is null
            returning {COLUMNS}
            """,  # noqa: S608
            user_id,
        )
        return _profile(row)

    async def update(self, user_id: UUID, changes: Changes, etags: list[str] | None) -> Profile | None:
        """Apply `changes` and return what came of it; None without a profile that has one of `etags`, if given."""
        name = changes.display_name
        row = await self._db.fetchrow(
            f"""
            update users.profile set
                display_name = coalesce($3, display_name), search = coalesce($4, search), bio = coalesce($5, bio),
                visibility = coalesce($6, visibility), avatar = case when $7 then avatar else $8 end,
                updated_at = now(), version = version + 1
            where user_id = $1 and deleted_at is null and ($2::text[] is null or version::text = any ($2))
            returning {COLUMNS}
            """,  # noqa: S608
            user_id,
            etags,
            name,
            fold(name) if name is not None else None,
            changes.bio,
            changes.visibility,
            changes.avatar is Keep.KEEP,
            None if changes.avatar is Keep.KEEP else changes.avatar,
        )
        return _profile(row)

    async def drop_avatar(self, user_id: UUID, file_id: UUID) -> None:
        """Let the profile have no avatar where it is this one."""
        await self._db.execute(
            """
            update users.profile set avatar = null, updated_at = now(), version = version + 1
            where user_id = $1 and avatar = $2
            """,
            user_id,
            file_id,
        )

    async def bury(self, user_id: UUID) -> None:
        """Leave nothing of a profile but a tombstone, whether or not there was one."""
        await self._db.execute(
            """
            insert into users.profile as profile (user_id, visibility, deleted_at) values ($1, 'private', now())
            on conflict (user_id) do update set
                display_name = '', bio = '', search = '', visibility = 'private', avatar = null,
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
                display_name = '', bio = '', search = '', visibility = 'private', avatar = null,
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
