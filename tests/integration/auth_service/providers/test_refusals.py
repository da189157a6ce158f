"""What a provider, or somebody in its place, may say, and what comes of it: nothing."""

import asyncio
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.auth_service.people import STRANGER
from tests.integration.auth_service.providers.browser import Browser, changed, parameters, visit
from tests.integration.auth_service.providers.openid_server import (
    CLIENT_ID,
    RSA,
    Json,
    OpenIdServer,
    new_key,
    public_jwk,
)
from tests.integration.auth_service.world import AuthService

DISCOVERY = "/.well-known/openid-configuration"
EVIL = "https://evil.example"


async def assert_nothing_was_made(service: AuthService) -> None:
    for table in ("account", "session", "federated_identity"):
        assert await service.admin.fetchval(f"select count(*) from auth.{table}") == 0


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"iss": EVIL}, id="another issuer"),
        pytest.param({"iss": None}, id="no issuer"),
        pytest.param({"aud": "another-client"}, id="another audience"),
        pytest.param({"aud": None}, id="no audience"),
        pytest.param({"aud": [CLIENT_ID, "another-client"]}, id="several audiences without azp"),
        pytest.param({"aud": [CLIENT_ID, "another"], "azp": "another"}, id="issued to another party"),
        pytest.param({"azp": "another-client"}, id="azp of another"),
        pytest.param({"exp": int(time.time()) - 120}, id="expired"),
        pytest.param({"exp": None}, id="without an end"),
        pytest.param({"exp": "never"}, id="an end that is no time"),
        pytest.param({"iat": int(time.time()) + 3600}, id="issued in the future"),
        pytest.param({"iat": int(time.time()) - 3600}, id="issued long ago"),
        pytest.param({"iat": None}, id="issued at no time"),
        pytest.param({"nbf": int(time.time()) + 3600}, id="not good yet"),
        pytest.param({"nonce": "another"}, id="another nonce"),
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"nonce": 7}, id="nonce of another type"),
        pytest.param({"at_hash": "another"}, id="hash of another access token"),
        pytest.param({"at_hash": 7}, id="hash of another type"),
        pytest.param({"sub": None}, id="nobody"),
        pytest.param({"sub": ""}, id="empty subject"),
        pytest.param({"sub": "x" * 256}, id="endless subject"),
        pytest.param({"sub": "a\nb"}, id="subject in two lines"),
    ],
)
async def test_id_token_with_a_wrong_claim_is_refused(
    service: AuthService, peer: OpenIdServer, browser: Browser, claims: Json
) -> None:
    """A15, A16"""
    peer.claims = claims
    reply = await browser.sign_in()
    assert (reply.status, reply.code) == (403, "provider_distrusted")
    assert "session" not in browser.cookies
    await assert_nothing_was_made(service)


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"aud": [CLIENT_ID]}, id="one audience in a list"),
        pytest.param({"aud": [CLIENT_ID, "another"], "azp": CLIENT_ID}, id="issued to us"),
        pytest.param({"at_hash": "bSKYhMEmi7CrMtjaMV0P5Q"}, id="hash of the access token"),
        pytest.param({"exp": int(time.time()) - 1}, id="a clock that is a little wrong"),
    ],
)
async def test_what_those_differ_in_is_what_they_are_refused_for(
    peer: OpenIdServer, browser: Browser, claims: Json
) -> None:
    peer.claims = claims
    assert (await browser.sign_in()).status == 303


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"alg": "none"}, id="none"),
        pytest.param({"alg": "HS256"}, id="signed by the client's secret"),
        pytest.param({"alg": "PS256"}, id="one that isn't announced"),
        pytest.param({"alg": "RS512"}, id="one that we don't take"),
        pytest.param({"kid": "unknown"}, id="unknown key"),
        pytest.param({"crit": ["exp"]}, id="crit"),
        pytest.param({"jku": f"{EVIL}/jwks", "kid": "theirs"}, id="keys from elsewhere"),
    ],
)
async def test_id_token_with_a_wrong_header_is_refused(
    service: AuthService, peer: OpenIdServer, browser: Browser, header: Json
) -> None:
    """A15"""
    peer.header = header
    assert (await browser.sign_in()).code == "provider_distrusted"
    await assert_nothing_was_made(service)


