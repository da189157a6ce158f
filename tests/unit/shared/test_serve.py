"""What a service's public port makes of requests that the gateway lets through, over real sockets."""

import asyncio
import gzip
import resource
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import pytest
from aiohttp import ClientResponse, ClientSession, web

from gateway.downstream.server import MAX_FIELD, MAX_HEADERS, MAX_LINE
from shared import serve
from shared.identity import Verifier
from shared.serve import Apps, listening, public_runner, raise_file_limit
from shared.settings import Env, ProcessSettings
from shared.web.body import check_content_type, read_body
from shared.web.middleware import surround
from tests.ports import free_port
from tests.waiting import eventually

LONGEST_PATH = "/" + "a" * (MAX_LINE - 1)


async def take(request: web.Request) -> web.Response:
    body = await read_body(request, 65_536)
    if body:
        check_content_type(request, ("application/json",))
    return web.json_response({"length": len(body)})


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = web.Application(middlewares=[surround(Verifier({}, "it"), frozenset({"/", LONGEST_PATH}))])
    app.router.add_route("*", "/{rest:.*}", take)
    runner = public_runner(Apps(app, web.Application()))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{site.port}"
    await runner.cleanup()


async def code(answer: ClientResponse) -> tuple[int, str]:
    assert answer.content_type == "application/problem+json"
    return answer.status, (await answer.json())["code"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x"])
@pytest.mark.parametrize("body", [b"no such coding", gzip.compress(bytes(10_000_000))])
async def test_coded_body_is_refused_and_never_unpacked(url: str, coding: str, body: bytes) -> None:
    """G19: not even a malformed one is looked at."""
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
    async with ClientSession() as client, client.post(url, data=body, headers=headers) as answer:
        assert await code(answer) == (415, "unsupported_media_type")


async def test_largest_head_that_the_gateway_takes_is_taken(url: str) -> None:
    added_by_the_gateway = 10
    headers = {f"X-{number}": "a" for number in range(MAX_HEADERS + added_by_the_gateway - 8)}
    async with (
        ClientSession() as client,
        client.get(url + LONGEST_PATH, headers=headers | {"X": "a" * MAX_FIELD}) as answer,
    ):
        assert answer.status == 200


async def test_request_on_a_connection_made_in_the_last_moment_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """R1: the port is closed first, and the connections that have no request yet a moment later."""
    monkeypatch.setattr(serve, "_LINGER", 1.0)  # a busy machine needs longer than others
    port = free_port()
    settings = ProcessSettings.from_env(Env({"TRUST_FILE": "none", "PORT": str(port), "PRIVATE_PORT": "0"}), "it", 1)
    app = web.Application()
    app.router.add_post("/", take)
    program = AsyncExitStack()
    await program.enter_async_context(listening(settings, Apps(app, web.Application())))
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stopping = asyncio.create_task(program.aclose())

    async def is_closed() -> bool:
        return not await is_open(port)

    await eventually(is_closed)
    writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    await stopping
    writer.close()


@pytest.mark.parametrize("admitted", [True, False])
async def test_public_port_opens_once_the_program_is_admitted(admitted: bool) -> None:  # noqa: FBT001
    """Till then the private one tells why; a program that is to stop before never opens it."""
    decision: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    ports = {"PORT": str(free_port()), "PRIVATE_PORT": str(free_port())}
    settings = ProcessSettings.from_env(Env({"TRUST_FILE": "none", **ports}), "it", 1)
    program = AsyncExitStack()
    apps = Apps(web.Application(), web.Application(), admission=lambda: decision)
    opening = asyncio.create_task(program.enter_async_context(listening(settings, apps)))

    await eventually(partial(is_open, settings.private_port))
    assert not await is_open(settings.port)
    decision.set_result(admitted)
    await opening
    assert await is_open(settings.port) is admitted
    await program.aclose()


async def is_open(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True


async def test_upload_under_way_is_taken_to_its_end_by_a_stopping_program() -> None:
    """R2: the rest of a body comes when the port and the idle connections are closed already."""
    port = free_port()
    settings = ProcessSettings.from_env(Env({"TRUST_FILE": "none", "PORT": str(port), "PRIVATE_PORT": "0"}), "it", 1)
    app = web.Application()
    app.router.add_post("/", take)
    program = AsyncExitStack()
    await program.enter_async_context(listening(settings, Apps(app, web.Application())))
    idle, idle_writer = await asyncio.open_connection("127.0.0.1", port)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    idle_writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert await idle.readline()
    writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n12")
    await writer.drain()
    stopping = asyncio.create_task(program.aclose())
    await idle.read()
    writer.write(b"34")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b'{"length": 4}')
    await stopping
    for each in (writer, idle_writer):
        each.close()


def test_soft_limit_of_open_files_is_raised_to_the_hard_one() -> None:
    """G16: sockets are files, and 1,024 of them are soon taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(512, soft)
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
    try:
        raise_file_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > low
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
