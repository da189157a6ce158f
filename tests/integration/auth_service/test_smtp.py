"""What is told to a mail server, and what isn't before it has shown that it is the right one."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from auth_service.mail.message import Envelope
from auth_service.mail.settings import parse_smtp_url
from auth_service.mail.transport import Smtp
from shared.errors import Unavailable
from shared.settings import Secret
from tests.authority import Authority
from tests.mail_server import MailServer, mail_server

MAIL = Envelope("us@example.org", "ada@example.org", utf8=False, content=b"Subject: x\r\n\r\nx\r\n")
USER, PASSWORD = "us@example.org", "p@ss/w:rd"


class Logins(list[tuple[str, str]]):
    """Lets in who knows the password, and notes who tried."""

    def __call__(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword) -> AuthResult:
        self.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self[-1] == (USER, PASSWORD), handled=False)


@pytest.fixture
def logins() -> Logins:
    return Logins()


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """One of an authority that this machine trusts, for localhost."""
    authority = Authority(tmp_path)
    (tmp_path / "ca.pem").write_text(authority.certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return context_of(authority)


def context_of(authority: Authority) -> ssl.SSLContext:
    pair = authority.issue("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


@asynccontextmanager
async def with_starttls(context: ssl.SSLContext, logins: Logins) -> AsyncIterator[MailServer]:
    options: dict[str, Any] = {
        "tls_context": context,
        "require_starttls": True,
        "authenticator": logins,
        "auth_required": True,
    }
    async with mail_server(**options) as server:
        yield server


def smtp(server: MailServer, scheme: str, password: str = "p%40ss%2Fw%3Ard") -> Smtp:
    port = server.url.rpartition(":")[2]
    return Smtp(parse_smtp_url(Secret(f"{scheme}://us%40example.org:{password}@localhost:{port}")), 5.0)


async def test_name_and_password_are_told_after_starttls(certificate: ssl.SSLContext, logins: Logins) -> None:
    async with with_starttls(certificate, logins) as server:
        await smtp(server, "smtp").send(MAIL)
    assert logins == [(USER, PASSWORD)]
    assert [mail.recipients for mail in server.mails] == [["ada@example.org"]]


async def test_wrong_password_is_no_fault_of_the_mail(certificate: ssl.SSLContext, logins: Logins) -> None:
    async with with_starttls(certificate, logins) as server:
        with pytest.raises(Unavailable, match="SMTPAuthenticationError 535"):
            await smtp(server, "smtp", "wrong").send(MAIL)


async def test_server_without_starttls_is_told_nothing(logins: Logins) -> None:
    """Whoever sits in between can't talk us out of the encryption."""
    async with mail_server(authenticator=logins, auth_require_tls=False) as server:
        with pytest.raises(Unavailable):
            await smtp(server, "smtp").send(MAIL)
    assert (logins, server.mails) == ([], [])


async def test_server_that_nobody_vouches_for_is_told_nothing(tmp_path: Path, logins: Logins) -> None:
    async with with_starttls(context_of(Authority(tmp_path)), logins) as server:
        with pytest.raises(Unavailable):
            await smtp(server, "smtp").send(MAIL)
    assert (logins, server.mails) == ([], [])


async def test_tls_from_the_first_byte_works_too(certificate: ssl.SSLContext) -> None:
    async with mail_server(listen_tls=certificate) as server:
        address = Secret(f"smtps://localhost:{server.url.rpartition(':')[2]}")
        await Smtp(parse_smtp_url(address), 5.0).send(MAIL)
    assert len(server.mails) == 1


async def test_unencrypted_server_is_used_where_that_is_asked_for(logins: Logins) -> None:
    async with mail_server(authenticator=logins, auth_require_tls=False) as server:
        await smtp(server, "smtp+plain").send(MAIL)
    assert (len(logins), len(server.mails)) == (1, 1)
