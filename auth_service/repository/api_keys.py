"""SQL of API keys. Every statement for a person says whose keys: somebody else's are not there."""

from uuid import UUID

import asyncpg

from auth_service.domain.api_keys import ApiKey, NewApiKey
from auth_service.domain.credentials import USE_STEP, Holder
from auth_service.repository.account_search import BANNED
from shared.db import Db
from shared.ids import HIGHEST

_COLUMNS = "api_key_id, hint, name, scopes, created_at, expires_at, last_used_at"


class ApiKeyRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def count(self, user_id: UUID) -> int:
        """Hold the person's account until the transaction ends, so that nobody adds a key meanwhile; count its keys."""
        await self._db.execute("select from auth.account where user_id = $1 for no key update", user_id)
        number = await self._db.fetchval("select count(*) from auth.api_key where user_id = $1", user_id)
        assert isinstance(number, int)
        return number

    async def add(self, key: NewApiKey) -> ApiKey:
        row = await self._db.fetchrow(
            f"""
            insert into auth.api_key (api_key_id, user_id, secret_hash, hint, name, scopes, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            returning {_COLUMNS}
            """,  # noqa: S608  a constant
            key.api_key_id,
            key.user_id,
            key.secret_hash,
            key.hint,
            key.name,
            list(key.scopes),
            key.expires_at,
        )
        assert row is not None  # `returning` always yields the inserted row
        return _api_key(row)

    async def list_page(self, user_id: UUID, before: UUID | None, limit: int) -> list[ApiKey]:
        """Return the person's keys, newest first, behind `before`; expired ones too, until they are purged."""
        rows = await self._db.fetch(
            f"""
            select {_COLUMNS} from auth.api_key where user_id = $1 and api_key_id < $2
            order by api_key_id desc limit $3
            """,  # noqa: S608  a constant
            user_id,
            before or HIGHEST,
            limit,
        )
        return [_api_key(row) for row in rows]

    async def find(self, user_id: UUID, api_key_id: UUID) -> ApiKey | None:
        row = await self._db.fetchrow(
            f"select {_COLUMNS} from auth.api_key where user_id = $1 and api_key_id = $2",  # noqa: S608  a constant
            user_id,
            api_key_id,
        )
        return _api_key(row) if row is not None else None

    async def delete(self, user_id: UUID, only: UUID | None = None) -> list[UUID]:
        """Delete the person's keys, or one of them, and return the ids of those that were there."""
        rows = await self._db.fetch(
            """
            delete from auth.api_key where user_id = $1 and ($2::uuid is null or api_key_id = $2)
            returning api_key_id
            """,
            user_id,
            only,
        )
        return [row["api_key_id"] for row in rows]

    async def list_ids(self, user_id: UUID) -> list[UUID]:
        """Return the ids of all of the person's keys."""
        rows = await self._db.fetch("select api_key_id from auth.api_key where user_id = $1", user_id)
        return [row["api_key_id"] for row in rows]

    async def find_holder(self, secret_hash: bytes) -> Holder | None:
        """Return whom the key stands for, unless there is none, it has expired, or its owner is banned."""
        row = await self._db.fetchrow(
            f"""
            select k.user_id, k.api_key_id, k.scopes, k.expires_at
            from auth.api_key k join auth.account a using (user_id)
            where k.secret_hash = $1 and (k.expires_at is null or k.expires_at > now()) and not {BANNED}
            """,  # noqa: S608  a constant
            secret_hash,
        )
        if row is None:
            return None
        return Holder(row["user_id"], row["api_key_id"], tuple(row["scopes"]), None, row["expires_at"])

    async def note_uses(self, api_key_ids: list[UUID]) -> None:
        """Note that the keys were in use just now. One that somebody works on is left for the next time."""
        await self._db.execute(
            """
            with used as (
                select api_key_id from auth.api_key
                where api_key_id = any($1::uuid[])
                  and (last_used_at is null or last_used_at < now() - $2::interval)
                for no key update skip locked
            )
            update auth.api_key k set last_used_at = now() from used where k.api_key_id = used.api_key_id
            """,
            api_key_ids,
            USE_STEP,
        )


def _api_key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**{**row, "scopes": tuple(row["scopes"])})
