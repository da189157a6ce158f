"""What an owner is told of identities that open their account from now on, or don't any more."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.auth_service.mailing import Mailing
from tests.integration.auth_service.providers.browser import Browser
from tests.integration.auth_service.providers.conftest import Serve, declaration
from tests.integration.auth_service.providers.openid_server import OpenIdServer
from tests.integration.auth_service.providers.test_linking import IDENTITIES, link, linked, verify
from tests.mail_server import mail_server

LINKED, UNLINKED = "An account elsewhere was linked", "An account elsewhere was unlinked"
ADA = "ada@example.org"  # as the peer knows her too


@pytest.fixture
async def post(serve: Serve, peer: OpenIdServer) -> AsyncIterator[Mailing]:
    async with mail_server() as server, serve(declaration(peer.issuer), SMTP_URL=server.url) as service:
        yield Mailing(service, server)


async def test_linked_and_unlinked_identities_are_told(post: Mailing) -> None:
    ada = await post.service.register("ada@elsewhere.example")
    await verify(post.service, ada)
    assert (await link(Browser(post.service), ada)).status == 303
    assert "an account at The peer opens" in (await post.server.mail_to(ada.email, LINKED)).text
    (identity,) = await linked(post.service, ada)
    assert (await post.service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)).status == 204
    assert "at The peer doesn't open" in (await post.server.mail_to(ada.email, UNLINKED)).text


async def test_identity_that_is_linked_by_its_address_is_told_once(post: Mailing) -> None:
    """Whoever holds the address at the provider gets in: the owner learns of it even so."""
    await verify(post.service, await post.service.register(ADA))
    for _ in range(2):
        assert (await Browser(post.service).sign_in()).status == 303
    assert await post.server.mail_to(ADA, LINKED)
    await post.settled()
    assert len(post.server.to(ADA, LINKED)) == 1


async def test_account_that_an_identity_made_has_nothing_to_be_told(post: Mailing) -> None:
    assert (await Browser(post.service).sign_in()).status == 303
    await post.settled()
    assert not post.server.to(ADA, LINKED)


async def test_identity_that_stays_the_last_way_in_is_not_told_of(post: Mailing) -> None:
    """The mail is ordered in the transaction of the change."""
    browser = Browser(post.service)
    await browser.sign_in()
    ada = await browser.holder()
    (identity,) = await linked(post.service, ada)
    refused = await post.service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)
    assert refused.code == "last_way_in"
    await post.settled()
    assert not post.server.to(ADA, UNLINKED)
