"""SQL of the steps of sign-ins at providers that wait for their next one."""

from datetime import timedelta

from shared.db import Db


class FlowRepository:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, token_hash: bytes, sealed: bytes, lifetime: timedelta) -> None:
        await self._db.execute(
            "insert into auth.federated_flow (token_hash, sealed, expires_at) values ($1, $2, now() + $3::interval)",
            token_hash,
            sealed,
            lifetime,
        )

    async def take(self, token_hash: bytes) -> bytes | None:
        """Return what was kept, once: of all who ask at the same time one gets it."""
        sealed: bytes | None = await self._db.fetchval(
            "delete from auth.federated_flow where token_hash = $1 and expires_at > now() returning sealed", token_hash
        )
        return sealed
