"""Nobody locks themselves out: whatever is taken away, one way of signing in stays."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from auth_service.errors import LastWayIn
from auth_service.providers.declarations import Declaration
from auth_service.repository.identities import IdentityRepository
from auth_service.repository.ways_in import CountWays, count_passkeys, count_passwords, hold_account
from shared.db import Connection
from shared.errors import INVALID_TOKEN, Unauthenticated


@dataclass(frozen=True, slots=True)
class WaysIn:
    """`counts` are all kinds of ways that there are, one function each."""

    counts: tuple[CountWays, ...]

    @asynccontextmanager
    async def keeping(self, connection: Connection, user_id: UUID) -> AsyncIterator[None]:
        """Surround what takes a way away. Raises LastWayIn, so that the transaction takes it back, if none is left.

        The account is held meanwhile: of two who take away different ones at the same time, the second counts after
        the first is done.
        """
        if await hold_account(connection, user_id) is None:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
        yield
        for count in self.counts:
            if await count(connection, user_id):
                return
        raise LastWayIn


def ways_in(providers: Sequence[Declaration]) -> WaysIn:
    """Return all that opens an account. An identity does while its issuer is one of `providers`."""
    issuers = [each.issuer for each in providers]

    async def count_identities(connection: Connection, user_id: UUID) -> int:
        return await IdentityRepository(connection).count(user_id, issuers)

    return WaysIn((count_passwords, count_passkeys, count_identities))
