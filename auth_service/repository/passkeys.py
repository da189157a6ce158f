"""SQL of passkeys, and of the challenges that were answered."""

from datetime import datetime
from uuid import UUID

import asyncpg

from auth_service.domain.factors import KnownCredential, NewPasskey, Passkey
from auth_service.errors import FactorExists
from shared.db import Db

_SHOWN = "passkey_id, name, synced, created_at, last_used_at"
_KNOWN = "passkey_id, user_id, credential_id, public_key, synced, verifies, transports"


class PasskeyRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, passkey: NewPasskey) -> Passkey:
        """Raises FactorExists where an account has the credential already."""
        try:
            row = await self._db.fetchrow(
                f"""
                insert into auth.passkey
                    (passkey_id, user_id, credential_id, public_key, sign_count, transports, synced, verifies, name)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                returning {_SHOWN}
                """,  # noqa: S608  a constant
                passkey.passkey_id,
                passkey.user_id,
                passkey.credential_id,
                passkey.public_key,
                passkey.sign_count,
                list(passkey.transports),
                passkey.synced,
                passkey.verifies,
                passkey.name,
            )
        except asyncpg.UniqueViolationError as exc:
            if exc.constraint_name == "passkey_credential_id_key":
                raise FactorExists from exc
            raise
        assert row is not None  # `returning` always yields the inserted row
        return Passkey(**row)

    async def list_all(self, user_id: UUID) -> list[Passkey]:
        rows = await self._db.fetch(
            f"select {_SHOWN} from auth.passkey where user_id = $1 order by passkey_id",  # noqa: S608  a constant
            user_id,
        )
        return [Passkey(**row) for row in rows]

    async def credentials(self, user_id: UUID) -> list[KnownCredential]:
        rows = await self._db.fetch(
            f"select {_KNOWN} from auth.passkey where user_id = $1 order by passkey_id",  # noqa: S608  a constant
            user_id,
        )
        return [_known(row) for row in rows]

    async def find(self, credential_id: bytes) -> KnownCredential | None:
        row = await self._db.fetchrow(
            f"select {_KNOWN} from auth.passkey where credential_id = $1",  # noqa: S608  a constant
            credential_id,
        )
        return _known(row) if row is not None else None

    async def has(self, user_id: UUID, passkey_id: UUID) -> bool:
        return bool(
            await self._db.fetchval(
                "select true from auth.passkey where user_id = $1 and passkey_id = $2", user_id, passkey_id
            )
        )

    async def use(self, passkey_id: UUID, sign_count: int) -> bool:
        """Note a use; False where the counter hasn't moved on, as with a copy of a key that can't be copied.

        Keys that may be copied count nothing, and say 0 each time.
        """
        return bool(
            await self._db.fetchval(
                """
                update auth.passkey set sign_count = $2, last_used_at = now()
                where passkey_id = $1 and (sign_count < $2 or (sign_count = 0 and $2 = 0)) returning true
                """,
                passkey_id,
                sign_count,
            )
        )

    async def rename(self, user_id: UUID, passkey_id: UUID, name: str) -> Passkey | None:
        row = await self._db.fetchrow(
            f"""
            update auth.passkey set name = $3 where user_id = $1 and passkey_id = $2 returning {_SHOWN}
            """,  # noqa: S608  a constant
            user_id,
            passkey_id,
            name,
        )
        return Passkey(**row) if row is not None else None

    async def remove(self, user_id: UUID, passkey_id: UUID) -> bool:
        return bool(
            await self._db.fetchval(
                "delete from auth.passkey where user_id = $1 and passkey_id = $2 returning true", user_id, passkey_id
            )
        )

    async def spend(self, challenge_hash: bytes, expires_at: datetime) -> bool:
        """Have the challenge answered; False if it was before. One statement: of two answers one counts."""
        return bool(
            await self._db.fetchval(
                """
                insert into auth.spent_challenge (challenge_hash, expires_at) values ($1, $2)
                on conflict on constraint spent_challenge_pkey do nothing returning true
                """,
                challenge_hash,
                expires_at,
            )
        )


def _known(row: asyncpg.Record) -> KnownCredential:
    return KnownCredential(**{**row, "transports": tuple(row["transports"])})
