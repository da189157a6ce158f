"""The doctor at a real gateway's front door, with a real proxy before it that does what proxies do wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from deploy.doctor import stack as patience
from deploy.doctor.checks import front_door, programs
from deploy.doctor.checks.uploads import uploads
from deploy.doctor.finding import Finding, Level
from deploy.doctor.stack import Metrics, Program, Stack
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import TABLE, RunningGateway, run_gateway
from tests.ports import free_port


@asynccontextmanager
async def proxy(port: int, target: int, *, strip: str = "", cors: bool = True) -> AsyncIterator[None]:
    """Pass requests on with X-Forwarded-For, less the prefix `strip`, and without CORS headers unless told."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name != "X-Forwarded-For"}
        headers["X-Forwarded-For"] = request.remote or ""
        url = f"http://127.0.0.1:{target}{request.raw_path.removeprefix(strip)}"
        async with client.request(request.method, url, headers=headers, allow_redirects=False) as answer:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() in ("etag", "content-type") or (cors and name.startswith("Access-Control"))
            }
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    async with aiohttp.ClientSession() as client:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield
        finally:
            await runner.cleanup()


@pytest.fixture
async def gateway(tmp_path: Path, valkey_url: str) -> AsyncIterator[RunningGateway]:
    async with run_gateway(tmp_path, valkey_url, CORS_ORIGINS="https://app.example.org") as running:
        await ready(running)
        yield running


def stack(url: str, gateway: RunningGateway, **environ: str) -> Stack:
    return Stack(url, {"gateway": f"http://127.0.0.1:{gateway.private_port}"}, {"gateway": environ})


async def visited(gateway: RunningGateway) -> Program:
    """Return what the gateway has measured so far."""
    async with gateway.client.get(f"http://127.0.0.1:{gateway.private_port}/metrics") as answer:
        return Program("gateway", "", metrics=Metrics(await answer.text()))


