"""What makes an ID token no good, and comes to nothing then."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.integration.auth_service.providers.browser import (
    Browser,
    assert_nothing_was_made,
)
from tests.integration.auth_service.providers.openid_server import (
    CLIENT_ID,
    RSA,
    Json,
    OpenIdServer,
    new_key,
    public_jwk,
)
from tests.integration.auth_service.world import AuthService

EVIL = "https://evil.example"


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
        pytest.param({"iat": str(int(time.time()))}, id="issued at a text"),
        pytest.param({"iat": True}, id="issued at yes"),
        pytest.param({"nbf": int(time.time()) + 3600}, id="not good yet"),
        pytest.param({"nonce": "another"}, id="another nonce"),
        pytest.param({"nonce": None}, id="no nonce"),
        pytest.param({"nonce": 7}, id="nonce of another type"),
        pytest.param({"nonce": "\ud800"}, id="nonce that is no text"),
        pytest.param({"at_hash": "another"}, id="hash of another access token"),
        pytest.param({"at_hash": 7}, id="hash of another type"),
        pytest.param({"at_hash": "\ud800"}, id="hash that is no text"),
        pytest.param({"sub": None}, id="nobody"),
        pytest.param({"sub": ""}, id="empty subject"),
        pytest.param({"sub": "x" * 256}, id="endless subject"),
        pytest.param({"sub": "a\nb"}, id="subject in two lines"),
        pytest.param({"email": "a\0b@example.org"}, id="NUL in the address"),
        pytest.param({"email": "a\ud800b@example.org"}, id="address that is no text"),
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
        pytest.param({"exp": -1}, id="a clock that is a little wrong"),  # seconds from now
    ],
)
async def test_what_those_differ_in_is_what_they_are_refused_for(
    peer: OpenIdServer, browser: Browser, claims: Json
) -> None:
    peer.claims = claims | ({"exp": int(time.time()) + claims["exp"]} if "exp" in claims else {})
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
