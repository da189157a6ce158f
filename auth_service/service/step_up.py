"""Proving anew, within a session, that it is still its owner who asks (RFC 9470)."""

from dataclasses import dataclass

from auth_service.domain.accounts import Account
from auth_service.domain.audit import Action, AuditEntry, Doer
from auth_service.domain.factors import Shown
from auth_service.domain.requirement import Requirement
from auth_service.domain.sessions import EXPLANATIONS, EndReason, SessionKind
from auth_service.domain.standing import FRESH_FOR, TWO_FACTORS, Standing, by_password_alone, together
from auth_service.errors import SessionRevoked, WrongPassword
from auth_service.marks import Marks
from auth_service.passkeys import Options
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.browser_sessions import BrowserSessionRepository
from auth_service.repository.standings import SessionReading, StandingRepository
from auth_service.service.ending import end_below_requirement
from auth_service.service.password_guard import PasswordGuard
from auth_service.service.second_factors import SecondFactors
from auth_service.service.tokens import FreshToken, TokenIssuer
from shared.credentials import new_session_cookie
from shared.db import Connection, Database
from shared.errors import INVALID_TOKEN, InsufficientUserAuthentication, Unauthenticated
from shared.events.publish import NewEvent, publish
from shared.opaque_tokens import digest


@dataclass(frozen=True, slots=True)
class StepUp:
    database: Database
    marks: Marks
    passwords: PasswordGuard
    factors: SecondFactors
    issuer: TokenIssuer
    requirement: Requirement

    async def by_password(self, doer: Doer, password: str) -> FreshToken | None:
        """Renew the session; return its next access token, or none for a browser's.

        Raises WrongPassword, TooManyAttempts, Unavailable, Unauthenticated, and InsufficientUserAuthentication where
        the account has a second factor: who has stolen session and password must not get any further. Raises
        SessionRevoked where two factors are required of the person: the session ends, as at a refresh.
        """
        reading, account = await self._read(doer)
        if reading.has_second_factor:
            raise InsufficientUserAuthentication(TWO_FACTORS, int(FRESH_FOR.total_seconds()))
        if not await self.passwords.prove(account.email_key, account, password, doer.device):
            raise WrongPassword
        return await self._renew(doer, account, by_password_alone(reading.standing.methods))

    async def by_factor(self, doer: Doer, shown: Shown) -> FreshToken | None:
        """As `by_password`. Raises WrongSecondFactor and PasskeyRefused too."""
        reading, account = await self._read(doer)
        methods = await self.factors.prove(account, shown, doer.device, _purpose(doer))
        return await self._renew(doer, account, together(reading.standing.methods, methods))

    async def exchange_cookie(self, doer: Doer) -> str | None:
        """Return another cookie for a browser's session, as who has proved anew should get (ASVS 5.0, 7.2.4).

        The one before is good for half a minute yet. None where the session is no browser's, or over.
        """
        cookie = new_session_cookie(doer.session_id)
        async with self.database.transaction() as connection:
            if not await BrowserSessionRepository(connection).replace_cookie(doer.session_id, digest(cookie)):
                return None
            await publish(connection, "auth", [_stepped_up(doer)])
        return cookie

    async def passkey_options(self, doer: Doer) -> Options:
        """Return what a browser needs to show a passkey. Raises PasskeyRefused where the account has none."""
        return await self.factors.assertions.ask_owner(doer.user_id, _purpose(doer))

    async def _read(self, doer: Doer) -> tuple[SessionReading, Account]:
        reading = await StandingRepository(self.database).find(doer.user_id, doer.session_id)
        fingerprint = self.marks.fingerprint(doer.device)
        account = await AccountRepository(self.database).find_by_id(doer.user_id, fingerprint)
        if reading is None or account is None:
            raise Unauthenticated("This session was ended.", headers=INVALID_TOKEN)
        return reading, account

    async def _renew(self, doer: Doer, account: Account, methods: tuple[str, ...]) -> FreshToken | None:
        standing = Standing.now(methods, account.roles)
        if self.requirement.is_unmet(standing):  # else it would go on without a refresh, for as long as it is renewed
            await end_below_requirement(self.database, doer.user_id, doer.session_id)
            reason = EndReason.SECOND_FACTOR_REQUIRED
            raise SessionRevoked(EXPLANATIONS[reason], reason.value)
        async with self.database.transaction() as connection:
            if not await AccountRepository(connection).hold(account):  # as it was proved
                raise Unauthenticated("This session was ended.", headers=INVALID_TOKEN)
            reading = await raise_standing(connection, doer, standing)
            details = {"methods": " ".join(methods)}
            entry = AuditEntry(Action.STEPPED_UP, doer.device, doer.user_id, doer.user_id, doer.session_id, details)
            await AuditRepository(connection).record(entry)
            await publish(connection, "auth", stepped_up(doer, reading))
        if reading.kind is SessionKind.BROWSER:
            return None
        return await self.issuer.renew(doer.user_id, doer.session_id, reading.seen_generation, standing)


async def raise_standing(connection: Connection, doer: Doer, standing: Standing) -> SessionReading:
    """Have the session's row say what was proved. Raises Unauthenticated where the session is over."""
    standings = StandingRepository(connection)
    reading = await standings.find(doer.user_id, doer.session_id)
    if reading is None or not await standings.renew(doer.session_id, standing):
        raise Unauthenticated("This session was ended.", headers=INVALID_TOKEN)
    return reading


def stepped_up(doer: Doer, reading: SessionReading) -> list[NewEvent]:
    """Return the events to publish as the transaction's last step: gateways must ask again whom a cookie stands for."""
    if reading.kind is not SessionKind.BROWSER:
        return []
    return [_stepped_up(doer)]


def _stepped_up(doer: Doer) -> NewEvent:
    return NewEvent("session_stepped_up", str(doer.session_id), {"user_id": str(doer.user_id)})


def _purpose(doer: Doer) -> str:
    return f"step up {doer.session_id}"
