"""Another address for an account: confirmed by the new one, told to the old one, which can undo it for a week."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from auth_service.domain.accounts import Account
from auth_service.domain.addresses import Address
from auth_service.domain.audit import Action, AuditEntry, Doer
from auth_service.domain.devices import Device
from auth_service.domain.one_time_tokens import Purpose, Spent
from auth_service.domain.sessions import EndReason
from auth_service.emails import parse_email
from auth_service.errors import InvalidLink, WrongPassword
from auth_service.mail.orders import Template
from auth_service.marks import Marks
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.factors import FactorRepository
from auth_service.repository.identities import IdentityRepository
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.repository.pending import PendingRepository
from auth_service.repository.sessions import Ending
from auth_service.service.api_keys import revoke_api_keys
from auth_service.service.ending import end_sessions
from auth_service.service.freshness import require_fresh, require_second_factor
from auth_service.service.mail_requests import MailRequests
from auth_service.service.one_time_mail import OneTimeMail, link_digest, recipient_of
from auth_service.service.password_guard import PasswordGuard
from shared.db import Connection, Database
from shared.errors import INVALID_TOKEN, Unauthenticated
from shared.events.publish import publish

_OF_AN_ADDRESS = (
    Purpose.VERIFY,
    Purpose.RESET,
    Purpose.SIGN_IN_CODE,
    Purpose.SIGN_IN_LINK,
    Purpose.EMAIL_CHANGE,
)
_COME_ALONG = timedelta(days=1)  # so long before a change, whoever makes it may have begun to settle in


@dataclass(frozen=True, slots=True)
class EmailChange:
    database: Database
    requests: MailRequests
    mail: OneTimeMail
    guard: PasswordGuard
    marks: Marks

    async def ask(self, doer: Doer, address: str, password: str | None) -> None:
        """Mail the new address a link. Nothing changes before it is followed, and nobody is told whose it is now.

        Raises InvalidEmail, WrongPassword, TooManyAttempts, InsufficientUserAuthentication, TooManyMails, Unavailable.
        """
        email = parse_email(address)
        account = await self._prove(doer, password)
        entry = AuditEntry(Action.EMAIL_CHANGE_REQUESTED, doer.device, doer.user_id, doer.user_id)
        async with self.database.transaction() as connection:
            if not await AccountRepository(connection).hold(account):
                raise WrongPassword  # it is no longer the password that was proved
            await self.requests.ask_change(connection, account, email, doer.session_id)
            await AuditRepository(connection).record(entry)

    async def _prove(self, doer: Doer, password: str | None) -> Account:
        """Return the account as it was just before it was proved.

        Ask for the password where one is given, and for a session that was proved lately where none is.

        Where the account has a second factor, that must have been shown lately too.
        """
        account = await AccountRepository(self.database).find_by_id(doer.user_id, self.marks.fingerprint(doer.device))
        if account is None:
            raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
        if password is None:
            await require_fresh(self.database, doer.user_id, doer.session_id)
            return account
        await require_second_factor(self.database, doer.user_id, doer.session_id)
        if not await self.guard.prove(account.email_key, account, password, doer.device):
            raise WrongPassword
        return account

    async def confirm(self, token: str, device: Device) -> None:
        """Make the address the account's; sign-ins that wait are void, as a mail to the one before may have begun them.

        Raises InvalidLink, EmailTaken, which spends nothing, Unavailable.
        """
        async with self.database.transaction() as connection:
            spent, old = await _spend(connection, Purpose.EMAIL_CHANGE, token)
            addresses, tokens = AddressRepository(connection), OneTimeTokenRepository(connection)
            await addresses.change(spent.user_id, spent.email, spent.email_key)
            await addresses.require_unreserved(spent.email_key, spent.user_id)
            await tokens.delete(spent.user_id, *_OF_AN_ADDRESS)
            await PendingRepository(connection).delete_all(spent.user_id)
            if spent.email_key != old.email_key:
                await self.mail.send_link(connection, Purpose.EMAIL_UNDO, recipient_of(old), new_email=spent.email)
            await AuditRepository(connection).record(AuditEntry(Action.EMAIL_CHANGED, device, spent.user_id))

    async def undo(self, token: str, device: Device) -> None:
        """Give the account its old address back, and take it from whoever has it now: a new password is mailed for.

        What was added to sign in with since the day before the change may be theirs, and is gone: its owner is told.
        Raises InvalidLink, EmailTaken, Unavailable.
        """
        async with self.database.transaction() as connection:
            spent, current = await _spend(connection, Purpose.EMAIL_UNDO, token)
            addresses, tokens = AddressRepository(connection), OneTimeTokenRepository(connection)
            await addresses.change(spent.user_id, spent.email, spent.email_key)
            await addresses.set_password(spent.user_id, None)
            await tokens.delete(spent.user_id, *_OF_AN_ADDRESS)
            # What was changed later, from this address on, isn't to be gone back to; what was changed before may be.
            await tokens.delete(spent.user_id, Purpose.EMAIL_UNDO, since=spent.created_at)
            gone = await _shed(connection, spent.user_id, spent.created_at - _COME_ALONG)
            restored = replace(recipient_of(current), email=spent.email, email_key=spent.email_key)
            await self.mail.send_link(connection, Purpose.RESET, restored, Template.EMAIL_RESTORED, **gone)
            entry = AuditEntry(Action.EMAIL_CHANGE_UNDONE, device, spent.user_id, details=gone)
            await AuditRepository(connection).record(entry)
            events = await end_sessions(connection, Ending(spent.user_id, EndReason.EMAIL_CHANGE_UNDONE))
            events += await revoke_api_keys(connection, spent.user_id)
            await publish(connection, "auth", events)


async def _shed(connection: Connection, user_id: UUID, since: datetime) -> dict[str, str]:
    """Take away what opens the account since then, and return how much of each kind that was."""
    factors = await FactorRepository(connection).remove_all(user_id, since)
    identities = await IdentityRepository(connection).delete_all(user_id, since)
    return {"factors": str(factors), "identities": str(identities)}


async def _spend(connection: Connection, purpose: Purpose, token: str) -> tuple[Spent, Address]:
    """Return the token and the account's address until now, locked. Raises InvalidLink."""
    spent = await OneTimeTokenRepository(connection).spend(purpose, link_digest(token))
    current = await AddressRepository(connection).lock(spent.user_id) if spent is not None else None
    if spent is None or current is None:
        raise InvalidLink
    return spent, current
