"""The job that sends one mail."""

from dataclasses import dataclass

import msgspec

from auth_service.mail.message import seal_envelope
from auth_service.mail.orders import MailOrder
from auth_service.mail.outbox import Outbox
from auth_service.mail.templates import MailTemplates
from auth_service.mail.transport import Smtp
from auth_service.metrics import MAILS_SENT
from auth_service.sealing import WrongSealingKey
from shared.jobs.model import GiveUp, Job


@dataclass(frozen=True, slots=True)
class Delivery:
    outbox: Outbox
    templates: MailTemplates
    smtp: Smtp
    sender: str
    public_url: str

    async def send(self, job: Job) -> None:
        """Raises what `Smtp.send` does; a mail that was taken may be sent again if we die before that is noted."""
        try:
            order = msgspec.json.decode(self.outbox.open(job), type=MailOrder)
        except (WrongSealingKey, msgspec.MsgspecError):
            raise GiveUp("it was sealed with another key, or by a newer program") from None
        written = self.templates.write(order)
        try:
            envelope = seal_envelope(self.sender, order.to, written, job.job_id, self.public_url)
        except (ValueError, UnicodeError) as exc:
            raise GiveUp(f"no mail can be made of it: {type(exc).__name__}") from None
        await self.smtp.send(envelope)
        MAILS_SENT.labels(order.template.value).inc()
