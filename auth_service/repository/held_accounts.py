"""SQL of an account that nobody else may change meanwhile."""

from dataclasses import dataclass
from uuid import UUID

from shared.db import Connection


@dataclass(frozen=True, slots=True)
class Held:
    """What of an account can't change while it is held."""

    email_key: str
    email_verified: bool


async def hold_account(connection: Connection, user_id: UUID) -> Held | None:
    """Keep everybody else from changing what opens the account until the transaction ends; none if it is gone."""
    row = await connection.fetchrow(
        """
        select email_key, email_verified_at is not null as email_verified from auth.account
        where user_id = $1 for no key update
        """,
        user_id,
    )
    return Held(**row) if row is not None else None


async def verify_email(connection: Connection, user_id: UUID) -> None:
    """Note that the person has shown to receive the mail of their address."""
    await connection.execute(
        "update auth.account set email_verified_at = coalesce(email_verified_at, now()) where user_id = $1", user_id
    )