async def test_algorithms_that_are_announced_are_taken_only_if_they_are_ours(
    peer: OpenIdServer, browser: Browser
) -> None:
    peer.metadata = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
    for algorithm in ("none", "HS256"):
        peer.header = {"alg": algorithm}
        assert (await browser.sign_in()).code == "provider_distrusted"
    peer.header = {}
    assert (await browser.sign_in()).status == 303


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"use": "enc"}, id="for encryption"),
        pytest.param({"key_ops": ["encrypt"]}, id="not for verifying"),
        pytest.param({"alg": "PS256"}, id="for another algorithm"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="of another kind"),
        pytest.param({"n": "AQAB"}, id="too weak"),
        pytest.param({"n": 7}, id="no key at all"),
        pytest.param({"kid": "another"}, id="of another name"),
        pytest.param({"d": "AQAB"}, id="a private one"),
    ],
)
async def test_key_that_is_not_for_this_is_not_used(peer: OpenIdServer, browser: Browser, change: Json) -> None:
    peer.jwks = [public_jwk(RSA, "RS256", "first") | change]
    assert (await browser.sign_in()).code == "provider_distrusted"


async def test_token_without_a_key_name_is_good_if_only_one_key_fits(peer: OpenIdServer, browser: Browser) -> None:
    peer.header = {"kid": None}
    unfit = public_jwk(new_key("ES256"), "ES256", "other")
    peer.jwks = [public_jwk(RSA, "RS256", "first"), unfit]
    assert (await browser.sign_in()).status == 303


async def test_token_without_a_key_name_is_refused_if_several_fit(peer: OpenIdServer, browser: Browser) -> None:
    peer.header = {"kid": None}
    peer.jwks = [public_jwk(RSA, "RS256", "first"), public_jwk(RSA, "RS256", "second")]
    assert (await browser.sign_in()).code == "provider_distrusted"