def levels(findings: list[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


@pytest.mark.parametrize(("trusted", "expected"), [("", Level.FAIL), ("127.0.0.0/8", Level.OK)])
async def test_proxy_that_is_not_trusted_is_found(
    tmp_path: Path, valkey_url: str, trusted: str, expected: Level
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with run_gateway(tmp_path, valkey_url, PUBLIC_URL=url, TRUSTED_PROXIES=trusted) as gateway:
        await ready(gateway)
        async with proxy(port, gateway.port), aiohttp.ClientSession() as session:
            assert levels(await front_door.public_url(session, stack(url, gateway))) == [Level.OK]
            [found] = await front_door.proxies(session, stack(url, gateway))
    assert found.level is expected
    assert expected is Level.OK or "TRUSTED_PROXIES" in found.advice


async def test_direct_way_is_fine(gateway: RunningGateway) -> None:
    async with aiohttp.ClientSession() as session:
        assert levels(await front_door.proxies(session, stack(gateway.url, gateway))) == [Level.OK]


async def test_public_url_of_another_place_is_found(gateway: RunningGateway) -> None:
    """The gateway was told another URL than the one that the doctor comes by, so its landing page says another."""
    async with aiohttp.ClientSession() as session:
        assert levels(await front_door.public_url(session, stack(gateway.url, gateway))) == [Level.FAIL]
        nobody = stack(f"http://127.0.0.1:{free_port()}", gateway)
        [found] = await front_door.public_url(session, nobody)
    assert found.level is Level.FAIL
    assert "can't be reached" in found.what


@pytest.mark.parametrize(("strip", "expected"), [("/api", Level.WARN), ("", Level.OK)])
async def test_prefix_that_is_taken_off_twice_is_found(
    tmp_path: Path, valkey_url: str, strip: str, expected: Level
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    async with run_gateway(tmp_path, valkey_url, PUBLIC_URL=url) as gateway:
        await ready(gateway)
        async with proxy(port, gateway.port, strip=strip), aiohttp.ClientSession() as session:
            assert levels(await front_door.public_url(session, stack(url, gateway))) == [Level.OK]
            assert levels(await front_door.prefix(session, stack(url, gateway))) == [expected]


@pytest.mark.parametrize(("cors", "expected"), [(True, Level.OK), (False, Level.FAIL)])
async def test_proxy_that_eats_cors_is_found(gateway: RunningGateway, cors: bool, expected: Level) -> None:  # noqa: FBT001  a case
    port = free_port()
    patient = stack(f"http://127.0.0.1:{port}", gateway, CORS_ORIGINS="https://app.example.org")
    async with proxy(port, gateway.port, cors=cors), aiohttp.ClientSession() as session:
        assert levels(await front_door.origins(session, patient)) == [expected]


async def test_crowd_behind_one_address_is_seen_in_the_metrics(gateway: RunningGateway) -> None:
    """G10: what a proxy that isn't trusted makes of its clients."""
    people = [gateway.bearer(sub=f"00000000-0000-7000-8000-{number:012}") for number in range(25)]
    for headers in people * 10:
        async with gateway.client.get(f"{gateway.url}/mine", headers=headers) as answer:
            assert answer.status == 200
    [found] = front_door.client_addresses(await visited(gateway))
    assert found.level is Level.WARN
    assert "100% of the last 250 requests are from one address of 1, by 25 users" in found.what


_UPLOADS = """
[[route]]
name = "{name}"
exact = "{path}"
methods = ["{method}"]
upstream = "file_service"
auth = "{auth}"
limit = "wide"
timeout = 10
max_body = {bound}
"""


@pytest.mark.parametrize(
    ("bound", "auth", "expected"), [(2000, "user", Level.OK), (1000, "user", Level.OK), (999, "public", Level.WARN)]
)
async def test_route_that_takes_less_than_a_file_may_have_is_found(
    tmp_path: Path, valkey_url: str, bound: int, auth: str, expected: Level
) -> None:
    asked = _UPLOADS.format(name="protocol", path="/v1/files/uploads", method="OPTIONS", auth="public", bound=0)
    sent = _UPLOADS.format(name="own_upload", path="/v1/files", method="POST", auth=auth, bound=bound)
    (tmp_path / "own.toml").write_text(TABLE + asked + sent)
    async with run_gateway(tmp_path, valkey_url, ROUTES_FILE=str(tmp_path / "own.toml")) as gateway:
        await ready(gateway)
        gateway.echo.answer = _tells_the_largest
        async with aiohttp.ClientSession() as session:
            [found] = await uploads(session, stack(gateway.url, gateway))
    assert found.level is expected
    assert expected is Level.OK or "own_upload (999)" in found.what


async def _tells_the_largest(_request: web.BaseRequest) -> web.Response:
    return web.Response(headers={"Tus-Max-Size": "1000"})


async def test_program_that_takes_connections_and_does_not_answer_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    over = asyncio.Event()

    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession() as session:
        hung = await patience.look_at(session, "file_service", f"http://127.0.0.1:{port}")
        gone = await patience.look_at(session, "file_service", f"http://127.0.0.1:{free_port()}")
        over.set()
    assert (hung.hangs, hung.error) == (True, "no answer within 0.2 s")
    assert not gone.hangs
    assert "onnect" in gone.error


async def test_upstream_that_is_away_is_seen_in_the_metrics(tmp_path: Path, valkey_url: str) -> None:
    place = f"127.0.0.1:{free_port()}"
    async with run_gateway(tmp_path, valkey_url, USER_URL=f"http://{place}") as gateway:
        await ready(gateway)
        assert levels(programs.upstreams(await visited(gateway))) == [Level.OK]
        for _ in range(6):
            async with gateway.client.get(f"{gateway.url}/open") as answer:
                assert answer.status == 503
        [found] = programs.upstreams(await visited(gateway))
    assert found.level is Level.FAIL
    assert found.subject == "upstream user_service"
    assert place in found.what
