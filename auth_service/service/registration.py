"""How an account comes to be: at once, or, where its address has to be verified first, behind the answer.

Where verification is required, whoever registers is answered when the wish is stored, sealed; a job makes the account,
or tells the owner of the one that there is. So answer, work and time are the same for every address.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from auth_service.domain.accounts import NewAccount
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.one_time_tokens import Purpose, Recipient
from auth_service.errors import EmailTaken
from auth_service.mail.outbox import Outbox
from auth_service.marks import Marks
from auth_service.metrics import REGISTRATIONS
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.mail_counts import MailCountRepository
from auth_service.sealing import WrongSealingKey
from auth_service.service.mail_requests import tell_registered
from auth_service.service.one_time_mail import OneTimeMail
from shared.db import Connection, Database
from shared.events.publish import NewEvent, publish
from shared.jobs.model import GiveUp, Job

REGISTRATION = "registration"
_WISH_LIFE = timedelta(days=1)


class Wished(msgspec.Struct, frozen=True):
    """An account that is to be made. The password's hash alone is kept, and that sealed."""

    user_id: UUID
    email: str
    email_key: str
    password_hash: str
    language: str
    address_prefix: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Registrar:
    """`verified_first`: nobody is let in before their address is verified."""

    database: Database
    outbox: Outbox
    mail: OneTimeMail
    marks: Marks
    verified_first: bool

    async def add(self, connection: Connection, new: NewAccount, device: Device, provider: str = "") -> list[NewEvent]:
        """Store the account, mail it a link unless its address is verified, and return the events to publish.

        `provider` is who vouches for it, where another does. Raises EmailTaken.
        """
        await AccountRepository(connection).add(new)
        details = {"provider": provider} if provider else {}
        entry = AuditEntry(Action.REGISTERED, device, new.user_id, new.user_id, details=details)
        await AuditRepository(connection).record(entry)
        if not new.email_verified and await self._may_mail(connection, new.email_key):
            recipient = Recipient(new.user_id, new.email, new.email_key, new.language)
            await self.mail.send_link(connection, Purpose.VERIFY, recipient)
        return [NewEvent("user_registered", str(new.user_id))]

    async def put_off(self, new: NewAccount, device: Device) -> None:
        """Have the account made by a job. Raises Unavailable."""
        assert new.password_hash is not None
        wished = Wished(
            *(new.user_id, new.email, new.email_key, new.password_hash, new.language),
            *(device.address_prefix, device.user_agent),
        )
        async with self.database.transaction() as connection:
            await self.outbox.add(connection, REGISTRATION, wished, datetime.now(UTC) + _WISH_LIFE)

    async def make(self, job: Job) -> None:
        """Do the job. Done twice, the second time finds the account that the first one made."""
        try:
            wished = msgspec.json.decode(self.outbox.open(job), type=Wished)
        except (WrongSealingKey, msgspec.MsgspecError):
            raise GiveUp("it was sealed with another key, or by a newer program") from None
        new = NewAccount(wished.user_id, wished.email, wished.email_key, wished.password_hash, language=wished.language)
        try:
            async with self.database.transaction() as connection:
                events = await self.add(connection, new, Device(wished.address_prefix, wished.user_agent))
                await publish(connection, "auth", events)
        except EmailTaken as taken:
            await self._tell_owner(new, reserved=taken.reserved)
        else:
            REGISTRATIONS.inc()

    async def _tell_owner(self, new: NewAccount, *, reserved: bool) -> None:
        """Write to the address. Where it is reserved, no account says in which language."""
        async with self.database.transaction() as connection:
            address = await AddressRepository(connection).find(new.email_key)
            taken = address.user_id != new.user_id if address is not None else reserved
            if taken and await self._may_mail(connection, new.email_key):
                told = address or new
                await tell_registered(connection, self.outbox, told.email, told.language)

    async def _may_mail(self, connection: Connection, email_key: str) -> bool:
        return await MailCountRepository(connection).count(self.marks.mail_subject(email_key))
