"""SQL of the ways by which somebody can sign in to an account without asking for mail: a function for each kind."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from shared.db import Connection

CountWays = Callable[[Connection, UUID], Awaitable[int]]


async def count_passwords(connection: Connection, user_id: UUID) -> int:
    return await _count(
        connection, "select count(*) from auth.account where user_id = $1 and password_hash is not null", user_id
    )


async def count_passkeys(connection: Connection, user_id: UUID) -> int:
    return await _count(connection, "select count(*) from auth.passkey where user_id = $1 and verifies", user_id)


async def _count(connection: Connection, sql: str, user_id: UUID) -> int:
    number = await connection.fetchval(sql, user_id)
    assert isinstance(number, int)
    return number
