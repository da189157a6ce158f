"""Finishes a sign-in whose account has to have a second factor and has none: by adding one.

No session begins before, so there is none that could be used for anything else.
"""

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.accounts import Proof
from auth_service.domain.audit import Doer
from auth_service.domain.factors import FactorKind
from auth_service.domain.standing import ONE_TIME_CODE, together
from auth_service.errors import InvalidPendingSignIn, InvalidSignInCode
from auth_service.metrics import LOGINS
from auth_service.one_time_codes import Enrolment, describe
from auth_service.passkeys import Options
from auth_service.repository.factors import FactorRepository
from auth_service.repository.pending import PendingRepository
from auth_service.service.app_enrolment import AppEnrolment
from auth_service.service.entrance import Admission, Entrance, Visitor
from auth_service.service.factor_changes import note_added
from auth_service.service.passkey_registration import Offer, PasskeyRegistration
from auth_service.service.pending_sign_ins import PendingSignIns, Waiting
from shared.db import Connection, Db
from shared.events.publish import publish


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who was let in, by two factors, and the recovery codes that came with the new one."""

    admission: Admission
    recovery_codes: list[str] | None


@dataclass(frozen=True, slots=True)
class Addition:
    """A factor that was shown, what that proves (RFC 8176), and how it is kept once the account is held."""

    kind: FactorKind
    methods: tuple[str, ...]
    keep: Callable[[Connection], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class EnrolmentSignIn:
    """Everything here raises InvalidPendingSignIn, also where the account has a factor by now: then that is asked for.

    So the first factor alone, stolen from somebody who has a second, adds none of the thief's.
    """

    waiting: PendingSignIns
    apps: AppEnrolment
    passkeys: PasskeyRegistration
    entrance: Entrance

    async def begin_app(self, token: str, visitor: Visitor) -> Enrolment:
        """Make an authenticator app's secret, in place of one that was never confirmed."""
        user_id = (await self.waiting.find(token, visitor.device, on_page=visitor.on_page)).account.user_id
        async with self.entrance.database.transaction() as connection:
            await FactorRepository(connection).hold(user_id)
            await _require_none(connection, user_id)
            return await self.apps.begin(connection, user_id)

    async def describe_app(self, token: str, secret: str, visitor: Visitor) -> Enrolment:
        """Return again what the app is told, for the secret that was made, in base32."""
        account = (await self.waiting.find(token, visitor.device, on_page=visitor.on_page)).account
        return describe(base64.b32decode(secret), account.email, self.apps.issuer)

    async def finish_by_app(self, token: str, code: str, visitor: Visitor) -> Enrolled:
        """Add the app and begin the session that was asked for. Raises WrongSecondFactor, NotFound, Unavailable."""
        waiting = await self.waiting.guess(token, visitor.device, on_page=visitor.on_page)
        user_id = waiting.account.user_id
        matched = await self.apps.match(user_id, code)

        async def keep(connection: Connection) -> None:
            await self.apps.confirm(connection, user_id, matched)

        return await self._finish(waiting, Addition(FactorKind.TOTP, (ONE_TIME_CODE,), keep), visitor)

    async def passkey_options(self, token: str, visitor: Visitor) -> Options:
        """Return what a browser needs to make a passkey."""
        waiting = await self.waiting.find(token, visitor.device, on_page=visitor.on_page)
        await _require_none(self.entrance.database, waiting.account.user_id)
        return await self.passkeys.options(waiting.account.user_id, _purpose(waiting))

    async def finish_by_passkey(self, token: str, offer: Offer, visitor: Visitor) -> Enrolled:
        """Add the passkey and begin the session that was asked for.

        Raises PasskeyRefused, InvalidPasskeyName, Unavailable.
        """
        waiting = await self.waiting.guess(token, visitor.device, on_page=visitor.on_page)
        checked = self.passkeys.check(offer, _purpose(waiting))

        async def keep(connection: Connection) -> None:
            await self.passkeys.store(connection, waiting.account.user_id, checked)

        return await self._finish(waiting, Addition(FactorKind.PASSKEY, checked.methods, keep), visitor)

    async def _finish(self, waiting: Waiting, addition: Addition, visitor: Visitor) -> Enrolled:
        """Add the factor and begin the session in one transaction: there is never the one without the other."""
        account, pending = waiting.account, waiting.pending
        proof = Proof(account, together(pending.methods, addition.methods), code_hash=pending.code_hash)
        opening = await self.entrance.make_ready(proof, visitor.of_kind(pending.kind))
        doer = Doer(account.user_id, opening.session.session_id, visitor.device)
        async with self.entrance.database.transaction() as connection:
            await self.entrance.hold(connection, account)
            await _require_none(connection, account.user_id)
            if not await PendingRepository(connection).take(waiting.token_hash):
                raise InvalidPendingSignIn
            await addition.keep(connection)
            codes = await note_added(connection, self.entrance.outbox, doer, addition.kind, at="sign_in")
            try:
                events = await self.entrance.begin(connection, opening)
            except InvalidSignInCode as exc:  # the code that it began with was used again
                raise InvalidPendingSignIn from exc
            await publish(connection, "auth", events)
        LOGINS.labels("success").inc()
        return Enrolled(opening.admission, codes)


async def _require_none(db: Db, user_id: UUID) -> None:
    """Raises InvalidPendingSignIn where the account, which is held before something is added, has a second factor."""
    if await FactorRepository(db).kinds(user_id):
        raise InvalidPendingSignIn


def _purpose(waiting: Waiting) -> str:
    return f"enrol {waiting.token_hash.hex()}"
