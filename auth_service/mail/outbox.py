"""Mails on their way out: ordered in the transaction of what they tell of, sealed, sent by a job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from auth_service.domain.devices import Device
from auth_service.mail.orders import MailOrder, Template
from auth_service.repository.addresses import AddressRepository
from auth_service.sealing import Sealer
from shared.db import Connection
from shared.ids import uuid7
from shared.jobs.model import Job, NewJob
from shared.jobs.queue import enqueue

SCHEMA = "auth"
MAIL = "mail"
_NOTICE_LIFE = timedelta(days=3)  # after that, a notice comes too late to be of use
_LONGEST_VALUE = 500  # characters of what is filled in


@dataclass(frozen=True, slots=True)
class Outbox:
    """`providers` has the label of each by its id: what people know it by."""

    sealer: Sealer
    providers: Mapping[str, str] = field(default_factory=dict)

    async def notify(
        self, connection: Connection, user_id: UUID, template: Template, values: Mapping[str, str] | None = None
    ) -> None:
        """Tell an account's owner what happened, at its address as it is in this transaction."""
        address = await AddressRepository(connection).read(user_id)
        if address is None:
            return
        await self.tell(connection, new_order(template, address.email, address.language, values))

    async def tell(self, connection: Connection, order: MailOrder) -> None:
        """Order a notice, wherever it goes to."""
        await self.post(connection, order, datetime.now(UTC) + _NOTICE_LIFE)

    async def tell_new_device(self, connection: Connection, user_id: UUID, device: Device) -> None:
        """Tell an account's owner, unless they don't want it, that somebody signed in from a device not seen before."""
        address = await AddressRepository(connection).read(user_id)
        if address is not None and address.new_device_notice:
            values = {"device": device.user_agent or "?", "network": device.address_prefix or "?"}
            await self.notify(connection, user_id, Template.NEW_DEVICE, values)

    async def tell_identity(self, connection: Connection, user_id: UUID, template: Template, provider: str) -> None:
        """Tell an account's owner which provider opens it from now on, or doesn't any more."""
        await self.notify(connection, user_id, template, {"provider": self.providers.get(provider, provider)})

    async def post(self, connection: Connection, order: MailOrder, expires_at: datetime) -> None:
        """Order a mail; it is sent only if the transaction commits, and only until `expires_at`."""
        await self.add(connection, MAIL, order, expires_at)

    async def add(self, connection: Connection, kind: str, payload: msgspec.Struct, expires_at: datetime) -> None:
        """Add a job whose payload nobody can read who reads the database alone."""
        job_id = uuid7()
        sealed = self.sealer.seal(msgspec.json.encode(payload), f"job {job_id}")
        await enqueue(connection, SCHEMA, NewJob(job_id, kind, sealed, expires_at))

    def open(self, job: Job) -> bytes:
        """Return the payload that was sealed. Raises WrongSealingKey."""
        return self.sealer.open(job.payload, f"job {job.job_id}")


def new_order(template: Template, to: str, language: str, values: Mapping[str, str] | None = None) -> MailOrder:
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return MailOrder(template, to, language, at, {name: text[:_LONGEST_VALUE] for name, text in (values or {}).items()})
