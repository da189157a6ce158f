"""The second host, of what people have stored: it has its own routes, and nothing else that there is."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import LIVE, ROUTES, RunningGateway, route, run_gateway
from tests.integration.gateway.scripted_service import read_answer
from tests.integration.gateway.test_explain import explain
from tests.stores import StoreUrls
from tests.unit.gateway.authentication.issuing import ISSUER

CONTENT, PUBLIC = "files.example.net", "127.0.0.1:8080"
ALL = '["DELETE", "GET", "PATCH", "POST", "PUT"]'


def _reading(name: str) -> str:
    return route(name).replace(ALL, '["GET"]')


TABLE = ROUTES + "".join(
    (
        _reading("stored") + 'host = "content"\n',
        _reading("kept") + 'host = "content"\ncache = true\ncache_headers = []\n',
        _reading("mixed") + 'host = "content"\n',
        route("mixed").replace('"mixed"', '"mixed_changes"').replace(ALL, '["POST"]'),
        route("open"),
        route("mine", auth="user"),
        route("judging", auth="optional") + "pass_credentials = true\n",
        LIVE.format(name="lobby", auth="public", idle=30),
    )
)


@pytest.fixture(scope="module")
async def shared_gateway(stores: StoreUrls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningGateway]:
    folder = tmp_path_factory.mktemp("hosts")
    (folder / "own.toml").write_text(TABLE)
    more = {"ROUTES_FILE": str(folder / "own.toml"), "FILES_PUBLIC_URL": f"http://{CONTENT}"}
    more["CORS_ORIGINS"] = "https://app.example.org"
    async with run_gateway(folder, stores.valkey, **more) as running:
        await ready(running)
        yield running


@pytest.fixture
def gateway(shared_gateway: RunningGateway) -> RunningGateway:
    shared_gateway.echo.answer = None
    shared_gateway.echo.seen.clear()
    return shared_gateway


async def ask(
    gateway: RunningGateway, host: str, path: str, method: str = "GET", **headers: str
) -> aiohttp.ClientResponse:
    sent = {"Host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await gateway.client.request(method, gateway.url + path, headers=sent, allow_redirects=False)
    await answer.read()
    return answer


def told(answer: Any) -> dict[str, str]:
    return dict(json.loads(answer)["headers"])


@pytest.mark.parametrize("host", [CONTENT, f"{CONTENT}:443", f"{CONTENT.upper()}.", f"{CONTENT}:{PUBLIC[-4:]}"])
async def test_it_has_its_routes_and_services_are_told(gateway: RunningGateway, host: str) -> None:
    answer = await ask(gateway, host, "/stored/1?a=b")
    assert answer.status == 200
    assert told(await answer.read())["X-Forwarded-Host"] == CONTENT


async def test_its_routes_are_to_be_had_at_the_first_host_too(gateway: RunningGateway) -> None:
    """The service sends what belongs there on; it is told which host it was."""
    for host in (PUBLIC, "127.0.0.1", "anything.example", f"x{CONTENT}", f"{CONTENT}.evil.example"):
        answer = await ask(gateway, host, "/stored/1", X_Forwarded_Host=CONTENT)
        assert (host, told(await answer.read())["X-Forwarded-Host"]) == (host, ISSUER.partition("://")[2])


@pytest.mark.parametrize(
    "path", ["/", "/openapi.json", "/open/1", "/mine/1", "/judging", "/lobby", "/nothing", "/Stored"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
async def test_nothing_else_is_there(gateway: RunningGateway, path: str, method: str) -> None:
    """Neither pages nor the API, whatever the method and credentials."""
    session = gateway.bearer()["Authorization"]
    for host in (CONTENT, f"{CONTENT}:8080", f"{CONTENT}."):
        answer = await ask(gateway, host, path, method, Authorization=session, Cookie="session=x")
        assert (host, answer.status) == (host, 404)
    assert not gateway.echo.seen


async def test_nothing_is_changed_there(gateway: RunningGateway) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = await ask(gateway, CONTENT, "/stored/1", method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert (await ask(gateway, CONTENT, "/mixed/1")).status == 200
    assert (await ask(gateway, CONTENT, "/mixed/1", "POST")).status == 404
    assert (await ask(gateway, PUBLIC, "/mixed/1", "POST")).status == 200


async def test_preflights_tell_of_nothing_else(gateway: RunningGateway) -> None:
    asked = {"Origin": "https://app.example.org", "Access_Control_Request_Method": "POST"}
    assert (await ask(gateway, CONTENT, "/open/1", "OPTIONS", **asked)).status == 404
    assert (await ask(gateway, CONTENT, "/stored/1", "OPTIONS", **asked)).status in (200, 204)
    assert (await ask(gateway, PUBLIC, "/open/1", "OPTIONS", **asked)).status in (200, 204)


async def test_no_credential_goes_through_it(gateway: RunningGateway) -> None:
    answer = await ask(gateway, CONTENT, "/stored/1", Cookie="session=x; __Host-session=y", Authorization="Bearer x")
    assert {"cookie", "authorization"}.isdisjoint(name.lower() for name in told(await answer.read()))


async def test_requests_of_one_connection_are_told_apart(gateway: RunningGateway) -> None:
    """G5: the host is that of each request, in whatever lane; what was understood of one isn't taken for another's."""
    session = gateway.bearer()
    for _ in range(3):
        for host, status in ((PUBLIC, 200), (CONTENT, 404), (PUBLIC, 200)):
            assert (await ask(gateway, host, "/mine/1", **session)).status == status
            assert (await ask(gateway, host, "/open/1")).status == status
        assert told(await (await ask(gateway, CONTENT, "/stored/1")).read())["X-Forwarded-Host"] == CONTENT


@pytest.mark.parametrize("heads", [[b"Host: a", b"Host: files.example.net"], [b"Host: files.example.net@a"], []])
async def test_doubtful_hosts_are_refused(gateway: RunningGateway, heads: list[bytes]) -> None:
    """G5: duplicate, unknown or missing Host -> 400."""
    request = b"\r\n".join((b"GET /stored/1 HTTP/1.1", *heads, b"Connection: close", b"", b""))
    assert b" 400 " in (await gateway.raw(request)).partition(b"\r\n")[0]


async def test_answers_are_kept_apart_by_host(gateway: RunningGateway) -> None:
    """G23: the key covers every input, and the host is one."""

    async def tell(request: web.BaseRequest) -> web.StreamResponse:
        host = request.headers["X-Forwarded-Host"]
        return web.Response(text=host, headers={"Cache-Control": "max-age=60"})

    gateway.echo.answer = tell
    for _ in range(2):
        for host, expected in ((PUBLIC, ISSUER.partition("://")[2]), (CONTENT, CONTENT)):
            answer = await ask(gateway, host, "/kept/1")
            assert await answer.text() == expected
    assert len(gateway.echo.seen) == 2
    assert "hit" in answer.headers["Cache-Status"]


async def test_explain_tells_what_becomes_of_it(gateway: RunningGateway) -> None:
    report = await explain(gateway, "GET", "/open/1", f"Host: {CONTENT}")
    assert (report["outcome"], report["status"]) == ("refused", 404)
    assert f"at {CONTENT}" in str(report)
    assert (await explain(gateway, "GET", "/stored/1", f"Host: {CONTENT}"))["outcome"] == "forwarded"


@pytest.mark.parametrize("lane", ["fast_lane", "slow_lane"])
@pytest.mark.parametrize("host", ["[1]", "[::::]", "[1.2.3.4]"])
async def test_brackets_around_no_address_are_refused(gateway: RunningGateway, host: str, lane: str) -> None:
    """G5: in their turn, whichever lane the request would have taken."""
    end = "\r\n" if lane == "fast_lane" else "Cookie: a=b\r\n\r\n"
    requests = [f"GET /open/x HTTP/1.1\r\nHost: {each}\r\n{end}" for each in ("h", host, "[::1]")]
    async with gateway.connection() as (reader, writer):
        writer.write("".join(requests).encode())
        answers = [await read_answer(reader) for _ in requests]
    assert [head.split()[1] for head, _ in answers] == [b"200", b"400", b"200"]
    assert b'"code":"bad_host"' in answers[1][1]
