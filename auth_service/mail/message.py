"""A mail as it goes over the wire (RFC 5322): text and HTML, every header encoded by the standard library."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from uuid import UUID

import idna

from auth_service.mail.settings import mail_host
from auth_service.mail.templates import Written


@dataclass(frozen=True, slots=True)
class Envelope:
    """`utf8`: a mailbox has a name that only servers with SMTPUTF8 (RFC 6531) can be told."""

    sender: str
    recipient: str
    utf8: bool
    content: bytes


def seal_envelope(sender: str, to: str, written: Written, job_id: UUID, public_url: str) -> Envelope:
    """Return the mail to send. Sending it again gives it the same Message-ID, so that a twin can be recognised.

    Raises ValueError for what can't stand in a header: nobody adds one by what they are called.
    """
    name, raw_sender = parseaddr(sender)
    from_, recipient = _ascii_host(raw_sender), _ascii_host(to)
    utf8 = not (from_.isascii() and recipient.isascii())
    message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    message["From"] = _address(from_, name)
    message["To"] = _address(recipient)
    message["Subject"] = written.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{job_id}@{_ascii_name(mail_host(public_url))}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message["X-Auto-Response-Suppress"] = "All"  # the same for Exchange
    message.set_content(written.text, cte="quoted-printable")
    message.add_alternative(written.html, subtype="html", cte="quoted-printable")
    return Envelope(from_, recipient, utf8, message.as_bytes())


def _address(mailbox: str, name: str = "") -> Address:
    user, _, host = mailbox.rpartition("@")
    return Address(name, user, host)


def _ascii_host(mailbox: str) -> str:
    user, _, host = mailbox.rpartition("@")
    return f"{user}@{_ascii_name(host)}"


def _ascii_name(host: str) -> str:
    return host if host.isascii() else idna.encode(host, uts46=True).decode()
