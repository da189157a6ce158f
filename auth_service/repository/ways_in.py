"""SQL of the ways by which somebody can sign in to an account without asking for mail."""

from uuid import UUID

from shared.db import Connection


async def has_way_in(connection: Connection, user_id: UUID) -> bool:
    """Tell whether anything is left after a removal. Needs the transaction of it, with the account held."""
    return bool(
        await connection.fetchval(
            """
            select a.password_hash is not null or exists (select from auth.passkey p where p.user_id = a.user_id)
            from auth.account a where a.user_id = $1
            """,
            user_id,
        )
    )
