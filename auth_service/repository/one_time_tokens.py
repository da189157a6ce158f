"""SQL of what was mailed to prove that somebody receives it."""

from datetime import datetime
from uuid import UUID

from auth_service.domain.one_time_tokens import LIFETIMES, Purpose, Recipient, Spent
from shared.db import Db


class OneTimeTokenRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, purpose: Purpose, token_hash: bytes, recipient: Recipient) -> datetime:
        """Store it and return when it expires."""
        expires_at = await self._db.fetchval(
            """
            insert into auth.one_time_token (token_hash, purpose, user_id, email, email_key, expires_at)
            values ($1, $2, $3, $4, $5, now() + $6::interval)
            returning expires_at
            """,
            token_hash,
            purpose.value,
            recipient.user_id,
            recipient.email,
            recipient.email_key,
            LIFETIMES[purpose],
        )
        assert isinstance(expires_at, datetime)
        return expires_at

    async def find_address(self, purpose: Purpose, token_hash: bytes) -> str | None:
        """Return the address that a good token was mailed to, and spend nothing: before something that costs much."""
        address: str | None = await self._db.fetchval(
            "select email from auth.one_time_token where token_hash = $1 and purpose = $2 and expires_at > now()",
            token_hash,
            purpose.value,
        )
        return address

    async def spend(self, purpose: Purpose, token_hash: bytes, owner: UUID | None = None) -> Spent | None:
        """Delete the token, and return it if it was good. Of several who spend it at once, one gets it. With
        `owner`, only that account's is good.

        One that was mailed to an address which isn't its account's any more is good for nothing, unless it is about
        changing that. The account is held first, as by all who void tokens, and stays so until the transaction ends:
        what they void meanwhile isn't good afterwards, and nobody waits for each other.
        """
        row = await self._db.fetchrow(
            """
            with a as (
                select user_id, email_key from auth.account
                where user_id = (select user_id from auth.one_time_token where token_hash = $1) for no key update
            )
            delete from auth.one_time_token t using a
            where t.token_hash = $1 and t.purpose = $2 and t.expires_at > now() and a.user_id = t.user_id
              and ($3::uuid is null or t.user_id = $3)
              and (a.email_key = t.email_key or t.purpose in ('email_change', 'email_undo'))
            returning t.user_id, t.email, t.email_key, t.created_at
            """,
            token_hash,
            purpose.value,
            owner,
        )
        return Spent(**row) if row is not None else None

    async def delete(self, user_id: UUID, *purposes: Purpose, since: datetime | None = None) -> None:
        """Delete the account's tokens of these purposes; with `since`, those made from then on."""
        await self._db.execute(
            """
            delete from auth.one_time_token
            where user_id = $1 and purpose = any($2) and ($3::timestamptz is null or created_at >= $3)
            """,
            user_id,
            [purpose.value for purpose in purposes],
            since,
        )
