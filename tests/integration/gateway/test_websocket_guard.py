"""Who may open a WebSocket, who is refused, and who is put out."""

import asyncio
from pathlib import Path
from uuid import UUID

import aiohttp
import pytest
from prometheus_client import REGISTRY

from shared.identity import HEADER, Kind, Verifier, load_trust
from tests.integration.gateway.live_service import MEGABYTE, handshake, masked, serve, socket
from tests.integration.gateway.running_gateway import RunningGateway, raw_server, run_gateway, status
from tests.waiting import eventually


def closed_by(reason: str) -> float:
    labels = {"kind": "websocket", "ended_by": reason}
    return REGISTRY.get_sample_value("gateway_streams_closed_total", labels) or 0.0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"Upgrade": None}, 426, id="no Upgrade"),
        pytest.param({"Upgrade": "h2c"}, 426, id="G6 h2c"),
        pytest.param({"Upgrade": "websocket, h2c"}, 426, id="G6 two protocols"),
        pytest.param({"Sec_WebSocket_Version": "8"}, 426, id="old version"),
        pytest.param({"Sec_WebSocket_Version": None}, 426, id="no version"),
        pytest.param({"Connection": "keep-alive"}, 400, id="no Connection: upgrade"),
        pytest.param({"Sec_WebSocket_Key": None}, 400, id="no key"),
        pytest.param({"Sec_WebSocket_Key": "dG9vIHNob3J0"}, 400, id="short key"),
        pytest.param({"Sec_WebSocket_Key": "!" * 24}, 400, id="key that is no base64"),
        pytest.param({"sec_websocket_key": "A" * 22 + "=="}, 400, id="two keys"),
        pytest.param({"Content_Length": "4"}, 400, id="G6 body"),
        pytest.param({"Transfer_Encoding": "chunked"}, 400, id="G6 chunked body"),
        pytest.param({"Expect": "100-continue"}, 400, id="expectation"),
        pytest.param({"Sec_WebSocket_Protocol": "chat, chat"}, 400, id="one protocol twice"),
        pytest.param({"Sec_WebSocket_Protocol": "cha(t"}, 400, id="protocol that is no name"),
        pytest.param({"Sec_WebSocket_Protocol": "bearer.x"}, 400, id="credential alone"),
        pytest.param({"Origin": "https://evil.example"}, 403, id="G24 foreign origin"),
        pytest.param({"Origin": "null"}, 403, id="G24 null origin"),
        pytest.param({"Origin": "https://app.example.org.evil.example"}, 403, id="G24 suffix"),
    ],
)
async def test_bad_handshake_is_refused(gateway: RunningGateway, changes: dict[str, str | None], expected: int) -> None:
    """G6, G24: nothing reaches the service, and nothing after it is taken for a request."""
    body = {"Content_Length": b"abcd", "Transfer_Encoding": b"0\r\n\r\n"}.get(next(iter(changes)), b"")
    async with gateway.connection() as (reader, writer):
        writer.write(handshake(**changes) + body + b"GET /open HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
    assert status(answer) == expected, answer
    assert b"problem+json" in answer
    assert not [request for request in gateway.echo.seen if request.raw_path == "/lobby"]


async def test_other_methods_and_versions_open_nothing(gateway: RunningGateway) -> None:
    """G6"""
    good = handshake()
    assert status(await gateway.raw(good.replace(b"GET", b"POST"))) == 405
    assert status(await gateway.raw(good.replace(b"GET", b"HEAD"))) == 405
    assert status(await gateway.raw(good.replace(b"HTTP/1.1", b"HTTP/1.0"))) == 400
    assert not gateway.echo.seen


async def test_other_routes_know_no_websocket(gateway: RunningGateway) -> None:
    """G6: the service behind one is asked without the Upgrade and its headers, so that no credential leaks there."""
    request = handshake("/open", Sec_WebSocket_Protocol="chat, bearer.secret")
    answer = await gateway.raw(request)
    assert status(answer) == 200
    assert not [name for name in gateway.echo.seen[0].headers if name.lower().startswith(("sec-websocket", "upgrade"))]


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8080", "https://app.example.org"])
async def test_own_and_listed_origins_are_let_in(gateway: RunningGateway, origin: str) -> None:
    serve(gateway)
    async with socket(gateway, origin=origin) as client:
        await client.send_str("hello")
        assert await client.receive_str() == "hello"


async def test_token_is_taken_from_the_header_or_the_subprotocols(gateway: RunningGateway, tmp_path: Path) -> None:
    """The service sees who it is, and never the credential."""
    serve(gateway)
    token = gateway.issuer.token()
    async with socket(gateway, "live", headers=gateway.bearer()) as client:
        assert client.protocol is None
    async with socket(gateway, "live", protocols=("chat", f"bearer.{token}")) as client:
        assert client.protocol == "chat"
    verifier = Verifier(load_trust(tmp_path / "trust.json"), "user_service")
    for request in gateway.echo.seen:
        assert verifier.verify(request.headers[HEADER]).kind is Kind.USER
        assert token not in str(request.headers)
    assert gateway.echo.seen[1].headers["Sec-WebSocket-Protocol"] == "chat"


@pytest.mark.parametrize("offer", [None, "chat", "chat, bearer.rubbish", "chat, bearer.{0}, bearer.{0}x"])
async def test_without_one_good_token_nobody_is_let_in(gateway: RunningGateway, offer: str | None) -> None:
    """G9, G26"""
    protocols = None if offer is None else offer.format(gateway.issuer.token())
    answer = await gateway.raw(handshake("/live", Sec_WebSocket_Protocol=protocols))
    assert status(answer) == 401
    assert not gateway.echo.seen


async def test_two_credentials_are_refused(gateway: RunningGateway) -> None:
    """G26"""
    token = gateway.issuer.token()
    both = handshake("/live", Sec_WebSocket_Protocol=f"chat, bearer.{token}", Authorization=f"Bearer {token}")
    assert status(await gateway.raw(both)) == 401


async def test_end_of_the_session_ends_its_sockets_within_a_second(gateway: RunningGateway) -> None:
    """A5, A6: the client is told why, the service is cut off, and other sessions go on."""
    ended = serve(gateway)
    before = closed_by("revoked")
    other = str(UUID(int=7))
    async with (
        socket(gateway, "live", headers=gateway.bearer()) as client,
        socket(gateway, "live", headers=gateway.bearer(sid=other)) as stranger,
    ):
        await client.send_str("in")
        assert await client.receive_str() == "in"
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        async with asyncio.timeout(1):
            closed = await client.receive()
            await ended.get()
        assert (closed.type, closed.data, closed.extra) == (aiohttp.WSMsgType.CLOSE, 1008, "The session has ended.")
        await stranger.send_str("still in")
        assert await stranger.receive_str() == "still in"
    assert closed_by("revoked") == before + 1


async def test_expired_token_ends_no_socket_of_a_living_session(gateway: RunningGateway) -> None:
    """The session counts, not the ten minutes of the token that opened the socket."""
    serve(gateway)
    token = gateway.bearer(exp=gateway.issuer.claims()["iat"] + 1)

    async with socket(gateway, "live", headers=token) as client:

        async def has_expired() -> bool:
            async with gateway.client.get(f"{gateway.url}/mine", headers=token) as answer:
                return answer.status == 401

        await eventually(has_expired)
        await client.send_str("still in")
        assert await client.receive_str() == "still in"


async def test_client_that_reads_nothing_is_cut_off_too(gateway: RunningGateway) -> None:
    """A6: in the middle of a frame there is no place for a Close."""

    async def pour(socket: aiohttp.web.WebSocketResponse) -> None:
        while True:
            await socket.send_bytes(bytes(MEGABYTE))

    ended = serve(gateway, pour, compress=False)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake("/live", **gateway.bearer()))
        await reader.readuntil(b"\r\n\r\n")
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        async with asyncio.timeout(3):
            await ended.get()
            await eventually(gateway.has_no_client)


async def test_client_that_ignores_the_close_is_cut_off(gateway: RunningGateway) -> None:
    serve(gateway)
    async with gateway.connection() as (reader, writer):
        writer.write(handshake("/live", **gateway.bearer()))
        await reader.readuntil(b"\r\n\r\n")
        gateway.feed.revoke(UUID(gateway.issuer.session_id))
        assert (await reader.read())[:4] == b"\x88\x18\x03\xf0"
        writer.write(masked(1, b"still here?"))
        await eventually(gateway.has_no_client, within=3)


async def test_stopping_closes_all_sockets_and_opens_none(gateway: RunningGateway) -> None:
    """R2"""
    serve(gateway)
    async with socket(gateway) as client:
        gateway.lifecycle.begin_stop()
        closed = await client.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert status(await gateway.raw(handshake())) == 503


async def test_upstream_that_dies_ends_its_socket(tmp_path: Path, valkey_url: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with raw_server(talk) as url, run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway:
        assert status(await gateway.raw(handshake())) == 502
