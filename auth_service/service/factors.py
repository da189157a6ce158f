"""The second factors of an account beside passkeys: an authenticator app, recovery codes; and all of them together."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.audit import Doer
from auth_service.domain.factors import FactorKind, Overview
from auth_service.domain.requirement import Requirement
from auth_service.domain.standing import ONE_TIME_CODE
from auth_service.errors import NoSecondFactor
from auth_service.mail.outbox import Outbox
from auth_service.one_time_codes import Enrolment
from auth_service.repository.factors import FactorRepository
from auth_service.repository.totp import TotpRepository
from auth_service.service.app_enrolment import AppEnrolment
from auth_service.service.factor_changes import (
    begin_change,
    count_as_proved,
    keep_one,
    make_recovery_codes,
    note_added,
    note_removed,
)
from auth_service.service.freshness import require_fresh
from shared.db import Connection, Database
from shared.errors import INVALID_TOKEN, NotFound, Unauthenticated
from shared.events.publish import publish


async def reset_factors(connection: Connection, user_id: UUID) -> int:
    """Take all factors and recovery codes from an account, and return how many factors that were.

    For who may do this without showing any: it is theirs to write down who did it, in the same transaction.
    """
    await FactorRepository(connection).hold(user_id)
    return await FactorRepository(connection).remove_all(user_id)


@dataclass(frozen=True, slots=True)
class FactorKeeping:
    database: Database
    apps: AppEnrolment
    outbox: Outbox
    requirement: Requirement

    async def overview(self, user_id: UUID) -> Overview:
        overview = await FactorRepository(self.database).overview(user_id)
        if overview is None:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
        return overview

    async def enrol_totp(self, doer: Doer) -> Enrolment:
        """Make a secret, which counts once it is confirmed. Raises FactorExists, InsufficientUserAuthentication."""
        async with self.database.transaction() as connection:
            await begin_change(connection, doer)
            return await self.apps.begin(connection, doer.user_id)

    async def confirm_totp(self, doer: Doer, code: str) -> list[str] | None:
        """Have it count, as its owner's app shows the right code; return recovery codes where there were none.

        Raises WrongSecondFactor, InsufficientUserAuthentication, NotFound where none was enrolled.
        """
        await require_fresh(self.database, doer.user_id, doer.session_id)
        matched = await self.apps.match(doer.user_id, code)
        async with self.database.transaction() as connection:
            standing = await begin_change(connection, doer)
            await self.apps.confirm(connection, doer.user_id, matched)
            codes = await note_added(connection, self.outbox, doer, FactorKind.TOTP)
            await publish(connection, "auth", await count_as_proved(connection, doer, standing, (ONE_TIME_CODE,)))
        return codes

    async def remove_totp(self, doer: Doer) -> None:
        """Raises NotFound, LastSecondFactor, InsufficientUserAuthentication."""
        async with self.database.transaction() as connection:
            standing = await begin_change(connection, doer)
            if not await TotpRepository(connection).remove(doer.user_id):
                raise NotFound
            await keep_one(connection, doer.user_id, asked=self.requirement.asks(standing.roles))
            await note_removed(connection, self.outbox, doer, FactorKind.TOTP)

    async def renew_recovery_codes(self, doer: Doer) -> list[str]:
        """Make new ones; the old are void. Raises NoSecondFactor, InsufficientUserAuthentication."""
        async with self.database.transaction() as connection:
            await begin_change(connection, doer)
            if not await FactorRepository(connection).kinds(doer.user_id):
                raise NoSecondFactor
            return await make_recovery_codes(connection, doer)
