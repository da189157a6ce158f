"""Shows that an account's address receives its mail."""

from dataclasses import dataclass

from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.one_time_tokens import Purpose
from auth_service.errors import InvalidLink
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.service.one_time_mail import link_digest
from shared.db import Connection, Database


@dataclass(frozen=True, slots=True)
class EmailVerification:
    database: Database

    async def verify(self, token: str, device: Device) -> None:
        """Spend a link. It signs nobody in. Raises InvalidLink, Unavailable."""
        hashed = link_digest(token)
        async with self.database.transaction() as connection:
            spent = await OneTimeTokenRepository(connection).spend(Purpose.VERIFY, hashed)
            if spent is None:
                raise InvalidLink
            await note_received(connection, AuditEntry(Action.EMAIL_VERIFIED, device, spent.user_id))


async def note_received(connection: Connection, entry: AuditEntry) -> bool:
    """Note that the account of `entry` receives its mail, whatever was mailed; tell whether that is news."""
    assert entry.user_id is not None
    if not await AddressRepository(connection).verify(entry.user_id):
        return False
    await AuditRepository(connection).record(entry)
    await OneTimeTokenRepository(connection).delete(entry.user_id, Purpose.VERIFY)
    return True
