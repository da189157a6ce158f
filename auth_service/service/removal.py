"""The end of an account, and the last mail about it."""

from dataclasses import dataclass
from uuid import UUID

from auth_service.domain.addresses import Address
from auth_service.domain.audit import AuditEntry
from auth_service.domain.sessions import EndReason
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox, new_order
from auth_service.marks import Marks
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.mail_counts import MailCountRepository
from auth_service.repository.sessions import Ending
from auth_service.service.api_keys import revoke_api_keys
from auth_service.service.ending import end_sessions
from shared.db import Connection
from shared.events.publish import NewEvent


@dataclass(frozen=True, slots=True)
class Removal:
    outbox: Outbox
    marks: Marks

    async def remove(self, connection: Connection, user_id: UUID, entry: AuditEntry) -> list[NewEvent]:
        """Delete the account, its sessions and its API keys; return the events to publish as the transaction's last
        step. `entry` tells of it, and who did it.

        The audit log forgets from where it was used. The deletion itself is told whole: a dispute would be about it.
        Needs a transaction that holds the account. Raises LastAdministrator.
        """
        await self._tell_owner(connection, user_id, "owner" if entry.actor_id == user_id else "administrator")
        events = await end_sessions(connection, Ending(user_id, EndReason.ACCOUNT_DELETED))
        events += await revoke_api_keys(connection, user_id)
        await AccountRepository(connection).delete(user_id)
        audit = AuditRepository(connection)
        await audit.forget(user_id)
        await audit.record(entry)
        return [*events, NewEvent("user_deleted", str(user_id))]

    async def _tell_owner(self, connection: Connection, user_id: UUID, by: str) -> None:
        """Write to the account's address, and to those that it was changed away from and could be changed back to.

        A thief who changes the address and deletes the account then is told of alone by these.
        """
        addresses = AddressRepository(connection)
        address = await addresses.read(user_id)
        if address is None:
            return
        told = [address.email] if await self._may_mail(connection, address) else []
        for email in told + await addresses.list_former(user_id):
            order = new_order(Template.ACCOUNT_DELETED, email, address.language, {"by": by})
            await self.outbox.tell(connection, order)

    async def _may_mail(self, connection: Connection, address: Address) -> bool:
        """An address that nobody has verified may be a stranger's: who registers it to delete that floods nobody."""
        subject = self.marks.mail_subject(address.email_key)
        return address.verified or await MailCountRepository(connection).count(subject)
