import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.authentication.errors import InvalidToken
from gateway.authentication.keys import KeySet
from gateway.authentication.tokens import TokenVerifier, bearer_token
from shared.identity import public_jwk
from tests.unit.gateway.authentication.issuing import ISSUER, Issuer, encoded, segment

issuer = Issuer()
stranger = ec.generate_private_key(ec.SECP256R1())
public_pem = issuer.key.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


async def verifier(jwks: bytes | None = None) -> TokenVerifier:
    async def fetch() -> bytes:
        return jwks or issuer.jwks()

    keys = KeySet(fetch)
    await keys.refresh()
    return TokenVerifier(keys, ISSUER)


def hs256_with_the_public_key() -> str:
    """What a library accepts that lets the token choose the algorithm."""
    signed = f"{segment({'alg': 'HS256', 'typ': 'at+jwt', 'kid': issuer.jwk['kid']})}.{segment(issuer.claims())}"
    return f"{signed}.{encoded(hmac.digest(public_pem, signed.encode(), 'sha256'))}"


def padded(token: str) -> str:
    """Base64 as others write it. The signature isn't part of what is signed, so it still fits."""
    return token + "=="


def with_spare_bits(token: str) -> str:
    """The same bytes, spelled otherwise: the last character of a signature carries four unused bits."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


def unsigned() -> str:
    return f"{segment({'alg': 'none', 'typ': 'at+jwt', 'kid': issuer.jwk['kid']})}.{segment(issuer.claims())}."


now = int(time.time())
RSA_KEY = rsa.generate_private_key(65537, 2048)


async def test_good_token_stands_for_its_user() -> None:
    principal = await (await verifier()).verify(issuer.token(gen=3))
    assert (principal.user_id, principal.session_id, principal.generation) == (issuer.user_id, issuer.session_id, 3)
    assert (principal.scopes, principal.amr, principal.key_id) == (("profile", "files"), ("pwd",), issuer.jwk["kid"])


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(unsigned(), id="alg none"),
        pytest.param(unsigned().rstrip("."), id="two parts"),
        pytest.param(hs256_with_the_public_key(), id="HS256 keyed with the public key"),
        pytest.param(issuer.token(key=RSA_KEY, alg="RS256"), id="RS256"),
        pytest.param(issuer.token(key=stranger), id="another's key under our key id"),
        pytest.param(issuer.token(header={"kid": "../../dev/null"}), id="kid traversal"),
        pytest.param(issuer.token(header={"kid": "' or 1=1"}), id="kid injection"),
        pytest.param(issuer.token(header={"kid": None}), id="no kid"),
        pytest.param(issuer.token(header={"crit": ["exp"]}), id="crit"),
        pytest.param(issuer.token(header={"jku": "http://evil.example/jwks"}), id="jku"),
        pytest.param(
            issuer.token(key=stranger, header={"jwk": public_jwk(stranger.public_key())}), id="jwk of their own"
        ),
        pytest.param(issuer.token(header={"x5u": "http://evil.example"}), id="x5u"),
        pytest.param(issuer.token(header={"typ": "JWT"}), id="typ JWT"),
        pytest.param(issuer.token(header={"typ": "identity+jwt"}), id="typ of another kind"),
        pytest.param(issuer.token(aud="other"), id="aud"),
        pytest.param(issuer.token(aud=["colonnade", "other"]), id="several aud"),
        pytest.param(issuer.token(iss="http://evil.example"), id="iss"),
        pytest.param(issuer.token(iat=now - 700, exp=now - 100), id="expired"),
        pytest.param(issuer.token(iat=now - 600, exp=now - 1), id="expired a second ago"),
        pytest.param(issuer.token(iat=now + 3600, exp=now + 4000), id="not issued yet"),
        pytest.param(issuer.token(nbf=now + 3600), id="not valid yet"),
        pytest.param(issuer.token(exp=now + 86_400), id="lives a day"),
        pytest.param(issuer.token(exp=None), id="no exp"),
        pytest.param(issuer.token(exp=float(now + 60)), id="fractional exp"),
        pytest.param(issuer.token(sub=None), id="no sub"),
        pytest.param(issuer.token(sub="admin"), id="sub that is no id"),
        pytest.param(issuer.token(sid=None), id="no sid"),
        pytest.param(issuer.token(sid=5), id="sid that is no text"),
        pytest.param(issuer.token(gen=None), id="no gen"),
        pytest.param(issuer.token(gen=True), id="gen that is no number"),
        pytest.param(issuer.token(jti=None), id="no jti"),
        pytest.param(issuer.token(amr="pwd otp", scope=5), id="scope that is no text"),
        pytest.param(issuer.token(amr=[1]), id="amr that is no list of names"),
        pytest.param(issuer.token(roles=[1]), id="roles that are no list of names"),
        pytest.param(issuer.token(roles="admin"), id="roles that are a text"),
        pytest.param(issuer.token(roles={"admin": False}), id="roles that are an object"),
        pytest.param(padded(issuer.token()), id="padded base64"),
        pytest.param(with_spare_bits(issuer.token()), id="base64 with spare bits"),
        pytest.param(issuer.token() + "\n", id="line break"),
        pytest.param(issuer.token().replace(".", "..", 1), id="empty part"),
        pytest.param("a.b.c", id="not JSON"),
        pytest.param(f"{segment([])}.{segment({})}.AAAA", id="header that is no object"),
        pytest.param("é.b.c", id="not ASCII"),
    ],
)
async def test_forged_or_odd_token_is_refused(token: str) -> None:
    """G25"""
    with pytest.raises(InvalidToken):
        await (await verifier()).verify(token)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"use": "enc"}, id="use enc"),
        pytest.param({"key_ops": ["deriveKey"]}, id="key_ops"),
        pytest.param({"alg": "ECDH-ES"}, id="alg"),
        pytest.param({"kty": "oct"}, id="kty"),
        pytest.param({"crv": "P-384"}, id="crv"),
        pytest.param({"x": "AAAA"}, id="no point of the curve"),
        pytest.param({"kid": 5}, id="kid that is no text"),
    ],
)
async def test_key_for_another_purpose_verifies_nothing(members: dict[str, Any]) -> None:
    """G25: key use=enc, wrong key_ops."""
    other = public_jwk(stranger.public_key())
    jwks = json.dumps({"keys": [issuer.jwk | members, other]}).encode()
    with pytest.raises(InvalidToken):
        await (await verifier(jwks)).verify(issuer.token())


def test_token_is_taken_out_of_its_header() -> None:
    assert bearer_token([]) is None
    assert bearer_token(["Bearer abc.def-_"]) == "abc.def-_"
    assert bearer_token(["bearer abc"]) == "abc"


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(["Bearer\tabc"], id="tab"),
        pytest.param(["Bearer  abc"], id="two spaces"),
        pytest.param(["Bearer abc "], id="trailing space"),
        pytest.param(["Bearer abc def"], id="two tokens"),
        pytest.param(["Bearer a,b"], id="list"),
        pytest.param(["Bearer "], id="nothing"),
        pytest.param(["Bearer"], id="scheme alone"),
        pytest.param([""], id="empty"),
        pytest.param(["abc"], id="no scheme"),
        pytest.param(["Basic YTpi"], id="another scheme"),
        pytest.param(["Bearer abc", "Bearer abc"], id="twice"),
        pytest.param(["Bearer abc", "Basic YTpi"], id="two schemes"),
        pytest.param(["Bearer é"], id="not ASCII"),
        pytest.param(["Bearer " + "a" * 1_000_000], id="a megabyte"),
    ],
)
def test_odd_authorization_is_refused_and_never_anonymous(values: list[str]) -> None:
    """G26 and G9: never forwarded as anonymous."""
    with pytest.raises(InvalidToken):
        bearer_token(values)


def test_pyjwt_still_accepts_what_we_refuse_ourselves() -> None:
    """If this fails, PyJWT has grown stricter, and a check of ours may go."""
    key = issuer.key.public_key()
    jwt.decode(padded(issuer.token()), key, algorithms=["ES256"], audience="colonnade")
