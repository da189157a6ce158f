"""How a person wishes to be written to."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.addresses import Address
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.audit import AuditRepository
from shared.db import Database
from shared.errors import INVALID_TOKEN, Unauthenticated


@dataclass(frozen=True, slots=True)
class Wishes:
    """None leaves as it is."""

    language: str | None
    new_device_notice: bool | None


@dataclass(frozen=True, slots=True)
class MailSettingsKeeping:
    database: Database

    async def read(self, user_id: UUID) -> Address:
        """Raises Unauthenticated when the account is gone."""
        return _existing(await AddressRepository(self.database).read(user_id))

    async def change(self, user_id: UUID, wishes: Wishes, device: Device) -> Address:
        """Raises Unauthenticated when the account is gone."""
        async with self.database.transaction() as connection:
            changed = await AddressRepository(connection).set_wishes(
                user_id, language=wishes.language, new_device_notice=wishes.new_device_notice
            )
            details = {"new_device_notice": str(_existing(changed).new_device_notice).lower()}
            entry = AuditEntry(Action.MAIL_SETTINGS_CHANGED, device, user_id, user_id, details=details)
            await AuditRepository(connection).record(entry)
        return _existing(changed)


def _existing(address: Address | None) -> Address:
    if address is None:
        raise Unauthenticated("This account was deleted.", headers=INVALID_TOKEN)
    return address
