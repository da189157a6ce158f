"""Providers that fail, or say what can't be right."""

import asyncio

import pytest

from tests.integration.auth_service.providers.browser import (
    Browser,
    assert_nothing_was_made,
)
from tests.integration.auth_service.providers.openid_server import (
    Json,
    OpenIdServer,
)
from tests.integration.auth_service.world import AuthService

DISCOVERY = "/.well-known/openid-configuration"
EVIL = "https://evil.example"


@pytest.mark.parametrize(("path", "body"), [
    pytest.param(DISCOVERY, b"{", id="no JSON"),
    pytest.param(DISCOVERY, b'{"issuer": "a", "issuer": "b"}', id="a member twice"),
    pytest.param(DISCOVERY, b"[]", id="no object"),
    pytest.param(DISCOVERY, b"[" * 100_000, id="deep"),
    pytest.param(DISCOVERY, b" " * 300_000, id="huge"),
    pytest.param("/jwks", b'{"keys": 7}', id="keys that are none"),
    pytest.param("/jwks", b" " * 300_000, id="huge key set"),
    pytest.param("/token", b" " * 300_000, id="huge tokens"),
])  # fmt: skip
async def test_provider_that_talks_nonsense_is_unavailable(
    service: AuthService, peer: OpenIdServer, browser: Browser, path: str, body: bytes
) -> None:
    peer.body = {path: body}
    if path == DISCOVERY:
        reply = await browser.go("/account/sign-in/with/peer")
    else:
        reply = await browser.sign_in()
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "unavailable", "5")
    await assert_nothing_was_made(service)


@pytest.mark.parametrize("status", [302, 404, 429, 500, 503])
@pytest.mark.parametrize("path", [DISCOVERY, "/jwks", "/token"])
async def test_provider_that_fails_is_unavailable(peer: OpenIdServer, browser: Browser, path: str, status: int) -> None:
    peer.status = {path: status}
    if path == DISCOVERY:
        assert (await browser.go("/account/sign-in/with/peer")).status == 503
    else:
        assert (await browser.sign_in()).status == 503


async def test_redirect_of_a_provider_is_not_followed(peer: OpenIdServer, browser: Browser) -> None:
    peer.redirects = {"/token": "/userinfo"}
    assert (await browser.sign_in()).status == 503
    assert "/userinfo" not in peer.asked


async def test_client_that_the_provider_does_not_know_is_our_fault(peer: OpenIdServer, browser: Browser) -> None:
    peer.status, peer.body = {"/token": 401}, {"/token": b'{"error": "invalid_client"}'}
    assert (await browser.sign_in()).status == 503


@pytest.mark.parametrize("metadata", [
    pytest.param({"issuer": EVIL}, id="of another issuer"),
    pytest.param({"issuer": None}, id="of none"),
    pytest.param({"token_endpoint": "https://evil.example/token"}, id="leads to another scheme"),
    pytest.param({"jwks_uri": "http://192.0.2.1/jwks"}, id="leads elsewhere without TLS"),
    pytest.param({"authorization_endpoint": "javascript:alert(1)"}, id="leads into a script"),
    pytest.param({"authorization_endpoint": "http://127.0.0.1/a\r\nSet-Cookie: b"}, id="leads into a header"),
    pytest.param({"token_endpoint": None}, id="leads nowhere"),
    pytest.param({"id_token_signing_alg_values_supported": ["HS256", "none"]}, id="signs nothing properly"),
])  # fmt: skip
async def test_discovery_that_is_not_right_is_not_used(peer: OpenIdServer, browser: Browser, metadata: Json) -> None:
    """A15: an issuer can't speak for another (OpenID Connect Discovery, 4.3)."""
    peer.metadata = metadata
    reply = await browser.go("/account/sign-in/with/peer")
    assert (reply.status, reply.code) == (503, "unavailable")


async def test_provider_that_is_away_is_left_alone_for_a_moment(peer: OpenIdServer, browser: Browser) -> None:
    peer.status = {DISCOVERY: 500}
    replies = await asyncio.gather(*(browser.go("/account/sign-in/with/peer") for _ in range(20)))
    assert {reply.status for reply in replies} == {503}
    assert peer.asked.count(DISCOVERY) == 1
