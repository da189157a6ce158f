"""What signing in with a provider has to do with mail: addresses that wait, and what newcomers are written."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.auth_service.mailing import VERIFY, Mailing, mailing
from tests.integration.auth_service.people import HOME, Gateway
from tests.integration.auth_service.providers.browser import Browser, parameters
from tests.integration.auth_service.providers.conftest import APP, declaration
from tests.integration.auth_service.providers.openid_server import OpenIdServer
from tests.integration.auth_service.providers.test_apps import REDEEM, VERIFIER, hand_over
from tests.integration.auth_service.providers.test_signing_in import audit
from tests.stores import DatabaseUrls

ADA = "ada@example.org"


@pytest.fixture
async def post(
    auth_database: DatabaseUrls, gateway: Gateway, peer: OpenIdServer, tmp_path: Path
) -> AsyncIterator[Mailing]:
    """In the place of the plain one: people sign in with the peer too, and with verified addresses alone."""
    file = tmp_path / "providers.toml"
    file.write_text(declaration(peer.issuer, more="accept_unverified_email = true"))
    more = {"AUTH_PROVIDERS_FILE": str(file), "AUTH_REDIRECT_URIS": APP, "AUTH_EMAIL_VERIFICATION": "required"}
    async with mailing(auth_database, gateway, **more) as world:
        yield world


async def test_address_that_an_account_can_be_changed_back_to_makes_no_other(post: Mailing) -> None:
    """Its owner is told to sign in to the account, instead of to try again for a week."""
    await Browser(post.service).sign_in()
    await post.reserve_address()
    await post.service.admin.execute("delete from auth.federated_identity")
    reply = await Browser(post.service).sign_in()
    assert (reply.status, reply.code) == (409, "link_required")
    assert await post.service.admin.fetchval("select count(*) from auth.account") == 1


async def test_newcomer_whose_address_nobody_has_verified_is_mailed_a_link(post: Mailing, peer: OpenIdServer) -> None:
    """Else they would be kept out without knowing why. It is in their browser's language."""
    peer.person["email_verified"] = False
    browser = Browser(post.service, language="de-CH, en;q=0.5")
    reply = await browser.sign_in()
    assert (reply.status, reply.code) == (403, "email_not_verified")
    mail = await post.server.mail_to(ADA, "Bestätige deine E-Mail-Adresse")
    assert (await post.service.post(VERIFY, {"token": mail.token})).status == 204
    assert (await browser.sign_in()).status == 303
    assert await post.service.admin.fetchval("select count(*) from auth.account") == 1
    assert await audit(post.service, "registered") == [{"provider": "peer"}]


async def test_newcomer_whose_address_the_provider_has_verified_is_mailed_none(post: Mailing) -> None:
    assert (await Browser(post.service).sign_in()).status == 303
    await post.settled()
    assert post.server.to(ADA) == []


async def test_newcomer_by_an_app_is_written_to_in_the_apps_language(post: Mailing) -> None:
    code = parameters(await hand_over(post.service))["code"]
    headers = post.service.gateway.headers(None, HOME) | {"Accept-Language": "de"}
    body = {"code": code, "code_verifier": VERIFIER}
    async with post.service.public.post(REDEEM, json=body, headers=headers) as response:
        assert response.status == 200
    assert await post.service.admin.fetchval("select language from auth.account") == "de"
