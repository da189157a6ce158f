"""Providers are asked over TLS, and have to show who they are."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.authority import Authority
from tests.integration.auth_service.providers.browser import Browser
from tests.integration.auth_service.providers.conftest import Serve, declaration
from tests.integration.auth_service.providers.openid_server import ADA, OpenIdServer, running_openid_server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture(params=["127.0.0.1", "id.example.org"])
async def peer(request: pytest.FixtureRequest, authority: Authority) -> AsyncIterator[OpenIdServer]:
    """In the place of the plain one, with a certificate for that name."""
    pair = authority.issue(request.param)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    async with running_openid_server(context) as server:
        server.person = {**ADA, "name_in_certificate": request.param}
        yield server


@pytest.fixture(params=[True, False])
def trusted(
    request: pytest.FixtureRequest, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> bool:
    if request.param:
        file = tmp_path / "authority.pem"
        file.write_text(authority.certificate)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return bool(request.param)


async def test_certificate_has_to_be_of_a_trusted_authority_and_for_that_name(
    serve: Serve, peer: OpenIdServer, *, trusted: bool
) -> None:
    async with serve(declaration(peer.issuer)) as service:
        reply = await Browser(service).go("/account/sign-in/with/peer")
    right = trusted and peer.person["name_in_certificate"] == "127.0.0.1"
    assert reply.status == (303 if right else 503)
