"""What the published collections of hostile JWTs and ECDSA signatures try, against our verifier."""

import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.authentication.errors import InvalidToken
from gateway.authentication.tokens import MAX_SIZE, bearer_token
from tests.unit.gateway.authentication.forging import ORDER, Forger
from tests.unit.gateway.authentication.issuing import encoded, segment
from tests.unit.gateway.authentication.test_tokens import issuer, verifier

forger = Forger(issuer)
good = issuer.token()
head, payload, signature = good.split(".")
r, s = forger.numbers(forger.signed())
now = int(time.time())


def claims_text(**changes: str) -> str:
    """Return the claims as JSON, some values written as they are given."""
    parts = {name: json.dumps(value) for name, value in issuer.claims().items()} | changes
    return "{" + ", ".join(f"{json.dumps(name)}: {value}" for name, value in parts.items()) + "}"


async def test_forger_makes_good_tokens_where_nothing_is_wrong() -> None:
    """Otherwise the tables below would prove nothing."""
    for token in (forger.genuine(forger.signed()), forger.of_payload(claims_text())):
        assert (await (await verifier()).verify(token)).user_id == issuer.user_id


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(forger.with_numbers(0, 0), id="r = s = 0"),
        pytest.param(forger.with_numbers(0, s), id="r = 0"),
        pytest.param(forger.with_numbers(r, 0), id="s = 0"),
        pytest.param(forger.with_numbers(1, 1), id="r = s = 1"),
        pytest.param(forger.with_numbers(ORDER, s), id="r = n"),
        pytest.param(forger.with_numbers(r, ORDER), id="s = n"),
        pytest.param(forger.with_numbers(ORDER, ORDER), id="r = s = n"),
        pytest.param(forger.with_numbers(0, ORDER), id="r = 0, s = n"),
        pytest.param(forger.with_numbers(2**256 - 1, 2**256 - 1), id="r and s of all bits"),
        pytest.param(forger.with_numbers(ORDER - 1, ORDER - 1), id="r = s = n - 1"),
        pytest.param(forger.with_numbers(s, r), id="r and s the other way round"),
        pytest.param(forger.in_der(), id="DER"),
        pytest.param(f"{head}.{payload}.{encoded(b'0' * 32)}", id="half a signature"),
        pytest.param(f"{head}.{payload}.{encoded(b'0' * 63)}", id="63 bytes"),
        pytest.param(f"{head}.{payload}.{encoded(b'0' * 65)}", id="65 bytes"),
        pytest.param(f"{head}.{payload}.{encoded(b'0' * 5000)}", id="5,000 bytes"),
        pytest.param(f"{head}.{payload}.", id="no signature"),
        pytest.param(f"{head}.{payload}", id="no third segment"),
        pytest.param(f"{head}.{payload}.{signature}.{signature}", id="a fourth segment"),
        pytest.param(f"{head}.{payload}.{signature}.x.y", id="five segments, as JWE"),
        pytest.param(f".{payload}.{signature}", id="no header"),
        pytest.param(f"{head}..{signature}", id="no payload"),
        pytest.param(f"{payload}.{head}.{signature}", id="header and payload swapped"),
        pytest.param(f"{head}.{segment(issuer.claims(sub=issuer.session_id))}.{signature}", id="payload replaced"),
        pytest.param(forger.by_curve(ec.SECP384R1()), id="P-384"),
        pytest.param(forger.by_curve(ec.SECP521R1()), id="P-521"),
        pytest.param(forger.by_curve(ec.SECP256K1()), id="secp256k1"),
        pytest.param(good[:-1], id="one character less"),
        pytest.param(good[:-2], id="two characters less"),
        pytest.param(f"{good}A", id="one character more"),
        pytest.param(f" {good}", id="leading space"),
        pytest.param(f"{head}=.{payload}.{signature}", id="padded header"),
        pytest.param(f"{head}.{payload}=.{signature}", id="padded payload"),
        pytest.param(f"{head}\n.{payload}.{signature}", id="line break in a segment"),
        pytest.param(f"{head}.{payload}.{signature}".replace("e", "\u0435", 1), id="homoglyph"),
        pytest.param(f"{head}.{payload}.{signature}\0", id="NUL"),
        pytest.param(json.dumps({"payload": payload, "protected": head, "signature": signature}), id="JSON form"),
    ],
)
async def test_signature_that_is_no_good_one_is_refused(token: str) -> None:
    """G25, A25: after the cases of Wycheproof for ECDSA and JWS."""
    with pytest.raises(InvalidToken):
        await (await verifier()).verify(token)


