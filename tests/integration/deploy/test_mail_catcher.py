"""The catcher of `make run`: takes what a real client sends, and shows it without letting it do anything."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import aiosmtplib
import pytest
from aiohttp.test_utils import TestClient, TestServer

from deploy.local.mail_catcher.mailbox import Mailbox
from deploy.local.mail_catcher.pages import catcher_app
from deploy.local.mail_catcher.part import MailCatcher
from deploy.local.mail_catcher.smtp import receive
from tests.ports import free_port
from tests.stores import ROOT
from tests.waiting import eventually

_PROGRAM = """
import sys, pathlib
from deploy.local.mail_catcher.part import run
raise SystemExit(run(pathlib.Path(sys.argv[1]), int(sys.argv[2])))
"""


def mail(subject: str = "Grüße", html: str = "<p>Hello</p>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "us@example.org", "ada@example.org", subject
    message.set_content(
        "Go to https://example.org/a?token=b&c=d now, or https://example.org/.\n.\nA line after a dot.\n"
    )
    message.add_alternative(html, subtype="html")
    return message


@asynccontextmanager
async def catching(folder: Path) -> AsyncIterator[tuple[Path, Mailbox]]:
    mailbox, path = Mailbox(), folder / "smtp.sock"
    server = await asyncio.start_unix_server(partial(receive, mailbox), path)
    try:
        yield path, mailbox
    finally:
        server.close()


async def send(path: Path, *messages: EmailMessage) -> None:
    async with aiosmtplib.SMTP(socket_path=path, start_tls=False, timeout=5) as client:
        for message in messages:
            await client.send_message(message)


async def test_mail_is_kept_as_it_was_sent(tmp_path: Path) -> None:
    async with catching(tmp_path) as (path, mailbox):
        await send(path, mail("one"), mail("two"))
    newest, oldest = mailbox.newest()
    assert (newest.subject, oldest.subject) == ("two", "one")
    assert newest.recipients == ("ada@example.org",)
    assert (
        newest.text == "Go to https://example.org/a?token=b&c=d now, or https://example.org/.\n.\nA line after a dot.\n"
    )
    assert newest.links == ["https://example.org/a?token=b&c=d", "https://example.org/"]
    assert mailbox.newest("eve@example.org") == []


async def test_only_the_last_mails_are_kept(tmp_path: Path) -> None:
    async with catching(tmp_path) as (path, mailbox):
        await send(path, *(mail(str(number)) for number in range(210)))
    assert len(mailbox.newest()) == 200
    assert mailbox.newest()[0].subject == "209"
    assert mailbox.find(1) is None


@pytest.mark.parametrize(
    "spoken",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff\xfe\x00\r\n",
        b"MAIL\r\nRCPT\r\nDATA\r\nRCPT TO:<a@b>\r\n",
        b"x" * 200_000,
        b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nhalf a mail",
    ],
)
async def test_nonsense_leaves_nothing_behind(tmp_path: Path, spoken: bytes) -> None:
    async with catching(tmp_path) as (path, mailbox):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(spoken)
        writer.write_eof()
        assert (await reader.read()).startswith(b"220 ")
        writer.close()
        await send(path, mail())
    assert len(mailbox.newest()) == 1


async def test_page_shows_text_and_html_apart(tmp_path: Path) -> None:
    async with catching(tmp_path) as (path, mailbox):
        await send(path, mail("<script>alert(1)</script>", "<script>alert(2)</script><p>Hi</p>"))
    async with TestClient(TestServer(catcher_app(mailbox))) as page:
        listed = await page.get("/")
        assert "&lt;script&gt;alert(1)" in await listed.text()
        assert listed.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
        shown = await (await page.get("/mails/1")).text()
        assert 'href="https://example.org/a?token=b&amp;c=d"' in shown
        assert "alert(2)" not in shown
        html = await page.get("/mails/1/html")
        assert "alert(2)" in await html.text()
        policy = html.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "allow-scripts" not in policy
        assert "allow-same-origin" not in policy
        assert (await page.get("/mails/1/source")).headers["Content-Type"].startswith("text/plain")
        (told,) = await (await page.get("/mails.json", params={"to": "ada@example.org"})).json()
        assert told["links"] == ["https://example.org/a?token=b&c=d", "https://example.org/"]
        assert (await page.get("/mails/7")).status == 404
        for style in re.findall(r'rel="stylesheet" href="([^"]+)"', shown):
            assert (await page.get(style)).content_type == "text/css"


async def test_page_looks_like_those_of_the_stack(tmp_path: Path) -> None:
    """It has no colour and no typeface of its own."""
    async with TestClient(TestServer(catcher_app(Mailbox()))) as page:
        assert 'rel="stylesheet" href="/colonnade.css"' in await (await page.get("/")).text()
        assert "--ground" in await (await page.get("/colonnade.css")).text()
        own = await (await page.get("/style.css")).text()
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|font-family|font: [^;]*(serif|mono)", own)


async def test_page_is_for_this_machine_alone(tmp_path: Path) -> None:
    """A foreign page whose name was made to lead to loopback reads nothing."""
    async with TestClient(TestServer(catcher_app(Mailbox()))) as page:
        assert (await page.get("/", headers={"Host": "evil.example:8084"})).status == 403
        assert (await page.get("/", headers={"Host": "localhost:8084"})).status == 200


async def test_part_runs_and_stops(tmp_path: Path) -> None:
    port = free_port()
    catcher = MailCatcher(tmp_path / "smtp.sock", port, tmp_path / "catcher.err")
    (tmp_path / "smtp.sock").touch()  # left behind by one that was killed
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PROGRAM, str(tmp_path / "smtp.sock"), str(port)), cwd=ROOT
    )
    try:

        async def ready() -> bool:
            return await asyncio.to_thread(catcher.ready)

        await eventually(ready)
        assert (tmp_path / "smtp.sock").stat().st_mode & 0o777 == 0o600
        await send(tmp_path / "smtp.sock", mail())
    finally:
        process.terminate()
    assert await process.wait() == 0
