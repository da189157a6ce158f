"""A real mail server on loopback that keeps what it gets, and misbehaves when told to."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.waiting import eventually

_LINK = re.compile(r"https?://\S+\?token=\S+")
_CODE = re.compile(r"^ {4}(\d{4} \d{4})$", re.MULTILINE)


@dataclass(frozen=True)
class Mail:
    """One mail as it came, and where its envelope sent it."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    raw: bytes

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def link(self) -> str:
        found = _LINK.search(self.text)
        assert found, self.text
        return found[0]

    @property
    def token(self) -> str:
        return parse_qs(urlsplit(self.link).query)["token"][0]

    @property
    def code(self) -> str:
        found = _CODE.search(self.text)
        assert found, self.text
        return found[1]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        assert part is not None
        return str(part.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """`answer` is what it says to a mail's recipient or its data: "" takes it. `calls` counts mails begun.

    `hangs`: it says nothing at all. `dies`: it hangs up in the middle of a mail. `closed`: it takes no connection.
    """

    url: str = ""
    mails: list[Mail] = field(default_factory=list)
    calls: int = 0
    refuses_recipient: str = ""
    refuses_data: str = ""
    hangs: bool = False
    dies: bool = False
    connections: int = 0

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name, as below
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.calls += 1
        if self.dies:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        if self.refuses_recipient:
            return self.refuses_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuses_data:
            return self.refuses_data
        raw = envelope.content
        assert isinstance(raw, bytes)
        message = message_from_bytes(raw, policy=default)
        assert isinstance(message, EmailMessage)
        self.mails.append(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), message, raw))
        return "250 OK"

    def to(self, address: str, subject: str = "") -> list[Mail]:
        return [mail for mail in self.mails if mail.recipients == [address] and subject in mail.subject]

    async def mail_to(self, address: str, subject: str = "") -> Mail:
        """Wait for a mail to the address whose subject holds the words, and return the newest."""

        async def newest() -> Mail | None:
            return next(reversed(self.to(address, subject)), None)

        found = await eventually(newest)
        assert found is not None
        return found


@asynccontextmanager
async def mail_server(
    port: int = 0, listen_tls: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[MailServer]:
    """Listen; `options` are aiosmtpd's, such as `enable_SMTPUTF8` or a `tls_context` for STARTTLS."""
    handler = MailServer()
    loop = asyncio.get_running_loop()
    make = partial(SMTP, handler, loop=loop, **({"enable_SMTPUTF8": True} | options))
    silent: list[asyncio.BaseTransport] = []

    class Silent(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            silent.append(transport)

    def answer() -> asyncio.Protocol:
        handler.connections += 1
        return Silent() if handler.hangs else make()

    server = await loop.create_server(answer, "127.0.0.1", port, ssl=listen_tls)
    host, port = server.sockets[0].getsockname()
    handler.url = f"smtp+plain://{host}:{port}"
    try:
        yield handler
    finally:
        server.close()
        for transport in silent:
            transport.close()
