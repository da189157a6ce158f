"""TLS in the gateway itself, in a process of its own: its loop is not the tests'."""

import asyncio
import signal
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.downstream.certificates import Certificates
from shared import tls_site
from shared.serve import Apps, listening
from shared.settings import Env, ProcessSettings
from tests.authority import Authority, Pair
from tests.integration.gateway.test_program import process, variables
from tests.ports import free_port
from tests.waiting import eventually

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@dataclass
class TlsGateway:
    program: asyncio.subprocess.Process
    authority: Authority
    pair: Pair
    environ: dict[str, str]

    @property
    def port(self) -> int:
        return int(self.environ["PORT"])

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.environ['HTTP_PORT']}"

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.authority.client())
        try:
            async with asyncio.timeout(10):
                yield reader, writer
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async def serial(self) -> int:
        """Return the number of the certificate that a new connection is shown."""
        async with self.connection() as (_, writer):
            return int(writer.get_extra_info("peercert")["serialNumber"], 16)

    async def shows(self, pair: Pair) -> None:
        async def is_shown() -> bool:
            return await self.serial() == pair.serial

        await eventually(is_shown)

    async def metric(self, name: str) -> float:
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"http://127.0.0.1:{self.environ['PRIVATE_PORT']}/metrics") as answer,
        ):
            lines = (await answer.text()).splitlines()
        return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


@pytest.fixture
async def gateway(tmp_path: Path, valkey_url: str) -> AsyncIterator[TlsGateway]:
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    port = free_port()
    changes = {
        "PORT": str(port),
        "HTTP_PORT": str(free_port()),
        "PUBLIC_URL": f"https://127.0.0.1:{port}",
        "TLS_CERT_FILE": str(pair.certificate),
        "TLS_KEY_FILE": str(pair.key),
        "LOG_FILE": str(tmp_path / "log"),
    }
    environ = variables(tmp_path, valkey_url, **changes)
    async with process(environ) as program:
        running = TlsGateway(program, authority, pair, environ)

        async def is_up() -> bool:
            try:
                return await running.serial() > 0
            except OSError:
                return False

        await eventually(is_up)
        yield running


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Ask for the landing page on an open connection, and return the status."""
    writer.write(GET)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().splitlines() if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))
    return int(head.split(b" ", 2)[1])


async def test_certificate_is_replaced_under_open_connections(gateway: TlsGateway, tmp_path: Path) -> None:
    """On a signal, and unasked; one that doesn't fit is refused, and nobody's connection ends for any of it."""
    name = "gateway_tls_certificate_expiry_timestamp_seconds"
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(gateway.connection()) for _ in range(3)]
        first, second = gateway.authority.issue("127.0.0.1"), gateway.authority.issue("127.0.0.1")

        gateway.pair.replace(first)
        await gateway.shows(first)  # unasked

        gateway.authority.issue("127.0.0.1").key.replace(gateway.pair.key)
        gateway.program.send_signal(signal.SIGHUP)

        async def is_refused() -> bool:
            return "certificate_refused" in (tmp_path / "log").read_text()

        await eventually(is_refused)
        assert await gateway.serial() == first.serial

        gateway.pair.replace(second)
        gateway.program.send_signal(signal.SIGHUP)
        await gateway.shows(second)
        assert [await ask(*connection) for connection in opened] == [200, 200, 200]
    assert await gateway.metric('gateway_tls_reloads_total{outcome="accepted"}') >= 2
    assert await gateway.metric('gateway_tls_reloads_total{outcome="refused"}') >= 1
    assert await gateway.metric(name) > 1_700_000_000


async def test_slow_handshakes_hold_nobody_up(gateway: TlsGateway) -> None:
    """G16: some say nothing, some stop in the middle of their greeting."""
    hello = ssl.MemoryBIO()
    greeting = gateway.authority.client().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="127.0.0.1")
    with suppress(ssl.SSLWantReadError):
        greeting.do_handshake()
    half = hello.read()[:100]
    slow = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(200)]
    for each in slow[::2]:
        each.sendall(half)
    try:
        async with asyncio.timeout(5), gateway.connection() as connection:
            for _ in range(20):
                assert await ask(*connection) == 200
    finally:
        for each in slow:
            each.close()


async def test_plain_http_on_the_tls_port_gets_no_answer(gateway: TlsGateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET /v1/users/me HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer secret\r\n\r\n")
    try:
        answer = await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        answer = b""
    finally:
        writer.close()
    assert b"HTTP/1.1" not in answer


async def test_plain_port_leads_browsers_to_https_and_refuses_programs(gateway: TlsGateway) -> None:
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{gateway.http}/docs?a=b", headers=BROWSER, allow_redirects=False) as page:
            assert page.status == 308
            assert page.headers["Location"] == f"{gateway.environ['PUBLIC_URL']}/docs?a=b"
            assert "Strict-Transport-Security" not in page.headers
        async with client.get(f"{gateway.http}/v1/users/me", headers={"Authorization": "Bearer x"}) as refused:
            assert refused.status == 403
            assert (await refused.json())["code"] == "https_required"
            assert "Strict-Transport-Security" not in refused.headers  # RFC 6797, 7.2


async def test_it_stops_as_ever(gateway: TlsGateway) -> None:
    """R2"""
    async with gateway.connection() as connection:
        assert await ask(*connection) == 200
        gateway.program.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(gateway.program.wait(), 10) == 0


async def test_handshake_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """G16"""
    monkeypatch.setattr(tls_site, "HANDSHAKE", 0.2)
    pair = Authority(tmp_path).issue("127.0.0.1")
    ports = {"PORT": str(free_port()), "PRIVATE_PORT": str(free_port())}
    settings = ProcessSettings.from_env(Env({"TRUST_FILE": "unused", **ports}), "tiny", 1)
    apps = Apps(web.Application(), web.Application(), Certificates(pair.certificate, pair.key).context)
    async with listening(settings, apps):
        reader, writer = await asyncio.open_connection("127.0.0.1", settings.port)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
