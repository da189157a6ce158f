from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.providers.browser import Browser
from tests.integration.auth_service.providers.openid_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    OpenIdServer,
    running_openid_server,
)
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls

APP = "org.example.app:/signed-in"
Serve = Callable[..., AbstractAsyncContextManager[AuthService]]


def declaration(issuer: str, name: str = "peer", more: str = "") -> str:
    return f"""
[[provider]]
id = "{name}"
label = "The {name}"
issuer = "{issuer}"
client_id = "{CLIENT_ID}"
client_secret = "{CLIENT_SECRET}"
{more}
"""


@pytest.fixture
async def peer() -> AsyncIterator[OpenIdServer]:
    async with running_openid_server() as server:
        yield server


@pytest.fixture
def serve(auth_database: DatabaseUrls, gateway: Gateway, tmp_path: Path) -> Serve:
    """Return what runs the service with such a file of providers, and other settings beside."""

    def run(declarations: str, **changes: str) -> AbstractAsyncContextManager[AuthService]:
        file = tmp_path / "providers.toml"
        file.write_text(declarations)
        return running(auth_database, gateway, AUTH_PROVIDERS_FILE=str(file), AUTH_REDIRECT_URIS=APP, **changes)

    return run


@pytest.fixture
async def service(serve: Serve, peer: OpenIdServer) -> AsyncIterator[AuthService]:
    """In the place of the plain one: people can sign in with the peer."""
    async with serve(declaration(peer.issuer)) as service:
        yield service


@pytest.fixture
def browser(service: AuthService) -> Browser:
    return Browser(service)
