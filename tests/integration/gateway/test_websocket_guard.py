"""Who may open a WebSocket, and who is refused."""

from pathlib import Path

import pytest

from shared.identity import HEADER, Kind, Verifier, load_trust
from tests.integration.gateway.live_service import handshake, serve, socket
from tests.integration.gateway.running_gateway import RunningGateway, status


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
