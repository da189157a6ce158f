from collections.abc import AsyncIterator
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
def environment(peer: OpenIdServer, tmp_path: Path) -> dict[str, str]:
    """Return the settings with which people can sign in with the peer."""
    return configured(tmp_path, declaration(peer.issuer))


def configured(folder: Path, declarations: str) -> dict[str, str]:
    file = folder / "providers.toml"
    file.write_text(declarations)
    return {"AUTH_PROVIDERS_FILE": str(file), "AUTH_REDIRECT_URIS": APP}


@pytest.fixture
async def service(
    auth_database: DatabaseUrls, gateway: Gateway, environment: dict[str, str]
) -> AsyncIterator[AuthService]:
    """In the place of the plain one."""
    async with running(auth_database, gateway, **environment) as service:
        yield service


@pytest.fixture
def browser(service: AuthService) -> Browser:
    return Browser(service)
