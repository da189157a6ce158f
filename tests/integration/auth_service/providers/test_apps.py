"""Apps that hold tokens: they begin with a proof key, and fetch with it what was made."""

import pytest

from auth_service.pkce import challenge_of, new_verifier
from tests.integration.auth_service.people import Json, Person, Reply
from tests.integration.auth_service.providers.browser import Browser, changed, parameters, visit
from tests.integration.auth_service.providers.conftest import APP
from tests.integration.auth_service.providers.openid_server import OpenIdServer
from tests.integration.auth_service.providers.test_linking import linked
from tests.integration.auth_service.world import AuthService

START, REDEEM = "/v1/auth/providers/peer/start", "/v1/auth/providers/redeem"
VERIFIER = new_verifier()
BEGIN = {"redirect_to": APP, "code_challenge": challenge_of(VERIFIER)}


async def hand_over(service: AuthService, person: Person | None = None) -> str:
    """Go all the way to the app, and return where it was reached. A person links."""
    path = "/v1/auth/identities/peer/start" if person is not None else START
    begun = await service.post(path, BEGIN, person=person)
    assert (begun.status, begun.headers["Cache-Control"]) == (200, "no-store"), begun
    assert "Set-Cookie" not in begun.headers
    reply = await Browser(service).go(await visit(begun.body["authorization_url"]))
    assert reply.status == 303, reply
    return reply.headers["Location"]


async def redeem(service: AuthService, code: str, verifier: str = VERIFIER, **more: str) -> Reply:
    return await service.post(REDEEM, {"code": code, "code_verifier": verifier, **more})


async def test_app_gets_its_tokens(service: AuthService) -> None:
    location = await hand_over(service)
    assert location.startswith(f"{APP}?code=code_")
    reply = await redeem(service, parameters(location)["code"])
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    ada = Person("", reply.body)
    assert (ada.claims["amr"], ada.claims["acr"]) == (["fed"], "aal1")
    assert (await service.refresh(ada.refresh_token)).status == 200


async def test_page_may_hold_its_session_by_a_cookie(service: AuthService) -> None:
    reply = await redeem(service, parameters(await hand_over(service))["code"], session="browser")
    assert reply.headers["Set-Cookie"].startswith("session=")


async def test_no_account_is_made_before_the_app_shows_its_key(service: AuthService) -> None:
    await hand_over(service)
    assert await service.admin.fetchval("select count(*) from auth.account") == 0


async def test_code_is_of_use_to_nobody_without_the_key(service: AuthService) -> None:
    """A16: a wrong guess spends it."""
    code = parameters(await hand_over(service))["code"]
    assert (await redeem(service, code, new_verifier())).code == "invalid_sign_in_code"
    assert (await redeem(service, code)).code == "invalid_sign_in_code"


async def test_code_expires(service: AuthService) -> None:
    code = parameters(await hand_over(service))["code"]
    lives = await service.admin.fetchval("select extract(epoch from expires_at - now()) from auth.federated_flow")
    assert 50 < lives <= 60
    await service.admin.execute("update auth.federated_flow set expires_at = now()")
    assert (await redeem(service, code)).code == "invalid_sign_in_code"


async def test_state_is_no_code_and_code_is_no_state(service: AuthService, browser: Browser) -> None:
    begun = await service.post(START, BEGIN)
    state = parameters(begun.body["authorization_url"])["state"]
    assert (await redeem(service, state)).code == "invalid_sign_in_code"
    code = parameters(await hand_over(service))["code"]
    reply = await browser.go(f"/account/sign-in/with/peer/callback?state={code}&code=x")
    assert reply.code == "invalid_sign_in_flow"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"redirect_to": f"{APP}/evil"}, 422, "invalid_redirect_uri"),
        ({"redirect_to": f"{APP}?a=b"}, 422, "invalid_redirect_uri"),
        ({"redirect_to": "https://evil.example"}, 422, "invalid_redirect_uri"),
        ({"redirect_to": APP.upper()}, 422, "invalid_redirect_uri"),
        ({"redirect_to": ""}, 422, "invalid_redirect_uri"),
        ({"redirect_to": "x" * 600}, 400, "malformed_body"),
        ({"redirect_to": None}, 400, "malformed_body"),
        ({"code_challenge": None}, 400, "malformed_body"),
        ({"code_challenge": "short"}, 400, "malformed_body"),
        ({"code_challenge": "x" * 44}, 400, "malformed_body"),
        ({"code_challenge": "=" * 43}, 400, "malformed_body"),
        ({"code_challenge_method": "plain"}, 400, "malformed_body"),
    ],
)
async def test_bad_beginning_is_refused(service: AuthService, change: Json, status: int, code: str) -> None:
    """A16, A17: S256 alone, and addresses of apps are compared character for character."""
    reply = await service.post(START, BEGIN | change)
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize("body", [{"code": "x"}, {"code": "x" * 200, "code_verifier": VERIFIER}, {"code": 7}])
async def test_bad_redemption_is_refused(service: AuthService, body: Json) -> None:
    assert (await service.post(REDEEM, body)).code == "malformed_body"


async def test_app_is_told_what_went_wrong(service: AuthService, peer: OpenIdServer, browser: Browser) -> None:
    async def told() -> str:
        begun = await service.post(START, BEGIN)
        return (await browser.go(await visit(begun.body["authorization_url"]))).headers["Location"]

    peer.claims = {"iss": "https://evil.example"}
    assert await told() == f"{APP}?error=provider_distrusted"
    peer.claims, peer.status = {}, {"/token": 500}
    assert await told() == f"{APP}?error=unavailable"
    begun = await service.post(START, BEGIN)
    back = await visit(begun.body["authorization_url"])
    reply = await browser.go(changed(back, code=None, error="access_denied"))
    assert reply.headers["Location"] == f"{APP}?error=provider_refused"


async def test_app_meets_the_same_rules(service: AuthService) -> None:
    """A14"""
    await service.register("ada@example.org")
    reply = await redeem(service, parameters(await hand_over(service))["code"])
    assert (reply.status, reply.code) == (409, "link_required")


async def test_app_links_in_the_session_that_began(service: AuthService) -> None:
    ada, eve = await service.register("ada@example.org"), await service.register()
    for person, verifier, status in ((eve, VERIFIER, 400), (ada, new_verifier(), 400), (ada, VERIFIER, 204)):
        code = parameters(await hand_over(service, ada))["code"]
        body = {"code": code, "code_verifier": verifier}
        assert (await service.post("/v1/auth/identities/redeem", body, person=person)).status == status
    assert len(await linked(service, ada)) == 1
    assert await linked(service, eve) == []


async def test_what_was_meant_for_linking_signs_nobody_in(service: AuthService) -> None:
    ada = await service.register("ada@example.org")
    code = parameters(await hand_over(service, ada))["code"]
    assert (await redeem(service, code)).code == "invalid_sign_in_code"
    code = parameters(await hand_over(service))["code"]
    body = {"code": code, "code_verifier": VERIFIER}
    assert (await service.post("/v1/auth/identities/redeem", body, person=ada)).code == "invalid_sign_in_code"


async def test_link_of_an_app_needs_both_halves(service: AuthService) -> None:
    ada = await service.register("ada@example.org")
    for half in ("redirect_to", "code_challenge"):
        reply = await service.post("/v1/auth/identities/peer/start", {half: BEGIN[half]}, person=ada)
        assert reply.code == "malformed_body"
