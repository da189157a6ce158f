"""SQL of accounts' addresses: verify one, change it, and what its owner wants to be told there."""

from datetime import datetime
from uuid import UUID

import asyncpg

from auth_service.domain.addresses import Address
from auth_service.errors import EmailTaken
from shared.db import Db

_SELECT = """
    select user_id, email, email_key, email_verified_at is not null as verified, language, new_device_notice
    from auth.account
"""


class AddressRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def find(self, email_key: str) -> Address | None:
        row = await self._db.fetchrow(f"{_SELECT} where email_key = $1", email_key)
        return Address(**row) if row is not None else None

    async def read(self, user_id: UUID) -> Address | None:
        row = await self._db.fetchrow(f"{_SELECT} where user_id = $1", user_id)
        return Address(**row) if row is not None else None

    async def hold(self, user_id: UUID, proved_at: datetime | None) -> Address | None:
        """As `read`, and neither it nor the password changes until the transaction ends.

        None where the password isn't the one of `proved_at` any more, if that is known.
        """
        row = await self._db.fetchrow(
            f"""
            {_SELECT} where user_id = $1 and ($2::timestamptz is null or password_changed_at = $2) for no key update
            """,
            user_id,
            proved_at,
        )
        return Address(**row) if row is not None else None

    async def lock(self, user_id: UUID) -> Address | None:
        """As `read`, and nobody else changes it. Needs a transaction."""
        row = await self._db.fetchrow(f"{_SELECT} where user_id = $1 for update", user_id)
        return Address(**row) if row is not None else None

    async def verify(self, user_id: UUID) -> bool:
        """Note that its mail is received; tell whether that is news."""
        return bool(
            await self._db.fetchval(
                """
                update auth.account set email_verified_at = now() where user_id = $1 and email_verified_at is null
                returning true
                """,
                user_id,
            )
        )

    async def change(self, user_id: UUID, email: str, email_key: str) -> None:
        """Give the account another, verified address. Raises EmailTaken: the constraint decides between two."""
        try:
            await self._db.execute(
                "update auth.account set email = $2, email_key = $3, email_verified_at = now() where user_id = $1",
                user_id,
                email,
                email_key,
            )
        except asyncpg.UniqueViolationError as exc:
            if exc.constraint_name == "account_email_key":
                raise EmailTaken from exc
            raise

    async def require_unreserved(self, email_key: str, user_id: UUID) -> None:
        """Raises EmailTaken where another account was changed away from the address and can still be changed back.

        To be asked after the address was taken, in the same transaction: whoever waited for that change sees it then.
        """
        if await self._db.fetchval(
            """
            select true from auth.one_time_token
            where email_key = $1 and purpose = 'email_undo' and user_id <> $2 and expires_at > now() limit 1
            """,
            email_key,
            user_id,
        ):
            raise EmailTaken(reserved=True)

    async def list_former(self, user_id: UUID) -> list[str]:
        """Return the other addresses that the account had and, by a link that is still good, could have again."""
        rows = await self._db.fetch(
            """
            select distinct on (t.email_key) t.email
            from auth.one_time_token t join auth.account a on a.user_id = t.user_id
            where t.user_id = $1 and t.purpose = 'email_undo' and t.expires_at > now() and t.email_key <> a.email_key
            """,
            user_id,
        )
        return [row["email"] for row in rows]

    async def set_password(self, user_id: UUID, password_hash: str | None) -> None:
        """Replace the password whatever it was; none: the account has none."""
        await self._db.execute(
            "update auth.account set password_hash = $2, password_changed_at = now() where user_id = $1",
            user_id,
            password_hash,
        )

    async def set_wishes(self, user_id: UUID, language: str | None, new_device_notice: bool | None) -> Address | None:  # noqa: FBT001  a value, no switch
        """Change what isn't none, and return what holds now."""
        await self._db.execute(
            """
            update auth.account set language = coalesce($2, language),
                new_device_notice = coalesce($3, new_device_notice)
            where user_id = $1
            """,
            user_id,
            language,
            new_device_notice,
        )
        return await self.read(user_id)
