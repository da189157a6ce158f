"""SQL of codes that apps have fetched their session with."""

from uuid import UUID

from auth_service.domain.federation import SPENT_CODE_KEPT
from shared.db import Db


class SpentCodeRepository:
    """Takes a connection inside a transaction. A row that is changed or deleted is locked until that ends."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def add(self, code_hash: bytes, challenge: str) -> None:
        await self._db.execute(
            """
            insert into auth.spent_sign_in_code (code_hash, challenge, expires_at)
            values ($1, $2, now() + $3::interval)
            """,
            code_hash,
            challenge,
            SPENT_CODE_KEPT,
        )

    async def find_challenge(self, code_hash: bytes) -> str | None:
        """Return what its verifier answers, where the code was spent and nobody has used it again."""
        challenge: str | None = await self._db.fetchval(
            "select challenge from auth.spent_sign_in_code where code_hash = $1", code_hash
        )
        return challenge

    async def note_session(self, code_hash: bytes, session_id: UUID) -> bool:
        """Note what began with it; False where nothing may, as the code was used again."""
        return bool(
            await self._db.fetchval(
                "update auth.spent_sign_in_code set session_id = $2 where code_hash = $1 returning true",
                code_hash,
                session_id,
            )
        )

    async def forget(self, code_hash: bytes) -> UUID | None:
        """Let nothing begin with the code any more, and return the session that has."""
        session_id: UUID | None = await self._db.fetchval(
            "delete from auth.spent_sign_in_code where code_hash = $1 returning session_id", code_hash
        )
        return session_id
