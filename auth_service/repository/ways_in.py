"""SQL of what a person can sign in with. Each kind of it is counted by a function of its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from shared.db import Connection

CountWays = Callable[[Connection, UUID], Awaitable[int]]


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


async def count_passwords(connection: Connection, user_id: UUID) -> int:
    return await _count(
        connection, "select count(*) from auth.account where user_id = $1 and password_hash is not null", user_id
    )


async def count_passkeys(connection: Connection, user_id: UUID) -> int:
    return await _count(connection, "select count(*) from auth.passkey where user_id = $1", user_id)


async def _count(connection: Connection, sql: str, user_id: UUID) -> int:
    number = await connection.fetchval(sql, user_id)
    assert isinstance(number, int)
    return number
