"""The same odd bytes go straight to a service and through the gateway to it: they agree on where each message ends.

Whatever the service sees through the gateway it would have seen from the client itself, with the same body; the gateway
has answered for each of them, once and in order; and nothing that stands in a body is ever taken for a request.
"""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.serve import Apps, public_runner
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.odd_requests import LAST, SMUGGLED, Odd, odd_requests
from tests.integration.gateway.running_gateway import run_gateway
from tests.waiting import eventually

Seen = tuple[str, str, str]  # a request's method, its token, and its body's digest

_IDLE = 0.15  # seconds without a byte after which the other side waits for more than we have
_NUMBERS = count()
_NAMED = re.compile(rb"/open/([^ ?]*)[ ?]")
_TOKEN = re.compile(rb"\r\nX-Mark: ([^\r]*)\r\n")
EXAMPLES = 250


class Service:
    """Runs as services do, and notes each request that it has read whole."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.port = 0

    async def answer(self, request: web.Request) -> web.Response:
        token = request.raw_path.rpartition("/")[2].partition("?")[0]
        body = await request.read()
        self.seen.append((request.method, token, hashlib.sha256(body).hexdigest()))
        return web.Response(body=b"ok", headers={"X-Mark": token})

    def take(self) -> list[Seen]:
        seen, self.seen = self.seen, []
        return seen


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[str]:
    app = web.Application(client_max_size=1_000_000)
    app.router.add_route("*", "/{path:.*}", service.answer)
    runner = public_runner(Apps(app, web.Application()))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    service.port = site.port
    try:
        yield f"http://127.0.0.1:{site.port}"
    finally:
        await runner.cleanup()


async def send(port: int, data: bytes) -> bytes:
    """Send all and return what comes until the other side ends the connection or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = b""
    try:
        writer.write(data)
        with suppress(TimeoutError, ConnectionError):
            while piece := await asyncio.wait_for(reader.read(65_536), _IDLE):
                received += piece
    finally:
        writer.transport.abort()
    return received


def is_within(part: Sequence[Seen], whole: Sequence[Seen]) -> bool:
    """Whether `part` is a subsequence of `whole`."""
    rest: Iterator[Seen] = iter(whole)
    return all(each in rest for each in part)


class Comparison:
    def __init__(self, service: Service, gateway_port: int) -> None:
        self._service = service
        self._gateway_port = gateway_port

    async def compare(self, data: bytes) -> list[Seen]:
        """Return what the service saw through the gateway; fails where the two ways differ."""
        self._service.take()
        answers = await send(self._gateway_port, data)
        through = self._service.take()
        told = [mark.decode() for mark in _TOKEN.findall(answers)]
        tokens = [token for _, token, _ in through]
        assert told in (tokens, tokens[:-1]), (data, told, tokens)  # the last may not have been told when we went
        sent = Counter(match[1].decode() for match in _NAMED.finditer(data))
        assert Counter(tokens) <= sent, (data, tokens)
        await send(self._service.port, data)
        if through:
            await eventually(lambda: self._has_seen(through))
        return through

    async def _has_seen(self, through: list[Seen]) -> bool:
        return is_within(through, self._service.seen)


@pytest.fixture
async def comparison(tmp_path: Path, valkey_url: str) -> AsyncIterator[Comparison]:
    service = Service()
    async with running(service) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        await ready(gateway)
        yield Comparison(service, gateway.port)


def written(requests: Sequence[Odd]) -> bytes:
    return b"".join(each.data(f"t{next(_NUMBERS)}") for each in requests) + LAST


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(requests=st.lists(odd_requests(), min_size=1, max_size=3))
async def test_gateway_and_service_agree_on_where_messages_end(comparison: Comparison, requests: list[Odd]) -> None:
    """G1, G2, G3, G4, G12: for any mixture of lengths, codings, foldings, breaks and versions."""
    await comparison.compare(written(requests))


_POST = b"POST /open/first HTTP/1.1\r\nHost: h\r\n"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(_POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED, ["first", "last"], id="body"),
        pytest.param(
            _POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(SMUGGLED), SMUGGLED),
            ["first"],
            id="chunked body, after which nothing follows",
        ),
        pytest.param(
            b"GET /open/first HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nearly",
            ["first", "last"],
            id="GET with a body",
        ),
        pytest.param(_POST + b"Content-Length: 0\r\n\r\n", ["first", "last"], id="empty body"),
        pytest.param(_POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", [], id="both"),
        pytest.param(
            _POST.replace(b"1.1", b"1.0") + b"Connection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
            ["first", "last"],
            id="HTTP/1.0 kept alive",
        ),
        pytest.param(
            _POST.replace(b"1.1", b"1.0") + b"Content-Length: 1\r\n\r\nx",
            [],
            id="HTTP/1.0, after which nothing may come",
        ),
    ],
)
async def test_each_message_is_one(comparison: Comparison, data: bytes, expected: list[str]) -> None:
    """G1: the comparison sees what it should see."""
    assert [token for _, token, _ in await comparison.compare(data + LAST)] == expected
