"""Providers that are away or slow hold nobody up for long, and leave nothing half made."""

import pytest

from tests.integration.auth_service.providers.browser import Browser, visit
from tests.integration.auth_service.providers.conftest import Serve, declaration
from tests.integration.auth_service.providers.openid_server import OpenIdServer
from tests.ports import free_port

DISCOVERY = "/.well-known/openid-configuration"
BOUNDS = ("auth_service.providers.asking._TOTAL", "auth_service.service.federation._PATIENCE")


async def test_provider_that_does_not_listen_is_unavailable(serve: Serve) -> None:
    async with serve(declaration(f"http://127.0.0.1:{free_port()}")) as service:
        reply = await Browser(service).go("/account/sign-in/with/peer")
        assert (reply.status, reply.code) == (503, "unavailable")
        assert await service.admin.fetchval("select count(*) from auth.federated_flow") == 0


@pytest.fixture(params=BOUNDS)
def bound(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make short what bounds each request, or all of them together."""
    monkeypatch.setattr(request.param, 0.3)


async def test_discovery_that_never_comes_is_given_up(serve: Serve, peer: OpenIdServer, bound: None) -> None:
    peer.stuck = {DISCOVERY}
    async with serve(declaration(peer.issuer)) as service:
        assert (await Browser(service).go("/account/sign-in/with/peer")).status == 503


@pytest.mark.parametrize("path", ["/token", "/jwks", "/userinfo"])
async def test_provider_that_never_answers_is_given_up(
    serve: Serve, peer: OpenIdServer, bound: None, path: str
) -> None:
    async with serve(declaration(peer.issuer)) as service:
        browser = Browser(service)
        back = await visit(await browser.leave())
        peer.person, peer.stuck = {"sub": "ada"}, {path}
        assert (await browser.go(back)).status == 503
        assert await service.admin.fetchval("select count(*) from auth.account") == 0


async def test_sign_in_goes_on_by_what_was_discovered_before(peer: OpenIdServer, browser: Browser) -> None:
    await browser.sign_in()
    peer.status = {DISCOVERY: 500, "/jwks": 500}
    assert (await browser.sign_in()).status == 303
