"""SQL of imports: many accounts by one statement, and those that are there stay as they are."""

from collections.abc import Sequence
from uuid import UUID

from auth_service.domain.imports import ImportedAccount
from shared.db import Connection


class ImportRepository:
    """Takes the connection of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, accounts: Sequence[ImportedAccount]) -> set[UUID]:
        """Store those whose address is free, and return their ids. Of two with one address the first is stored.

        An address that somebody was changed away from isn't free as long as they can be changed back. That is asked
        once the addresses are taken, as for other new accounts: whoever waited for such a change sees it then.
        """
        undo = self._connection.transaction()
        await undo.start()
        stored = await self._store(accounts)
        reserved = await self._find_reserved(list(stored.values()))
        if not reserved:
            await undo.commit()
            return set(stored)
        await undo.rollback()
        return await self.add([account for account in accounts if account.email_key not in reserved])

    async def _store(self, accounts: Sequence[ImportedAccount]) -> dict[UUID, str]:
        """Store those whose address is nobody's, and return these.

        They are stored in the order of their addresses, so that two imports of the same don't wait for each other.
        """
        ordered = sorted(accounts, key=lambda account: account.email_key)
        rows = await self._connection.fetch(
            """
            insert into auth.account
                (user_id, email, email_key, email_verified_at, password_hash, created_at, password_changed_at, roles)
            select user_id, email, email_key, case when verified then now() end, password_hash, created_at, created_at,
                   string_to_array(roles, ' ')
            from unnest($1::uuid[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::timestamptz[], $7::text[])
                as row (user_id, email, email_key, verified, password_hash, created_at, roles)
            on conflict on constraint account_email_key do nothing
            returning user_id, email_key
            """,
            [account.user_id for account in ordered],
            [account.email for account in ordered],
            [account.email_key for account in ordered],
            [account.email_verified for account in ordered],
            [account.password_hash for account in ordered],
            [account.created_at for account in ordered],
            [" ".join(account.roles) for account in ordered],
        )
        return {row["user_id"]: row["email_key"] for row in rows}

    async def _find_reserved(self, email_keys: Sequence[str]) -> set[str]:
        rows = await self._connection.fetch(
            """
            select email_key from auth.one_time_token
            where email_key = any($1::text[]) and purpose = 'email_undo' and expires_at > now()
            """,
            list(email_keys),
        )
        return {row["email_key"] for row in rows}

    async def find_ids(self, email_keys: Sequence[str]) -> dict[str, UUID]:
        """Return whose the addresses are."""
        rows = await self._connection.fetch(
            "select email_key, user_id from auth.account where email_key = any($1::text[])", list(email_keys)
        )
        return {row["email_key"]: row["user_id"] for row in rows}
