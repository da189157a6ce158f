"""SQL over all of an account's factors."""

from datetime import datetime
from uuid import UUID

from auth_service.domain.factors import FactorKind, Overview
from auth_service.repository.passkeys import PasskeyRepository
from auth_service.repository.recovery_codes import RecoveryCodeRepository
from shared.db import Db


class FactorRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def hold(self, user_id: UUID) -> None:
        """Hold the account until the transaction ends: nobody changes its factors, or is let in, meanwhile."""
        await self._db.execute("select from auth.account where user_id = $1 for no key update", user_id)

    async def kinds(self, user_id: UUID) -> list[FactorKind]:
        """Return what the account may show as a second factor; nothing where it has none."""
        row = await self._db.fetchrow(
            """
            select exists (select from auth.totp where user_id = $1 and confirmed_at is not null) as totp,
                   exists (select from auth.passkey where user_id = $1) as passkey,
                   exists (select from auth.recovery_code where user_id = $1) as recovery_code
            """,
            user_id,
        )
        assert row is not None
        if not row["totp"] and not row["passkey"]:
            return []
        return [kind for kind in FactorKind if row[kind.value]]

    async def overview(self, user_id: UUID) -> Overview | None:
        row = await self._db.fetchrow(
            """
            select a.password_hash is not null as has_password, t.confirmed_at, t.last_used_at
            from auth.account a left join auth.totp t on t.user_id = a.user_id and t.confirmed_at is not null
            where a.user_id = $1
            """,
            user_id,
        )
        if row is None:
            return None
        passkeys = tuple(await PasskeyRepository(self._db).list_all(user_id))
        left = await RecoveryCodeRepository(self._db).count(user_id)
        return Overview(row["has_password"], row["confirmed_at"], row["last_used_at"], passkeys, left)

    async def remove_all(self, user_id: UUID, since: datetime | None = None) -> int:
        """Delete every factor and every recovery code; return how many factors counted.

        With `since`, what has counted only from then on; and all codes where no factor is left.
        """
        number = await self._db.fetchval(
            """
            with keys as (
                delete from auth.passkey
                where user_id = $1 and created_at >= coalesce($2::timestamptz, '-infinity')
                returning 1
            ), app as (
                delete from auth.totp
                where user_id = $1 and coalesce(confirmed_at, created_at) >= coalesce($2::timestamptz, '-infinity')
                returning confirmed_at
            )
            select (select count(*) from keys) + (select count(confirmed_at) from app)
            """,
            user_id,
            since,
        )
        assert isinstance(number, int)
        await RecoveryCodeRepository(self._db).delete(user_id, since if await self.kinds(user_id) else None)
        return number
