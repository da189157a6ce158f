"""Hands one mail to the SMTP server."""

from contextlib import suppress
from dataclasses import dataclass

import aiosmtplib

from auth_service.mail.message import Envelope
from auth_service.mail.settings import SmtpServer
from auth_service.metrics import MAIL_SERVER_UP
from shared.errors import Unavailable
from shared.jobs.model import GiveUp

_PERMANENT = range(500, 600)


class NotTaken(Exception):
    """The server didn't take the mail now; it may another time."""


@dataclass(frozen=True, slots=True)
class Smtp:
    """`timeout` is in seconds, for each step of the conversation."""

    server: SmtpServer
    timeout: float

    async def send(self, envelope: Envelope) -> None:
        """Return when the server has taken it.

        Raises Unavailable where the server isn't to be talked to by anybody, GiveUp where it never will take this
        mail, NotTaken otherwise. What it says isn't told: servers quote addresses.
        """
        client = await self._connect()
        try:
            await self._hand_over(client, envelope)
        finally:
            client.close()

    async def _connect(self) -> aiosmtplib.SMTP:
        client = self._client()
        try:
            await client.connect()
            if self.server.user:
                await client.login(self.server.user, self.server.password.reveal())
        except (OSError, ValueError, aiosmtplib.SMTPException) as exc:
            client.close()
            MAIL_SERVER_UP.set(0)
            raise Unavailable(f"The mail server can't be used: {_said(exc)}") from None
        MAIL_SERVER_UP.set(1)
        return client

    def _client(self) -> aiosmtplib.SMTP:
        server = self.server
        if server.socket_path:
            return aiosmtplib.SMTP(socket_path=server.socket_path, timeout=self.timeout, start_tls=False)
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self.timeout,
            use_tls=server.tls,
            start_tls=server.starttls,
        )

    @staticmethod
    async def _hand_over(client: aiosmtplib.SMTP, envelope: Envelope) -> None:
        options = ["SMTPUTF8", "BODY=8BITMIME"] if envelope.utf8 else []
        try:
            await client.sendmail(envelope.sender, [envelope.recipient], envelope.content, mail_options=options)
        except aiosmtplib.SMTPNotSupported:
            raise GiveUp("the mail server doesn't take addresses beyond ASCII (SMTPUTF8)") from None
        except (OSError, aiosmtplib.SMTPException) as exc:
            if _code(exc) in _PERMANENT:
                raise GiveUp(f"the mail server refused: {_said(exc)}") from None
            raise NotTaken(_said(exc)) from None
        with suppress(OSError, aiosmtplib.SMTPException):
            await client.quit()


def _code(exc: Exception) -> int:
    """Return the server's reply code, 0 where there was none."""
    if isinstance(exc, aiosmtplib.SMTPRecipientsRefused):
        return exc.recipients[0].code
    return exc.code if isinstance(exc, aiosmtplib.SMTPResponseException) else 0


def _said(exc: Exception) -> str:
    code = _code(exc)
    return f"{type(exc).__name__} {code}" if code else type(exc).__name__
