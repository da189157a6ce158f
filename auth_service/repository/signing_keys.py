"""SQL of signing keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from auth_service.domain.signing_keys import KeyTimes
from shared.db import Connection, Db


@dataclass(frozen=True, slots=True)
class NewKey:
    """`sealed` is the encrypted private key."""

    kid: str
    public_jwk: dict[str, Any]
    sealed: bytes


@dataclass(frozen=True, slots=True)
class StoredKey(KeyTimes):
    """`read_at` is when it was read, by the database's clock, as all times are."""

    public_jwk: dict[str, Any]
    sealed: bytes
    read_at: datetime


class SigningKeyRepository:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def list_verifying(self) -> list[StoredKey]:
        """Return all keys whose tokens may still be good, newest first.

        The statement's time, since the transaction's may lie before that of a key that we waited for.
        """
        rows = await self._db.fetch(
            """
            select kid, signs_from, verifies_until, public_jwk, private_key as sealed, statement_timestamp() as read_at
            from auth.signing_key
            where verifies_until is null or verifies_until > statement_timestamp()
            order by signs_from desc, kid
            """
        )
        return [StoredKey(**{**row, "public_jwk": msgspec.json.decode(row["public_jwk"])}) for row in rows]

    async def now(self) -> datetime:
        """Return the database's time."""
        now = await self._db.fetchval("select statement_timestamp()")
        assert isinstance(now, datetime)
        return now

    async def add(self, key: NewKey, signs_from: datetime) -> None:
        await self._db.execute(
            "insert into auth.signing_key (kid, public_jwk, private_key, signs_from) values ($1, $2, $3, $4)",
            key.kid,
            msgspec.json.encode(key.public_jwk).decode(),
            key.sealed,
            signs_from,
        )

    async def end(self, kid: str, until: datetime) -> None:
        """Have the key verify until then; never longer than was said before."""
        await self._db.execute(
            "update auth.signing_key set verifies_until = least(verifies_until, $2) where kid = $1", kid, until
        )

    @staticmethod
    async def lock(connection: Connection) -> None:
        """Let no other replica make or retire a key until this transaction ends."""
        await connection.execute("select pg_advisory_xact_lock(hashtext('auth.signing_key'))")
