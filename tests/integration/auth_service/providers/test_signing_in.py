"""Signing in with an OpenID provider, from the start to a session."""

import json
from urllib.parse import urlsplit

import pytest

from tests.integration.auth_service.people import Json
from tests.integration.auth_service.providers.browser import Browser, parameters, visit
from tests.integration.auth_service.providers.openid_server import ADA, CLIENT_ID, OpenIdServer, new_key
from tests.integration.auth_service.world import AuthService


async def audit(service: AuthService, action: str) -> list[Json]:
    rows = await service.admin.fetch("select details from auth.audit_entry where action = $1 order by at", action)
    return [json.loads(row["details"]) for row in rows]


async def test_providers_are_listed(service: AuthService) -> None:
    reply = await service.call("GET", "/v1/auth/providers")
    listed = {"id": "peer", "label": "The peer", "sign_in_path": "/account/sign-in/with/peer"}
    assert reply.body == {"items": [listed], "next_cursor": None}


async def test_newcomer_gets_an_account_and_a_browser_session(
    service: AuthService, peer: OpenIdServer, browser: Browser
) -> None:
    reply = await browser.sign_in(return_to="/account/sessions?a=b")
    assert (reply.status, reply.headers["Location"]) == (303, "/account/sessions?a=b")
    assert reply.headers["Cache-Control"] == "no-store"
    person = await browser.holder()
    assert person.claims["amr"] == ["fed"]
    account = await service.admin.fetchrow("select * from auth.account")
    assert account is not None
    assert (account["user_id"], account["email"]) == (person.user_id, "ada@example.org")
    assert account["password_hash"] is None
    assert account["email_verified_at"] is not None
    assert [subject for subject, _ in await service.events("user_registered")] == [str(person.user_id)]
    assert await audit(service, "registered") == [{"provider": "peer"}]
    assert await audit(service, "signed_in") == [{"methods": "fed", "kind": "browser", "provider": "peer"}]
    assert peer.forms[0]["redirect_uri"] == "http://127.0.0.1:8080/account/sign-in/with/peer/callback"


async def test_what_is_asked_of_the_provider_is_bound_to_this_sign_in(browser: Browser) -> None:
    """A16: state, nonce and an S256 challenge, each new."""
    one, other = parameters(await browser.leave()), parameters(await browser.leave())
    assert one.keys() == {
        "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
        "code_challenge_method",
    }  # fmt: skip
    assert (one["client_id"], one["scope"], one["code_challenge_method"]) == (CLIENT_ID, "openid email", "S256")
    for name in ("state", "nonce", "code_challenge"):
        assert len(one[name]) >= 43
        assert one[name] != other[name]


async def test_database_tells_nothing_of_a_sign_in_under_way(service: AuthService, browser: Browser) -> None:
    asked = parameters(await browser.leave())
    dump = await service.admin.fetchval(
        "select string_agg(f::text || encode(sealed, 'escape'), '') from auth.federated_flow f"
    )
    for secret in (asked["state"], asked["nonce"], browser.cookies["sign-in"], "peer"):
        assert secret not in dump


async def test_same_identity_comes_back_to_the_same_account(service: AuthService, peer: OpenIdServer) -> None:
    """Whatever its address is by then: the subject counts."""
    first, again = Browser(service), Browser(service)
    await first.sign_in()
    peer.person["email"] = "ada@elsewhere.example"
    await again.sign_in()
    assert (await first.holder()).user_id == (await again.holder()).user_id
    assert await service.admin.fetchval("select count(*) from auth.account") == 1
    assert await service.admin.fetchval("select email from auth.federated_identity") == "ada@elsewhere.example"


async def test_new_session_ends_that_which_the_browser_had(service: AuthService, browser: Browser) -> None:
    await browser.sign_in()
    before = browser.cookies["session"]
    await browser.sign_in()
    assert browser.cookies["session"] != before
    assert await service.verify("browser_session", before) is None


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_every_allowed_algorithm_is_taken(peer: OpenIdServer, browser: Browser, algorithm: str) -> None:
    peer.algorithm, peer.key = algorithm, new_key(algorithm)
    assert (await browser.sign_in()).status == 303
    assert "session" in browser.cookies


async def test_address_is_asked_of_userinfo_if_the_token_has_none(
    service: AuthService, peer: OpenIdServer, browser: Browser
) -> None:
    peer.person = {"sub": "ada"}
    peer.userinfo = {"sub": "ada", "email": "ada@example.org", "email_verified": "true"}
    assert (await browser.sign_in()).status == 303
    assert await service.admin.fetchval("select email from auth.account where email_verified_at is not null")
    assert peer.asked.count("/userinfo") == 1


async def test_userinfo_is_left_alone_if_the_token_has_the_address(peer: OpenIdServer, browser: Browser) -> None:
    await browser.sign_in()
    assert "/userinfo" not in peer.asked


async def test_userinfo_about_somebody_else_is_refused(peer: OpenIdServer, browser: Browser) -> None:
    peer.person = {"sub": "ada"}
    peer.userinfo = {**ADA, "sub": "eve"}
    assert (await browser.sign_in()).code == "provider_distrusted"


async def test_secret_goes_into_the_body_where_the_provider_asks_for_that(peer: OpenIdServer, browser: Browser) -> None:
    peer.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert (await browser.sign_in()).status == 303
    assert peer.forms[0]["client_id"] == CLIENT_ID


async def test_discovery_and_keys_are_asked_for_once(peer: OpenIdServer, service: AuthService) -> None:
    for _ in range(3):
        await Browser(service).sign_in()
    assert peer.asked.count("/.well-known/openid-configuration") == 1
    assert peer.asked.count("/jwks") == 1


@pytest.mark.parametrize("return_to", ["//evil.example", "/\\evil.example", "https://evil.example", ".evil", ""])
async def test_way_back_never_leads_elsewhere(browser: Browser, return_to: str) -> None:
    """A17: the rest of the table is that of safe_return_path."""
    assert (await browser.sign_in(return_to=return_to)).headers["Location"] == "/account"


async def test_tabs_of_one_browser_sign_in_beside_each_other(browser: Browser) -> None:
    one, other = await browser.leave(), await browser.leave()
    assert (await browser.go(await visit(other))).status == 303
    assert (await browser.go(await visit(one))).status == 303


async def test_unknown_provider_is_not_found(browser: Browser) -> None:
    for path in ("/account/sign-in/with/nobody", "/account/sign-in/with/nobody/callback?state=x&code=y"):
        assert (await browser.go(path)).code == "not_found"


async def test_head_has_no_consequences(service: AuthService, peer: OpenIdServer, browser: Browser) -> None:
    back = urlsplit(await visit(await browser.leave()))
    for path in ("/account/sign-in/with/peer", f"{back.path}?{back.query}"):
        headers = service.gateway.headers(None, browser.device)
        async with service.public.head(path, headers=headers, allow_redirects=False) as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET")
    assert (await browser.go(back.geturl())).status == 303


async def test_cookie_of_the_sign_in_is_of_this_host_alone_and_short_lived(browser: Browser) -> None:
    reply = await browser.go("/account/sign-in/with/peer")
    _, attributes = reply.headers["Set-Cookie"].split("; ", 1)
    assert attributes == "Max-Age=600; Path=/; HttpOnly; SameSite=Lax"
