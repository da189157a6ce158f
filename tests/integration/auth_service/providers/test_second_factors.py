"""Whoever comes from a provider shows the account's second factor too: there is one door."""

import pytest

from tests.authenticator import Authenticator
from tests.integration.auth_service.enrolling import begin_app, confirm_app, enrol_app, owed
from tests.integration.auth_service.factor_people import PASSKEYS, add_passkey, add_totp, code_of, finish
from tests.integration.auth_service.people import Person
from tests.integration.auth_service.providers.browser import Browser, parameters
from tests.integration.auth_service.providers.conftest import Serve, declaration
from tests.integration.auth_service.providers.openid_server import OpenIdServer
from tests.integration.auth_service.providers.test_apps import hand_over, redeem
from tests.integration.auth_service.providers.test_linking import IDENTITIES, link, linked
from tests.integration.auth_service.world import AuthService


async def guarded(service: AuthService) -> tuple[Person, str]:
    """Return somebody with a linked identity and an authenticator app, and the app's secret."""
    ada = await service.register("ada@example.org")
    await link(Browser(service), ada)
    return ada, (await add_totp(service, ada)).secret


async def test_browser_is_asked_for_it(service: AuthService, browser: Browser) -> None:
    _, secret = await guarded(service)
    reply = await browser.sign_in(return_to="/account/sessions")
    onward = "/account/sign-in/second-factor?return_to=%2Faccount%2Fsessions"
    assert (reply.status, reply.headers["Location"]) == (303, onward)
    assert "session" not in browser.cookies
    pending, *factors = browser.cookies["pending"].split(".")
    assert "totp" in factors
    done = await finish(service, pending, code=code_of(secret))
    browser.keep(done.headers["Set-Cookie"])
    assert (await browser.holder()).claims["amr"] == ["fed", "otp", "mfa"]


async def test_app_is_asked_for_it(service: AuthService) -> None:
    _, secret = await guarded(service)
    reply = await redeem(service, parameters(await hand_over(service))["code"])
    assert (reply.status, reply.code) == (403, "second_factor_required")
    done = await finish(service, reply.body["pending_sign_in"], code=code_of(secret))
    assert Person("", done.body).claims["amr"] == ["fed", "otp", "mfa"]


async def test_one_factor_is_not_enough_to_link_and_unlink(service: AuthService, browser: Browser) -> None:
    """A19: not where the account has a second."""
    ada, _ = await guarded(service)
    await service.admin.execute("update auth.session set amr = '{pwd}'")
    assert (await link(browser, ada)).code == "insufficient_user_authentication"
    (identity,) = await linked(service, ada)
    reply = await service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)
    assert reply.code == "insufficient_user_authentication"


@pytest.mark.parametrize("first", ["identity", "passkey"])
async def test_passkey_and_identity_keep_each_other_from_being_the_last_way_in(
    service: AuthService, browser: Browser, first: str
) -> None:
    await browser.sign_in()
    ada = await browser.holder()
    (identity,) = await linked(service, ada)
    passkey = await add_passkey(service, ada, Authenticator())
    paths = {"identity": f"{IDENTITIES}/{identity['id']}", "passkey": f"{PASSKEYS}/{passkey['passkey']['id']}"}
    last = next(path for name, path in paths.items() if name != first)
    assert (await service.call("DELETE", paths[first], person=ada)).status == 204
    reply = await service.call("DELETE", last, person=ada)
    assert (reply.status, reply.code) == (409, "last_way_in")


async def test_provider_is_one_factor_where_two_are_required(serve: Serve, peer: OpenIdServer) -> None:
    """In a browser and for an app; what the provider says of factors of its own isn't asked."""
    async with serve(declaration(peer.issuer), AUTH_SECOND_FACTOR="required") as service:
        browser = Browser(service)
        reply = await browser.sign_in(return_to="/account/sessions")
        onward = "/account/sign-in/enrolment?return_to=%2Faccount%2Fsessions"
        assert (reply.status, reply.headers["Location"]) == (303, onward)
        assert "session" not in browser.cookies
        done = await enrol_app(service, owed(await redeem(service, parameters(await hand_over(service))["code"])))
        assert Person("", done.reply.body).claims["amr"] == ["fed", "otp", "mfa"]
        assert (await redeem(service, parameters(await hand_over(service))["code"])).code == "second_factor_required"


async def test_unlinked_identity_finishes_no_sign_in_that_it_began(
    service: AuthService, serve: Serve, peer: OpenIdServer
) -> None:
    """A13: whoever has the account at the provider adds no factor to this one once it is taken off."""
    ada = await service.register("ada@example.org")
    await link(Browser(service), ada)
    async with serve(declaration(peer.issuer), AUTH_SECOND_FACTOR="required") as strictly:
        token = owed(await redeem(strictly, parameters(await hand_over(strictly))["code"]))
        secret = (await begin_app(strictly, token)).body["secret"]
        (identity,) = await linked(service, ada)
        assert (await service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)).status == 204
        refused = await confirm_app(strictly, token, code_of(secret))
        assert (refused.status, refused.code) == (401, "invalid_pending_sign_in")
