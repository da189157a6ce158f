"""SQL of authenticator apps: one per account."""

from uuid import UUID

from shared.db import Db


class TotpRepository:
    """Takes a pool, or a connection already inside a transaction. `sealed` is the secret as Sealer made it."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def enrol(self, user_id: UUID, sealed: bytes) -> bool:
        """Keep a secret to be confirmed, in place of one that never was; False where one is confirmed."""
        return bool(
            await self._db.fetchval(
                """
                insert into auth.totp as t (user_id, secret) values ($1, $2)
                on conflict on constraint totp_pkey do update
                    set secret = $2, created_at = now(), last_used_step = null where t.confirmed_at is null
                returning true
                """,
                user_id,
                sealed,
            )
        )

    async def find(self, user_id: UUID, *, confirmed: bool) -> bytes | None:
        """Return the sealed secret."""
        sealed: bytes | None = await self._db.fetchval(
            "select secret from auth.totp where user_id = $1 and (confirmed_at is not null) = $2", user_id, confirmed
        )
        return sealed

    async def confirm(self, user_id: UUID, sealed: bytes, step: int) -> bool:
        """Let the secret count from now on, and the code that confirmed it no more; False if it is another by now."""
        return bool(
            await self._db.fetchval(
                """
                update auth.totp set confirmed_at = now(), last_used_step = $3, last_used_at = now()
                where user_id = $1 and secret = $2 and confirmed_at is null returning true
                """,
                user_id,
                sealed,
                step,
            )
        )

    async def use(self, user_id: UUID, sealed: bytes, step: int) -> bool:
        """Spend the code of `step`; False if it, or a later one, was spent before. One statement: of two, one wins."""
        return bool(
            await self._db.fetchval(
                """
                update auth.totp set last_used_step = $3, last_used_at = now()
                where user_id = $1 and secret = $2 and confirmed_at is not null
                  and (last_used_step is null or last_used_step < $3)
                returning true
                """,
                user_id,
                sealed,
                step,
            )
        )

    async def remove(self, user_id: UUID) -> bool:
        """Delete it; tell whether it counted."""
        return bool(
            await self._db.fetchval(
                "delete from auth.totp where user_id = $1 returning confirmed_at is not null", user_id
            )
        )
