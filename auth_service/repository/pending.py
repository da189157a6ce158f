"""SQL of sign-ins that wait for a second factor."""

from uuid import UUID

from auth_service.domain.pending import LIFETIME, MOST_GUESSES, PendingSignIn
from auth_service.domain.sessions import SessionKind
from shared.db import Db


class PendingRepository:
    """Takes a pool, or a connection already inside a transaction. `token_hash` is of the token that names one."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, token_hash: bytes, pending: PendingSignIn) -> None:
        await self._db.execute(
            """
            insert into auth.pending_sign_in
                (token_hash, user_id, methods, proved_mark, kind, address_prefix, code_hash, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, now() + $8::interval)
            """,
            token_hash,
            pending.user_id,
            list(pending.methods),
            pending.proved_mark,
            pending.kind.value,
            pending.address_prefix,
            pending.code_hash,
            LIFETIME,
        )

    async def find(self, token_hash: bytes, address_prefix: str) -> PendingSignIn | None:
        """Return it to whoever is in the network that it began from."""
        return await self._one(
            """
            select user_id, methods, proved_mark, kind, address_prefix, code_hash from auth.pending_sign_in
            where token_hash = $1 and address_prefix = $2 and guesses < $3 and expires_at > now()
            """,
            token_hash,
            address_prefix,
        )

    async def guess(self, token_hash: bytes, address_prefix: str) -> PendingSignIn | None:
        """As `find`, and count a guess before it is looked at: of many at once no more pass than there are left."""
        return await self._one(
            """
            update auth.pending_sign_in set guesses = guesses + 1
            where token_hash = $1 and address_prefix = $2 and guesses < $3 and expires_at > now()
            returning user_id, methods, proved_mark, kind, address_prefix, code_hash
            """,
            token_hash,
            address_prefix,
        )

    async def _one(self, sql: str, token_hash: bytes, address_prefix: str) -> PendingSignIn | None:
        row = await self._db.fetchrow(sql, token_hash, address_prefix, MOST_GUESSES)
        if row is None:
            return None
        return PendingSignIn(**{**row, "methods": tuple(row["methods"]), "kind": SessionKind(row["kind"])})

    async def take(self, token_hash: bytes) -> bool:
        """Finish it; False if somebody else has."""
        return bool(
            await self._db.fetchval("delete from auth.pending_sign_in where token_hash = $1 returning true", token_hash)
        )

    async def delete_all(self, user_id: UUID) -> None:
        """Void all that wait for the account, which is held: adding a factor holds it too before it takes its own."""
        await self._db.execute("delete from auth.pending_sign_in where user_id = $1", user_id)
