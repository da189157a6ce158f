"""WebSockets and event streams that were opened by a browser's cookie or an API key."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from shared.identity import HEADER, Verifier, load_trust
from tests.integration.gateway.live_service import handshake, serve, socket
from tests.integration.gateway.running_gateway import RunningGateway, status
from tests.unit.gateway.authentication.issuing import ISSUER


def headers_for(gateway: RunningGateway, kind: str) -> tuple[str, dict[str, str]]:
    """Return a new credential and the headers that present it from a page of ours."""
    if kind == "key":
        key = gateway.feed.issue_key("full")
        return key, {"Authorization": f"Bearer {key}"}
    cookie = gateway.feed.issue_cookie()
    return cookie, {"Cookie": f"session={cookie}", "Origin": ISSUER}


@pytest.mark.parametrize("kind", ["key", "cookie"])
async def test_end_of_the_credential_ends_its_sockets_within_a_second(
    gateway: RunningGateway, tmp_path: Path, kind: str
) -> None:
    """A5, A6"""
    ended = serve(gateway)
    credential, headers = headers_for(gateway, kind)
    async with (
        socket(gateway, "live", headers=headers) as client,
        socket(gateway, "live", headers=headers_for(gateway, kind)[1]) as stranger,
    ):
        await client.send_str("in")
        assert await client.receive_str() == "in"
        gateway.feed.withdraw(credential)
        async with asyncio.timeout(1):
            closed = await client.receive()
            await ended.get()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        await stranger.send_str("still in")
        assert await stranger.receive_str() == "still in"
    told = Verifier(load_trust(tmp_path / "trust.json"), "user_service").verify(gateway.echo.seen[0].headers[HEADER])
    assert bool(told.api_key_id) == (kind == "key")
    assert "session" not in gateway.echo.seen[0].headers.get("Cookie", "")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ({"Origin": ISSUER}, 101),
        ({"Sec_Fetch_Site": "same-origin"}, 101),
        ({}, 403),
        ({"Origin": "https://app.example.org"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ISSUER, "Sec_Fetch_Site": "cross-site"}, 403),
    ],
)
async def test_socket_with_a_cookie_is_for_our_own_pages_alone(
    gateway: RunningGateway, page: dict[str, str], expected: int
) -> None:
    """A26, G24: a listed origin may open one with a token, and none with what the browser adds."""
    serve(gateway)
    request = handshake("/live", Cookie=f"session={gateway.feed.issue_cookie()}", **page)
    async with gateway.connection() as (reader, writer):
        writer.write(request)
        assert status(await reader.readuntil(b"\r\n\r\n")) == expected


async def test_expired_key_ends_its_sockets(gateway: RunningGateway) -> None:
    serve(gateway)
    soon = (datetime.now(UTC) + timedelta(seconds=0.5)).isoformat()
    key = gateway.feed.issue_key("full", expires_at=soon)
    async with socket(gateway, "live", headers={"Authorization": f"Bearer {key}"}) as client:
        closed = await client.receive()
        assert (closed.type, closed.data, closed.extra) == (
            aiohttp.WSMsgType.CLOSE,
            1008,
            "The API key has expired.",
        )


async def test_socket_whose_token_a_stolen_key_signed_ends_with_that_key(gateway: RunningGateway) -> None:
    """A25: whoever has the key may have made up the session too, so that nobody could revoke it."""
    serve(gateway)
    async with socket(gateway, "live", headers=gateway.bearer()) as client:
        await client.send_str("in")
        assert await client.receive_str() == "in"
        gateway.feed.revoke(gateway.issuer.jwk["kid"], event_type="signing_key_withdrawn")
        async with asyncio.timeout(1):
            closed = await client.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1008)
