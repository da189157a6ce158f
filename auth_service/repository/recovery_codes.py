"""SQL of recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.db import Db


class RecoveryCodeRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def replace(self, user_id: UUID, hashes: Sequence[bytes]) -> None:
        """Keep these and no other. Needs a transaction that holds the account."""
        await self._db.execute("delete from auth.recovery_code where user_id = $1", user_id)
        await self._db.execute(
            "insert into auth.recovery_code (user_id, code_hash) select $1, unnest($2::bytea[])", user_id, list(hashes)
        )

    async def use(self, user_id: UUID, code_hash: bytes) -> bool:
        """Spend one; False if there is none such. One statement: of two who show the same, one wins."""
        return bool(
            await self._db.fetchval(
                "delete from auth.recovery_code where user_id = $1 and code_hash = $2 returning true",
                user_id,
                code_hash,
            )
        )

    async def delete(self, user_id: UUID, since: datetime | None = None) -> None:
        """Delete all; with `since`, those made from then on."""
        await self._db.execute(
            "delete from auth.recovery_code where user_id = $1 and ($2::timestamptz is null or created_at >= $2)",
            user_id,
            since,
        )

    async def count(self, user_id: UUID) -> int:
        number = await self._db.fetchval("select count(*) from auth.recovery_code where user_id = $1", user_id)
        assert isinstance(number, int)
        return number
