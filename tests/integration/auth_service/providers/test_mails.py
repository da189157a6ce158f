"""What signing in with a provider has to do with mail: addresses that wait, and what newcomers are written."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.auth_service.mailing import Mailing, mailing
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.providers.browser import Browser
from tests.integration.auth_service.providers.conftest import declaration
from tests.integration.auth_service.providers.openid_server import OpenIdServer
from tests.integration.auth_service.test_email_change import change
from tests.stores import DatabaseUrls

ADA = "ada@example.org"


@pytest.fixture
async def post(
    auth_database: DatabaseUrls, gateway: Gateway, peer: OpenIdServer, tmp_path: Path
) -> AsyncIterator[Mailing]:
    """In the place of the plain one: people can sign in with the peer too."""
    file = tmp_path / "providers.toml"
    file.write_text(declaration(peer.issuer))
    async with mailing(auth_database, gateway, AUTH_PROVIDERS_FILE=str(file)) as world:
        yield world


async def test_address_that_an_account_can_be_changed_back_to_makes_no_other(post: Mailing) -> None:
    """Its owner is told to sign in to the account, instead of to try again for a week."""
    ada = await post.service.register(ADA)
    await change(post, ada)
    reply = await Browser(post.service).sign_in()
    assert (reply.status, reply.code) == (409, "link_required")
    assert await post.service.admin.fetchval("select count(*) from auth.account") == 1
