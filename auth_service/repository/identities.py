"""SQL of identities at providers and the accounts that they open."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from auth_service.domain.federation import ExternalIdentity, LinkedIdentity
from auth_service.errors import IdentityTaken
from shared.db import Db
from shared.ids import uuid7

_COLUMNS = "identity_id, provider, email, linked_at, last_used_at"


class IdentityRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def recognise(self, identity: ExternalIdentity) -> UUID | None:
        """Return whose it is, and note that it was used; none if it is nobody's yet."""
        user_id: UUID | None = await self._db.fetchval(
            """
            update auth.federated_identity set last_used_at = now(), email = $3, provider = $4
            where issuer = $1 and subject = $2
            returning user_id
            """,
            identity.issuer,
            identity.subject,
            identity.email,
            identity.provider,
        )
        return user_id

    async def opens(self, identity: ExternalIdentity, user_id: UUID) -> bool:
        return bool(
            await self._db.fetchval(
                "select true from auth.federated_identity where user_id = $1 and issuer = $2 and subject = $3",
                user_id,
                identity.issuer,
                identity.subject,
            )
        )

    async def add(self, identity: ExternalIdentity, user_id: UUID) -> None:
        """Raises IdentityTaken, also if it is that person's already."""
        try:
            await self._db.execute(
                """
                insert into auth.federated_identity (identity_id, user_id, provider, issuer, subject, email)
                values ($1, $2, $3, $4, $5, $6)
                """,
                uuid7(),
                user_id,
                identity.provider,
                identity.issuer,
                identity.subject,
                identity.email,
            )
        except asyncpg.UniqueViolationError as exc:
            if exc.constraint_name == "federated_identity_subject_key":
                raise IdentityTaken from exc
            raise

    async def count(self, user_id: UUID, issuers: Sequence[str] | None = None) -> int:
        """Count the person's; with `issuers`, those alone that they have given."""
        number = await self._db.fetchval(
            """
            select count(*) from auth.federated_identity
            where user_id = $1 and ($2::text[] is null or issuer = any($2))
            """,
            user_id,
            issuers,
        )
        assert isinstance(number, int)
        return number

    async def list_all(self, user_id: UUID) -> list[LinkedIdentity]:
        """Return the person's, oldest first. There are few of them."""
        rows = await self._db.fetch(
            f"select {_COLUMNS} from auth.federated_identity where user_id = $1 order by identity_id",  # noqa: S608  a constant
            user_id,
        )
        return [LinkedIdentity(**row) for row in rows]

    async def delete_all(self, user_id: UUID, since: datetime | None = None) -> int:
        """Delete the person's; with `since`, those linked from then on. Return how many that were."""
        rows = await self._db.fetch(
            """
            delete from auth.federated_identity where user_id = $1 and ($2::timestamptz is null or linked_at >= $2)
            returning 1
            """,
            user_id,
            since,
        )
        return len(rows)

    async def delete(self, user_id: UUID, identity_id: UUID) -> LinkedIdentity | None:
        """Delete one of the person's and return it; none if it isn't theirs."""
        row = await self._db.fetchrow(
            f"delete from auth.federated_identity where user_id = $1 and identity_id = $2 returning {_COLUMNS}",  # noqa: S608  a constant
            user_id,
            identity_id,
        )
        return LinkedIdentity(**row) if row is not None else None