@pytest.mark.parametrize(
    "alg", ["none", "None", "NONE", "nOnE", "", "HS256", "ES384", "ES512", "ES256K", "es256", "PS256", "EdDSA"]
)
@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
async def test_only_one_algorithm_is_taken_however_it_is_spelled(alg: str, *, signed: bool) -> None:
    """G25"""
    text = f"{segment(forger.header(alg=alg))}.{segment(issuer.claims())}"
    with pytest.raises(InvalidToken):
        await (await verifier()).verify(forger.genuine(text) if signed else f"{text}.")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"alg": None}, id="alg null"),
        pytest.param({"alg": ["ES256"]}, id="alg list"),
        pytest.param({"alg": {"ES256": 1}}, id="alg object"),
        pytest.param({"typ": None}, id="typ null"),
        pytest.param({"typ": ["at+jwt"]}, id="typ list"),
        pytest.param({"typ": "AT+JWT "}, id="typ with a space"),
        pytest.param({"kid": ""}, id="kid empty"),
        pytest.param({"kid": 5}, id="kid number"),
        pytest.param({"kid": [issuer.jwk["kid"]]}, id="kid list"),
        pytest.param({"kid": {}}, id="kid object"),
        pytest.param({"kid": True}, id="kid true"),
        pytest.param({"kid": issuer.jwk["kid"] + "\0"}, id="kid with NUL"),
        pytest.param({"kid": "\ud800"}, id="kid lone surrogate"),
        pytest.param({"kid": issuer.jwk["kid"].upper()}, id="kid in another case"),
        pytest.param({"kid": "/dev/null"}, id="kid path"),
        pytest.param({"kid": "https://evil.example/key"}, id="kid URL"),
        pytest.param({"kid": "x' union select 'key"}, id="kid SQL"),
        pytest.param({"kid": "x" * 5000}, id="kid of 5,000 characters"),
        pytest.param({"crit": []}, id="crit empty"),
        pytest.param({"crit": ["b64"], "b64": False}, id="unencoded payload"),
        pytest.param({"x5c": ["MIIB"]}, id="x5c"),
        pytest.param({"jwk": None}, id="jwk null"),
    ],
)
async def test_odd_header_is_refused_though_its_signature_fits(changes: dict[str, object]) -> None:
    """G25: kid injection, keys of the token's own, wrong types."""
    text = f"{segment(forger.header(**changes))}.{segment(issuer.claims())}"
    with pytest.raises(InvalidToken):
        await (await verifier()).verify(forger.genuine(text))


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(forger.of_payload(claims_text(exp="NaN")), id="exp NaN"),
        pytest.param(forger.of_payload(claims_text(exp="Infinity")), id="exp Infinity"),
        pytest.param(forger.of_payload(claims_text(exp="-Infinity")), id="exp -Infinity"),
        pytest.param(forger.of_payload(claims_text(exp="1e999")), id="exp 1e999"),
        pytest.param(forger.of_payload(claims_text(exp="9" * 5000)), id="exp of 5,000 digits"),
        pytest.param(forger.of_payload(claims_text(exp="-1")), id="exp negative"),
        pytest.param(forger.of_payload(claims_text(exp=f'"{now + 60}"')), id="exp text"),
        pytest.param(forger.of_payload(claims_text(exp="null")), id="exp null"),
        pytest.param(forger.of_payload(claims_text(exp="true")), id="exp true"),
        pytest.param(forger.of_payload(claims_text(exp=f"[{now + 60}]")), id="exp list"),
        pytest.param(forger.of_payload(claims_text(iat="NaN")), id="iat NaN"),
        pytest.param(forger.of_payload(claims_text(iat="-1")), id="iat negative: lives too long"),
        pytest.param(forger.of_payload(claims_text(iat=str(now + 3600), exp=str(now + 4200))), id="iat in the future"),
        pytest.param(forger.of_payload(claims_text(nbf="NaN")), id="nbf NaN"),
        pytest.param(forger.of_payload(claims_text(nbf='"soon"')), id="nbf text"),
        pytest.param(forger.of_payload(claims_text(aud="null")), id="aud null"),
        pytest.param(forger.of_payload(claims_text(aud="[]")), id="aud empty list"),
        pytest.param(forger.of_payload(claims_text(aud='["colonnade"]')), id="aud list of ours"),
        pytest.param(forger.of_payload(claims_text(aud='{"colonnade": 1}')), id="aud object"),
        pytest.param(forger.of_payload(claims_text(aud='"colonnade "')), id="aud with a space"),
        pytest.param(forger.of_payload(claims_text(aud='"COLONNADE"')), id="aud in another case"),
        pytest.param(forger.of_payload(claims_text(iss='["http://127.0.0.1:8080"]')), id="iss list"),
        pytest.param(forger.of_payload(claims_text(iss='"http://127.0.0.1:8080/"')), id="iss with a slash more"),
        pytest.param(forger.of_payload(claims_text(iss='"http://127.0.0.1:8080@evil.example"')), id="iss userinfo"),
        pytest.param(forger.of_payload(claims_text(sub="null")), id="sub null"),
        pytest.param(forger.of_payload(claims_text(sub='"x"')), id="sub no id"),
        pytest.param(forger.of_payload(claims_text(sub="{}")), id="sub object"),
        pytest.param(forger.of_payload(claims_text(gen="1.0")), id="gen fraction"),
        pytest.param(forger.of_payload(claims_text(gen="9" * 5000)), id="gen of 5,000 digits"),
        pytest.param(forger.of_payload(claims_text(amr='"pwd"')), id="amr text"),
        pytest.param(forger.of_payload(claims_text(acr="2")), id="acr number"),
        pytest.param(forger.of_payload(claims_text(auth_time='"now"')), id="auth_time text"),
        pytest.param(forger.of_payload(claims_text(scope='["full"]')), id="scope list"),
        pytest.param(forger.of_payload(claims_text(jti="{}")), id="jti object"),
        pytest.param(forger.repeated("exp", now + 500), id="exp twice"),
        pytest.param(forger.repeated("sub", issuer.session_id), id="sub twice"),
        pytest.param(forger.repeated("roles", ["admin"]) + "x", id="roles beside a broken signature"),
        pytest.param(
            forger.of_payload(claims_text(), '{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"x"}'), id="alg twice"
        ),
        pytest.param(forger.nested(), id="nested"),
        pytest.param(forger.of_payload("[" * 3000 + "]" * 3000), id="deep"),
        pytest.param(forger.of_payload(claims_text(), '{"a":' + "[" * 2500 + "]" * 2500 + "}"), id="deep header"),
        pytest.param(forger.of_payload(claims_text(), "[]"), id="header list"),
        pytest.param(forger.of_payload('"text"'), id="payload text"),
        pytest.param(forger.of_payload("[]"), id="payload list"),
        pytest.param(forger.of_payload("null"), id="payload null"),
        pytest.param(forger.of_payload(""), id="payload empty"),
        pytest.param(forger.of_payload("{} {}"), id="payload of two values"),
        pytest.param(forger.of_payload("\ufeff" + claims_text()), id="byte order mark"),
        pytest.param(forger.of_payload(claims_text(sub=r'"\ud800"')), id="lone surrogate"),
    ],
)
async def test_odd_claims_are_refused_though_the_signature_fits(token: str) -> None:
    """G25: what our own key would have to sign; a verifier must not fall over it, or read it in another way."""
    with pytest.raises(InvalidToken):
        await (await verifier()).verify(token)


@pytest.mark.parametrize("size", [MAX_SIZE + 1, 1_000_000])
def test_huge_token_is_refused_before_it_is_read(size: int) -> None:
    """G25"""
    with pytest.raises(InvalidToken):
        bearer_token([f"Bearer {good}{'A' * (size - len(good))}"])
