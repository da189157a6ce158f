"""SQL of accounts and of the devices that they were signed in from."""

from uuid import UUID

import asyncpg

from auth_service.domain.accounts import Account, NewAccount
from auth_service.errors import EmailTaken
from auth_service.repository.account_search import BANNED
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.administration import raise_if_last
from shared.db import Db

_SELECT = """
    select a.user_id, a.email, a.email_key, a.email_verified_at is not null as email_verified, a.password_hash, a.roles,
           a.password_changed_at,
           exists (select from auth.known_device d where d.user_id = a.user_id and d.fingerprint = $2) as device_known
    from auth.account a
"""

# For followers who start afresh: who exists, and who of them is banned.
SELECT_ACCOUNTS = f"""
    select a.user_id, case when {BANNED} then
        jsonb_build_object('ban', jsonb_build_object('until', to_jsonb(a.banned_until)))
    end
    from auth.account a where a.user_id > $1 and a.user_id < $2 order by a.user_id limit $3
"""  # noqa: S608  constants


class AccountRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, account: NewAccount) -> None:
        """Raises EmailTaken. Needs a transaction."""
        try:
            await self._db.execute(
                """
                insert into auth.account (user_id, email, email_key, password_hash, email_verified_at, language)
                values ($1, $2, $3, $4, case when $5::boolean then now() end, $6)
                """,
                account.user_id,
                account.email,
                account.email_key,
                account.password_hash,
                account.email_verified,
                account.language,
            )
        except asyncpg.UniqueViolationError as exc:
            if exc.constraint_name == "account_email_key":
                raise EmailTaken from exc
            raise
        await AddressRepository(self._db).require_unreserved(account.email_key, account.user_id)

    async def find(self, email_key: str, fingerprint: bytes) -> Account | None:
        row = await self._db.fetchrow(f"{_SELECT} where a.email_key = $1", email_key, fingerprint)
        return _account(row) if row is not None else None

    async def find_by_id(self, user_id: UUID, fingerprint: bytes) -> Account | None:
        row = await self._db.fetchrow(f"{_SELECT} where a.user_id = $1", user_id, fingerprint)
        return _account(row) if row is not None else None

    async def hold(self, account: Account) -> bool:
        """Keep the account as it was when it was proved, until the transaction ends.

        False when the password or the address has been changed or the account deleted meanwhile: what was proved is
        void then. Another hash of the same password voids nothing. Of two who hold it, one waits: so that sessions
        begin one after the other. Needs a transaction.
        """
        return bool(
            await self._db.fetchval(
                """
                select true from auth.account where user_id = $1 and password_changed_at = $2 and email_key = $3
                for no key update
                """,
                account.user_id,
                account.password_changed_at,
                account.email_key,
            )
        )

    async def change_password(self, account: Account, password_hash: str) -> bool:
        """Replace the password that was proved; False when it isn't the account's any more."""
        return bool(
            await self._db.fetchval(
                """
                update auth.account set password_hash = $3,
                    password_changed_at = greatest(now(), password_changed_at + interval '1 microsecond')
                where user_id = $1 and password_changed_at = $2
                returning true
                """,
                account.user_id,
                account.password_changed_at,
                password_hash,
            )
        )

    async def rehash_password(self, account: Account, password_hash: str) -> bool:
        """Replace the hash that was proved by another of the same password; False when it has changed meanwhile."""
        return bool(
            await self._db.fetchval(
                "update auth.account set password_hash = $3 where user_id = $1 and password_hash = $2 returning true",
                account.user_id,
                account.password_hash,
                password_hash,
            )
        )

    async def lock(self, account: Account) -> bool:
        """As `hold`, and nobody else may hold it. Needs a transaction."""
        return bool(
            await self._db.fetchval(
                "select true from auth.account where user_id = $1 and password_changed_at = $2 for update",
                account.user_id,
                account.password_changed_at,
            )
        )

    async def delete(self, user_id: UUID) -> None:
        """Delete the account with its sessions and devices. Raises LastAdministrator."""
        try:
            await self._db.execute("delete from auth.account where user_id = $1", user_id)
        except asyncpg.CheckViolationError as exc:
            raise_if_last(exc)
            raise

    async def remember_device(self, user_id: UUID, fingerprint: bytes) -> bool:
        """Note the device, and tell whether it is news to somebody who has signed in from others."""
        return bool(
            await self._db.fetchval(
                """
                with other as (select exists (select from auth.known_device where user_id = $1) as found)
                insert into auth.known_device as d (user_id, fingerprint) values ($1, $2)
                on conflict on constraint known_device_pkey do update set last_seen_at = now()
                returning d.xmax = 0 and (select found from other)
                """,
                user_id,
                fingerprint,
            )
        )


def _account(row: asyncpg.Record) -> Account:
    return Account(**{**row, "roles": tuple(row["roles"])})
