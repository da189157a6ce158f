"""What a person does to the whole account, each time proving the password anew."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.accounts import Account
from auth_service.domain.audit import Action, AuditEntry, Doer
from auth_service.domain.devices import Device
from auth_service.domain.one_time_tokens import Purpose
from auth_service.domain.passwords import PasswordContext, accept_new_password
from auth_service.domain.sessions import EndReason
from auth_service.errors import WrongPassword
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox
from auth_service.marks import Marks
from auth_service.passwords import PasswordHasher
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.repository.sessions import Ending
from auth_service.service.api_keys import revoke_api_keys
from auth_service.service.ending import end_sessions
from auth_service.service.freshness import require_fresh, require_second_factor
from auth_service.service.password_guard import PasswordGuard
from auth_service.service.removal import Removal
from shared.db import Connection, Database
from shared.errors import INVALID_TOKEN, Unauthenticated, Violation
from shared.events.publish import publish


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """`session_id` is the session that asks, and that goes on. `keep_api_keys`: the keys go on too.

    `current` is none where the account has no password yet.
    """

    session_id: UUID
    current: str | None
    new: str
    keep_api_keys: bool = False


async def _require_still(connection: Connection, account: Account, session_id: UUID) -> None:
    """Ask again once the account is held: proving takes a while, in which the session's owner may have ended it.

    Raises Unauthenticated or InsufficientUserAuthentication.
    """
    require = require_fresh if account.password_hash is None else require_second_factor
    await require(connection, account.user_id, session_id)


@dataclass(frozen=True, slots=True)
class AccountKeeping:
    database: Database
    hasher: PasswordHasher
    guard: PasswordGuard
    marks: Marks
    context: PasswordContext
    outbox: Outbox
    removal: Removal

    async def change_password(self, user_id: UUID, change: PasswordChange, device: Device) -> None:
        """Change it, end all other sessions, and delete the API keys: whoever knew the old one may have made some.

        They may have asked for another address too, and that is void.

        Raises WeakPassword, WrongPassword, TooManyAttempts, Unavailable, and InsufficientUserAuthentication where the
        account has a second factor that wasn't shown lately, or no password and the session wasn't proved lately.
        """
        account = await self._account(user_id, device)
        new = accept_new_password(change.new, "/new_password", self.context.about(account.email))
        await require_second_factor(self.database, user_id, change.session_id)
        await self._prove(account, Doer(user_id, change.session_id, device), change.current, "/current_password")
        password_hash = await self.hasher.hash(new)
        async with self.database.transaction() as connection:
            if not await AccountRepository(connection).change_password(account, password_hash):
                raise WrongPassword  # it is no longer the password that was proved
            await _require_still(connection, account, change.session_id)
            await OneTimeTokenRepository(connection).delete(user_id, Purpose.EMAIL_CHANGE)
            entry = AuditEntry(Action.PASSWORD_CHANGED, device, user_id, user_id, change.session_id)
            await AuditRepository(connection).record(entry)
            await self.outbox.notify(connection, user_id, Template.PASSWORD_CHANGED)
            ending = Ending(user_id, EndReason.PASSWORD_CHANGED, spare=change.session_id)
            events = await end_sessions(connection, ending)
            if not change.keep_api_keys:
                events += await revoke_api_keys(connection, user_id)
            await publish(connection, "auth", events)

    async def delete(self, doer: Doer, password: str | None) -> None:
        """Delete the account, its sessions and its API keys, and tell its owner by mail.

        Raises WrongPassword, TooManyAttempts, LastAdministrator, Unavailable, or InsufficientUserAuthentication, as a
        change of the password does.
        """
        user_id, device = doer.user_id, doer.device
        await require_second_factor(self.database, user_id, doer.session_id)
        account = await self._account(user_id, device)
        await self._prove(account, doer, password, "/password")
        async with self.database.transaction() as connection:
            if not await AccountRepository(connection).lock(account):
                raise WrongPassword
            await _require_still(connection, account, doer.session_id)
            entry = AuditEntry(Action.ACCOUNT_DELETED, device, user_id, user_id)
            await publish(connection, "auth", await self.removal.remove(connection, user_id, entry))

    async def _account(self, user_id: UUID, device: Device) -> Account:
        """Raises Unauthenticated when it is gone."""
        account = await AccountRepository(self.database).find_by_id(user_id, self.marks.fingerprint(device))
        if account is None:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
        return account

    async def _prove(self, account: Account, doer: Doer, password: str | None, place: str) -> None:
        """The password proves it, which belongs at `place`; where there is none, that the session was proved just now.

        Raises WrongPassword, TooManyAttempts, InsufficientUserAuthentication, Unavailable.
        """
        if account.password_hash is None:
            await require_fresh(self.database, doer.user_id, doer.session_id)
        elif password is None:
            raise WrongPassword(errors=[Violation(place, "is needed")])  # nothing was guessed
        elif not await self.guard.prove(account.email_key, account, password, doer.device):
            raise WrongPassword
