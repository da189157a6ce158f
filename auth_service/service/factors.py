"""The second factors of an account beside passkeys: an authenticator app, recovery codes; and all of them together."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.audit import Doer
from auth_service.domain.factors import FactorKind, Overview
from auth_service.domain.standing import ONE_TIME_CODE
from auth_service.errors import FactorExists, NoSecondFactor, WrongSecondFactor
from auth_service.mail.outbox import Outbox
from auth_service.marks import Marks
from auth_service.one_time_codes import Enrolment, describe, matching_step, new_totp_secret
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.factors import FactorRepository
from auth_service.repository.totp import TotpRepository
from auth_service.service.factor_changes import (
    begin_change,
    count_as_proved,
    make_recovery_codes,
    note_added,
    note_removed,
)
from auth_service.service.freshness import require_fresh
from auth_service.service.second_factors import SecondFactors, totp_label
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
    """`issuer` is what an authenticator app lists the account under."""

    database: Database
    marks: Marks
    factors: SecondFactors
    outbox: Outbox
    issuer: str

    async def overview(self, user_id: UUID) -> Overview:
        overview = await FactorRepository(self.database).overview(user_id)
        if overview is None:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
        return overview

    async def enrol_totp(self, doer: Doer) -> Enrolment:
        """Make a secret, which counts once it is confirmed. Raises FactorExists, InsufficientUserAuthentication."""
        secret = new_totp_secret()
        sealed = self.factors.sealer.seal(secret, totp_label(doer.user_id))
        async with self.database.transaction() as connection:
            await begin_change(connection, doer)
            if not await TotpRepository(connection).enrol(doer.user_id, sealed):
                raise FactorExists("Remove the authenticator app that the account has first.")
            account = await AccountRepository(connection).find_by_id(doer.user_id, b"")
        assert account is not None  # it is held
        return describe(secret, account.email, self.issuer)

    async def confirm_totp(self, doer: Doer, code: str) -> list[str] | None:
        """Have it count, as its owner's app shows the right code; return recovery codes where there were none.

        Raises WrongSecondFactor, InsufficientUserAuthentication, NotFound where none was enrolled.
        """
        await require_fresh(self.database, doer.user_id, doer.session_id)
        sealed = await TotpRepository(self.database).find(doer.user_id, confirmed=False)
        if sealed is None:
            raise NotFound("No authenticator app waits for being confirmed.")
        step = matching_step(self.factors.open_secret(doer.user_id, sealed), code)
        if step is None:
            raise WrongSecondFactor("Look at the app's newest code, and at both clocks.")
        async with self.database.transaction() as connection:
            standing = await begin_change(connection, doer)
            if not await TotpRepository(connection).confirm(doer.user_id, sealed, step):
                raise WrongSecondFactor("Another secret was made meanwhile.")
            codes = await note_added(connection, self.outbox, doer, FactorKind.TOTP)
            await publish(connection, "auth", await count_as_proved(connection, doer, standing, (ONE_TIME_CODE,)))
        return codes

    async def remove_totp(self, doer: Doer) -> None:
        """Raises NotFound, InsufficientUserAuthentication."""
        async with self.database.transaction() as connection:
            await begin_change(connection, doer)
            if not await TotpRepository(connection).remove(doer.user_id):
                raise NotFound
            await note_removed(connection, self.outbox, doer, FactorKind.TOTP)

    async def renew_recovery_codes(self, doer: Doer) -> list[str]:
        """Make new ones; the old are void. Raises NoSecondFactor, InsufficientUserAuthentication."""
        async with self.database.transaction() as connection:
            await begin_change(connection, doer)
            if not await FactorRepository(connection).kinds(doer.user_id):
                raise NoSecondFactor
            return await make_recovery_codes(connection, doer)
