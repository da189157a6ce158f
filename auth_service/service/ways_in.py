"""Nobody locks themselves out: whatever is taken away, one way of signing in stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from auth_service.errors import LastWayIn
from auth_service.providers.declarations import Declaration
from auth_service.repository.identities import IdentityRepository
from auth_service.repository.ways_in import CountWays, count_passkeys, count_passwords
from shared.db import Connection


@dataclass(frozen=True, slots=True)
class WaysIn:
    """`counts` are all kinds of ways that there are, one function each."""

    counts: tuple[CountWays, ...]

    async def require_one(self, connection: Connection, user_id: UUID, advice: str) -> None:
        """Ask this after taking a way away, in the transaction that does so and that held the account before.

        So of two who take away different ones at once, the second counts after the first is done. Raises LastWayIn.
        """
        for count in self.counts:
            if await count(connection, user_id):
                return
        raise LastWayIn(advice)


def ways_in(providers: Sequence[Declaration]) -> WaysIn:
    """Return all that opens an account. An identity does while its issuer is one of `providers`."""
    issuers = [each.issuer for each in providers]

    async def count_identities(connection: Connection, user_id: UUID) -> int:
        return await IdentityRepository(connection).count(user_id, issuers)

    return WaysIn((count_passwords, count_passkeys, count_identities))