async def test_key_that_is_new_is_found(peer: OpenIdServer, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider changes its keys whenever it likes."""
    monkeypatch.setattr("auth_service.providers.key_sets.COOL_DOWN", 0.0)
    await browser.sign_in()
    peer.algorithm, peer.key, peer.kid = "ES256", new_key("ES256"), "second"
    peer.metadata = {"id_token_signing_alg_values_supported": ["RS256", "ES256"]}
    assert (await browser.sign_in()).code == "provider_distrusted"  # announced too late: that is read every hour
    peer.algorithm, peer.key = "RS256", rsa.generate_private_key(65537, 2048)
    assert (await browser.sign_in()).status == 303


async def test_keys_that_nobody_knows_do_not_have_us_ask_again_and_again(peer: OpenIdServer, browser: Browser) -> None:
    """A25"""
    for number in range(5):
        peer.header = {"kid": f"made up {number}"}
        assert (await browser.sign_in()).code == "provider_distrusted"
    assert peer.asked.count("/jwks") == 1


@pytest.mark.parametrize("tokens", [
    pytest.param({"id_token": None}, id="none"),
    pytest.param({"id_token": 7}, id="a number"),
    pytest.param({"id_token": "a.b.c"}, id="no token"),
    pytest.param({"id_token": "a" * 100_000}, id="an endless one"),
])  # fmt: skip
async def test_answer_without_a_proper_id_token_is_refused(peer: OpenIdServer, browser: Browser, tokens: Json) -> None:
    peer.tokens = tokens
    assert (await browser.sign_in()).code == "provider_distrusted"


# The way back (A16)


@pytest.mark.parametrize("state", [None, "", "x", "0" * 49])
async def test_state_that_is_not_ours_is_refused(browser: Browser, state: str | None) -> None:
    back = await visit(await browser.leave())
    assert (await browser.go(changed(back, state=state))).code == "invalid_sign_in_flow"


async def test_way_back_is_gone_once(service: AuthService, browser: Browser) -> None:
    back = await visit(await browser.leave())
    assert (await browser.go(back)).status == 303
    assert (await browser.go(back)).code == "invalid_sign_in_flow"
    assert await service.admin.fetchval("select count(*) from auth.session") == 1


async def test_of_many_who_go_it_at_once_one_gets_through(service: AuthService, browser: Browser) -> None:
    back = await visit(await browser.leave())
    replies = await asyncio.gather(*(browser.go(back) for _ in range(20)))
    assert sorted(reply.status for reply in replies) == [303] + [400] * 19


async def test_code_that_was_used_before_is_refused(peer: OpenIdServer, browser: Browser) -> None:
    back = await visit(await browser.leave())
    await browser.go(back)
    again = await visit(await browser.leave())
    reply = await browser.go(changed(again, code=parameters(back)["code"]))
    assert (reply.status, reply.code) == (403, "provider_refused")


async def test_code_of_another_sign_in_is_refused(browser: Browser, service: AuthService) -> None:
    """An attacker's code, slipped into somebody's sign-in: the proof key isn't that code's."""
    theirs = await visit(await Browser(service, device=STRANGER).leave())
    mine = await visit(await browser.leave())
    assert (await browser.go(changed(mine, code=parameters(theirs)["code"]))).code == "provider_refused"


async def test_another_browser_cannot_finish_it(service: AuthService, browser: Browser) -> None:
    """Nobody is signed in to an attacker's account by a link of theirs; nor by their own browser's cookie."""
    other = Browser(service, device=STRANGER)
    await other.leave()
    for cookies in ({}, dict(other.cookies), {"sign-in": "b_x"}):
        back = await visit(await browser.leave())
        reply = await Browser(service, cookies).go(back)
        assert (reply.status, reply.code) == (400, "invalid_sign_in_flow")
        assert (await browser.go(back)).code == "invalid_sign_in_flow"  # and it is spent
    await assert_nothing_was_made(service)


async def test_sign_in_expires(service: AuthService, browser: Browser) -> None:
    back = await visit(await browser.leave())
    await service.admin.execute("update auth.federated_flow set expires_at = now()")
    assert (await browser.go(back)).code == "invalid_sign_in_flow"


async def test_person_who_declines_is_told_so(browser: Browser) -> None:
    back = await visit(await browser.leave())
    reply = await browser.go(changed(back, code=None, error="access_denied", error_description="<b>no</b>"))
    assert (reply.status, reply.code, reply.body["detail"]) == (403, "provider_refused", "It says: access_denied.")


@pytest.mark.parametrize("issuer", [EVIL, "", None])
async def test_answer_of_another_issuer_is_refused(peer: OpenIdServer, browser: Browser, issuer: str | None) -> None:
    """A16, a mix-up (RFC 9207): the code isn't even sent to our provider."""
    peer.returned = {"iss": issuer}
    assert (await browser.sign_in()).code == "provider_distrusted"
    assert "/token" not in peer.asked


async def test_issuer_that_is_told_counts_though_it_was_not_announced(peer: OpenIdServer, browser: Browser) -> None:
    peer.tells_issuer = False
    peer.returned = {"iss": EVIL}
    assert (await browser.sign_in()).code == "provider_distrusted"
    peer.returned = {}
    assert (await browser.sign_in()).status == 303


@pytest.mark.parametrize("query", ["state=a&state=b&code=x", "state=%00&code=x", "state=a&code=" + "x" * 5000])
async def test_way_back_with_nonsense_is_a_bad_request(browser: Browser, query: str) -> None:
    reply = await browser.go(f"/account/sign-in/with/peer/callback?{query}")
    assert (reply.status, reply.code) == (400, "invalid_parameter")


# Providers that are away, or strange


@pytest.mark.parametrize(("path", "body"), [
    pytest.param(DISCOVERY, b"{", id="no JSON"),
    pytest.param(DISCOVERY, b'{"issuer": "a", "issuer": "b"}', id="a member twice"),
    pytest.param(DISCOVERY, b"[]", id="no object"),
    pytest.param(DISCOVERY, b"[" * 100_000, id="deep"),
    pytest.param(DISCOVERY, b" " * 300_000, id="huge"),
    pytest.param("/jwks", b'{"keys": 7}', id="keys that are none"),
    pytest.param("/jwks", b" " * 300_000, id="huge key set"),
    pytest.param("/token", b" " * 300_000, id="huge tokens"),
])  # fmt: skip
async def test_provider_that_talks_nonsense_is_unavailable(
    service: AuthService, peer: OpenIdServer, browser: Browser, path: str, body: bytes
) -> None:
    peer.body = {path: body}
    if path == DISCOVERY:
        reply = await browser.go("/account/sign-in/with/peer")
    else:
        reply = await browser.sign_in()
    assert (reply.status, reply.code, reply.headers["Retry-After"]) == (503, "unavailable", "5")
    await assert_nothing_was_made(service)


@pytest.mark.parametrize("status", [302, 404, 429, 500, 503])
@pytest.mark.parametrize("path", [DISCOVERY, "/jwks", "/token"])
async def test_provider_that_fails_is_unavailable(peer: OpenIdServer, browser: Browser, path: str, status: int) -> None:
    peer.status = {path: status}
    if path == DISCOVERY:
        assert (await browser.go("/account/sign-in/with/peer")).status == 503
    else:
        assert (await browser.sign_in()).status == 503


async def test_redirect_of_a_provider_is_not_followed(peer: OpenIdServer, browser: Browser) -> None:
    peer.redirects = {"/token": "/userinfo"}
    assert (await browser.sign_in()).status == 503
    assert "/userinfo" not in peer.asked


async def test_client_that_the_provider_does_not_know_is_our_fault(peer: OpenIdServer, browser: Browser) -> None:
    peer.status, peer.body = {"/token": 401}, {"/token": b'{"error": "invalid_client"}'}
    assert (await browser.sign_in()).status == 503


@pytest.mark.parametrize("metadata", [
    pytest.param({"issuer": EVIL}, id="of another issuer"),
    pytest.param({"issuer": None}, id="of none"),
    pytest.param({"token_endpoint": "https://evil.example/token"}, id="leads to another scheme"),
    pytest.param({"jwks_uri": "http://192.0.2.1/jwks"}, id="leads elsewhere without TLS"),
    pytest.param({"authorization_endpoint": "javascript:alert(1)"}, id="leads into a script"),
    pytest.param({"authorization_endpoint": "http://127.0.0.1/a\r\nSet-Cookie: b"}, id="leads into a header"),
    pytest.param({"token_endpoint": None}, id="leads nowhere"),
    pytest.param({"id_token_signing_alg_values_supported": ["HS256", "none"]}, id="signs nothing properly"),
])  # fmt: skip
async def test_discovery_that_is_not_right_is_not_used(peer: OpenIdServer, browser: Browser, metadata: Json) -> None:
    """A15: an issuer can't speak for another (OpenID Connect Discovery, 4.3)."""
    peer.metadata = metadata
    reply = await browser.go("/account/sign-in/with/peer")
    assert (reply.status, reply.code) == (503, "unavailable")


async def test_provider_that_is_away_is_left_alone_for_a_moment(peer: OpenIdServer, browser: Browser) -> None:
    peer.status = {DISCOVERY: 500}
    replies = await asyncio.gather(*(browser.go("/account/sign-in/with/peer") for _ in range(20)))
    assert {reply.status for reply in replies} == {503}
    assert peer.asked.count(DISCOVERY) == 1
