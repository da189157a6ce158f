"""How an authenticator app comes to count: its secret is told, and a code of it shown."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.errors import FactorExists, WrongSecondFactor
from auth_service.one_time_codes import Enrolment, describe, matching_step, new_totp_secret
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.totp import TotpRepository
from auth_service.service.second_factors import SecondFactors, totp_label
from shared.db import Connection, Database
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Matched:
    """The secret, as it is sealed, and the step whose code was shown."""

    sealed: bytes
    step: int


@dataclass(frozen=True, slots=True)
class AppEnrolment:
    """`issuer` is what an authenticator app lists the account under. Who may do this is for the caller to know."""

    database: Database
    factors: SecondFactors
    issuer: str

    async def begin(self, connection: Connection, user_id: UUID) -> Enrolment:
        """Make a secret, which counts once it is confirmed. Needs the account held. Raises FactorExists."""
        secret = new_totp_secret()
        sealed = self.factors.sealer.seal(secret, totp_label(user_id))
        if not await TotpRepository(connection).enrol(user_id, sealed):
            raise FactorExists("Remove the authenticator app that the account has first.")
        account = await AccountRepository(connection).find_by_id(user_id, b"")
        assert account is not None  # it is held
        return describe(secret, account.email, self.issuer)

    async def match(self, user_id: UUID, code: str) -> Matched:
        """Look at a code of the app. Raises WrongSecondFactor, or NotFound where none was enrolled."""
        sealed = await TotpRepository(self.database).find(user_id, confirmed=False)
        if sealed is None:
            raise NotFound("No authenticator app waits for being confirmed.")
        step = matching_step(self.factors.open_secret(user_id, sealed), code)
        if step is None:
            raise WrongSecondFactor("Look at the app's newest code, and at both clocks.")
        return Matched(sealed, step)

    async def confirm(self, connection: Connection, user_id: UUID, matched: Matched) -> None:
        """Have it count. Needs the account held. Raises WrongSecondFactor."""
        if not await TotpRepository(connection).confirm(user_id, matched.sealed, matched.step):
            raise WrongSecondFactor("Another secret was made meanwhile.")
