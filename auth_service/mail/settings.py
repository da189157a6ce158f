"""Where mail goes out, and in whose name."""

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from shared.settings import Env, Secret
from shared.site import read_name

_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25, "smtp+unix": 0}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`tls`: from the first byte; `starttls`: before anything is said. `socket_path`: in place of host and port."""

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str
    password: Secret
    socket_path: str = ""


@dataclass(frozen=True, slots=True)
class MailSettings:
    """`server` is none where no mail goes out: it waits until it has expired. `templates`: a folder before ours."""

    server: SmtpServer | None
    sender: str
    timeout: float
    templates: Path | None


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """What templates are filled with to be looked at."""

    public_url: str
    site_name: str
    templates: Path | None

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(env.url("PUBLIC_URL", "http://127.0.0.1:8080"), read_name(env), _templates(env))


def read_mail_settings(env: Env, public_url: str, site_name: str) -> MailSettings:
    url, server = env.secret("SMTP_URL", Secret("")), None
    if url.reveal():
        try:
            server = parse_smtp_url(url)
        except ValueError as exc:
            env.mistake(f"SMTP_URL {exc}")
    sender = env.text("MAIL_FROM", "") or str(Address(site_name, "no-reply", mail_host(public_url)))
    if not _is_mailbox(sender):
        env.mistake("MAIL_FROM must be an address, perhaps with a name: Name <address@example.org>")
    timeout = env.number("SMTP_TIMEOUT", 10.0, minimum=0.1)
    return MailSettings(server, sender, timeout, _templates(env))


def _templates(env: Env) -> Path | None:
    folder = env.text("MAIL_TEMPLATES", "")
    if folder and not Path(folder).is_dir():
        env.mistake("MAIL_TEMPLATES must be a folder")
    return Path(folder) if folder else None


def mail_host(public_url: str) -> str:
    """Return the host that names us in mails; an IPv6 address can't stand there as it is."""
    host = urlsplit(public_url).hostname or ""
    return host if host and ":" not in host else "localhost"


def _is_mailbox(text: str) -> bool:
    try:
        name, mailbox = parseaddr(text)
        user, _, host = mailbox.rpartition("@")
        Address(name, user, host)
    except (ValueError, HeaderParseError):
        return False
    return bool(user and host) and text.isprintable()


def parse_smtp_url(url: Secret) -> SmtpServer:
    """Return the server. Raises ValueError, whose text tells nothing of the URL."""
    try:
        parts = urlsplit(url.reveal())
        port = parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme not in _PORTS or parts.query or parts.fragment:
        raise ValueError(f"must start with {', '.join(f'{scheme}://' for scheme in _PORTS)}")
    by_socket = parts.scheme == "smtp+unix"
    if by_socket == bool(parts.hostname) or (not by_socket and parts.path.strip("/")):
        raise ValueError("must be smtp://USER:PASSWORD@HOST:PORT, or smtp+unix:///PATH")
    return SmtpServer(
        host=parts.hostname or "localhost",
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        starttls=parts.scheme == "smtp",
        user=unquote(parts.username or ""),
        password=Secret(unquote(parts.password or "")),
        socket_path=unquote(parts.path) if by_socket else "",
    )
