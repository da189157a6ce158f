"""SQL of signing keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shared.db import Connection, Db


@dataclass(frozen=True, slots=True)
class StoredKey:
    """`sealed` is the encrypted private key. `signs_from` and `read_at` are by the database's clock."""

    kid: str
    public_jwk: dict[str, Any]
    sealed: bytes
    signs_from: datetime
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
            select kid, public_jwk, private_key as sealed, signs_from, statement_timestamp() as read_at
            from auth.signing_key
            where verifies_until is null or verifies_until > now()
            order by signs_from desc, kid
            """
        )
        return [StoredKey(**{**row, "public_jwk": msgspec.json.decode(row["public_jwk"])}) for row in rows]

    async def add(self, kid: str, public_jwk: dict[str, Any], sealed: bytes) -> None:
        await self._db.execute(
            "insert into auth.signing_key (kid, public_jwk, private_key) values ($1, $2, $3)",
            kid,
            msgspec.json.encode(public_jwk).decode(),
            sealed,
        )

    @staticmethod
    async def lock(connection: Connection) -> None:
        """Let no other replica make a key until this transaction ends."""
        await connection.execute("select pg_advisory_xact_lock(hashtext('auth.signing_key'))")
