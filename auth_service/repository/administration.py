"""SQL of what administrators read and change of an account. That one is left who can, a trigger sees to."""

from collections.abc import Collection
from uuid import UUID

import asyncpg

from auth_service.domain.administration import AccountDetails
from auth_service.domain.bans import Ban
from auth_service.domain.refreshing import ABSOLUTE_LIMIT, IDLE_LIMIT
from auth_service.errors import LastAdministrator
from auth_service.repository.account_search import BANNED, SUMMARY, summary_of
from shared.db import Db

_KEPT = "account_administrator_check"


class AdministrationRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def find(self, user_id: UUID) -> AccountDetails | None:
        row = await self._db.fetchrow(
            f"""
            select {SUMMARY}, a.password_changed_at,
                   (select max(last_used_at) from auth.session s where s.user_id = a.user_id) as last_used_at,
                   (select count(*) from auth.session s where s.user_id = a.user_id and s.revoked_at is null
                    and s.last_used_at > now() - $2::interval and s.created_at > now() - $3::interval) as sessions,
                   (select count(*) from auth.api_key k where k.user_id = a.user_id) as api_keys,
                   (select count(*) from auth.federated_identity f where f.user_id = a.user_id) as identities,
                   (select count(*) from auth.passkey p where p.user_id = a.user_id) as passkeys,
                   (select count(*) from auth.totp t where t.user_id = a.user_id and t.confirmed_at is not null) as totp
            from auth.account a where a.user_id = $1
            """,  # noqa: S608  constants
            user_id,
            IDLE_LIMIT,
            ABSOLUTE_LIMIT,
        )
        if row is None:
            return None
        values = dict(row)
        counts = {name: values.pop(name) for name in ("sessions", "api_keys", "totp", "passkeys", "identities")}
        changed, used = values.pop("password_changed_at"), values.pop("last_used_at")
        return AccountDetails(summary_of(values), changed, used, counts)

    async def find_user_id(self, email_key: str) -> UUID | None:
        found: UUID | None = await self._db.fetchval("select user_id from auth.account where email_key = $1", email_key)
        return found

    async def hold(self, user_ids: Collection[UUID]) -> None:
        """Keep the accounts as they are until the transaction ends; all hold them in one order, so that none is stuck.

        Needs a transaction that holds no account yet.
        """
        await self._db.execute(
            "select from auth.account where user_id = any ($1) order by user_id for no key update", list(user_ids)
        )

    async def hold_roles(self, user_id: UUID) -> tuple[str, ...] | None:
        """Return the account's roles and keep the account as it is until the transaction ends; none if it is gone."""
        roles = await self._db.fetchval("select roles from auth.account where user_id = $1 for no key update", user_id)
        return tuple(roles) if roles is not None else None

    async def set_roles(self, user_id: UUID, roles: tuple[str, ...]) -> None:
        """Raises LastAdministrator."""
        await self._change("update auth.account set roles = $2 where user_id = $1", user_id, list(roles))

    async def ban(self, user_id: UUID, ban: Ban) -> bool:
        """Ban, or change the ban. False when there is no such account. Raises LastAdministrator."""
        return await self._change(
            """
            update auth.account set banned_at = clock_timestamp(), banned_until = $2, ban_reason = $3 where user_id = $1
            """,
            user_id,
            ban.until,
            ban.reason,
        )

    async def unban(self, user_id: UUID) -> bool:
        """Lift the ban; false where there is none that holds."""
        return await self._change(
            f"""
            update auth.account a set banned_at = null, banned_until = null, ban_reason = null
            where user_id = $1 and {BANNED}
            """,  # noqa: S608  a constant
            user_id,
        )

    async def read_standing(self, user_id: UUID) -> tuple[tuple[str, ...], Ban | None]:
        """Return the account's roles, and its ban if one holds now."""
        row = await self._db.fetchrow(
            f"select a.roles, {BANNED} as banned, a.ban_reason, a.banned_until from auth.account a where user_id = $1",  # noqa: S608  as above
            user_id,
        )
        if row is None:
            return (), None
        return tuple(row["roles"]), Ban(row["ban_reason"], row["banned_until"]) if row["banned"] else None

    async def void_password(self, user_id: UUID) -> bool:
        """Let no password be right until a new one is set. False when there is no such account."""
        return await self._change(
            "update auth.account set password_hash = null, password_changed_at = now() where user_id = $1", user_id
        )

    async def _change(self, sql: str, user_id: UUID, *values: object) -> bool:
        try:
            return await self._db.execute(sql, user_id, *values) != "UPDATE 0"
        except asyncpg.CheckViolationError as exc:
            raise_if_last(exc)
            raise


def raise_if_last(exc: asyncpg.CheckViolationError) -> None:
    """Raises LastAdministrator where that is what the database refused."""
    if exc.constraint_name == _KEPT:
        raise LastAdministrator from exc
