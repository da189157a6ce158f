"""A new password for who receives the account's mail.

It opens no session: whoever has set it signs in with it, by the one door, where a second factor is asked for.
"""

from dataclasses import dataclass

from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.one_time_tokens import Purpose
from auth_service.domain.passwords import PasswordContext, accept_new_password
from auth_service.domain.sessions import EndReason
from auth_service.errors import InvalidLink
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox
from auth_service.passwords import PasswordHasher
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.repository.sessions import Ending
from auth_service.service.api_keys import revoke_api_keys
from auth_service.service.email_verification import note_received
from auth_service.service.ending import end_sessions
from auth_service.service.one_time_mail import link_digest
from auth_service.service.taking_over import take_over
from shared.db import Connection, Database
from shared.events.publish import NewEvent, publish

_VOID = (Purpose.RESET, Purpose.SIGN_IN_CODE, Purpose.SIGN_IN_LINK, Purpose.EMAIL_CHANGE)


@dataclass(frozen=True, slots=True)
class Reset:
    """`keep_api_keys`: programs go on; otherwise whoever got in before may have made some, and all are revoked."""

    token: str
    new_password: str
    keep_api_keys: bool = False


@dataclass(frozen=True, slots=True)
class PasswordReset:
    database: Database
    hasher: PasswordHasher
    context: PasswordContext
    outbox: Outbox

    async def reset(self, reset: Reset, device: Device) -> None:
        """Set the password, end all sessions, void every other link that lets somebody in, or gives the account away.

        Raises WeakPassword, which spends nothing, InvalidLink or Unavailable.
        """
        hashed = link_digest(reset.token)
        address = await OneTimeTokenRepository(self.database).find_address(Purpose.RESET, hashed)
        if address is None:
            raise InvalidLink  # before hashing, which costs much
        password = accept_new_password(reset.new_password, "/new_password", self.context.about(address))
        password_hash = await self.hasher.hash(password)
        async with self.database.transaction() as connection:
            tokens = OneTimeTokenRepository(connection)
            spent = await tokens.spend(Purpose.RESET, hashed)
            if spent is None:
                raise InvalidLink
            await tokens.delete(spent.user_id, *_VOID)
            events: list[NewEvent] = []
            if await note_received(connection, AuditEntry(Action.EMAIL_VERIFIED, device, spent.user_id)):
                events = await take_over(connection, spent.user_id, EndReason.PASSWORD_RESET)
            await AddressRepository(connection).set_password(spent.user_id, password_hash)
            await AuditRepository(connection).record(AuditEntry(Action.PASSWORD_RESET, device, spent.user_id))
            await self.outbox.notify(connection, spent.user_id, Template.PASSWORD_CHANGED)
            ending = Ending(spent.user_id, EndReason.PASSWORD_RESET)
            events += await _shut_out(connection, ending, keep_api_keys=reset.keep_api_keys)
            await publish(connection, "auth", events)


async def _shut_out(connection: Connection, ending: Ending, *, keep_api_keys: bool) -> list[NewEvent]:
    events = await end_sessions(connection, ending)
    return events if keep_api_keys else events + await revoke_api_keys(connection, ending.user_id)
