import time
from dataclasses import replace
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.authentication.identity import Assertions
from gateway.authentication.principal import Principal
from shared.identity import Identity, Kind, Signer, Verifier, key_id

KEY = ec.generate_private_key(ec.SECP256R1())
TRUST = {"gateway": {key_id(KEY.public_key()): KEY.public_key()}}


def principal(expires_in: float = 600) -> Principal:
    return Principal(str(uuid4()), str(uuid4()), 0, ("profile",), ("pwd",), time.time() + expires_in, "k")


def claims(header: tuple[bytes, bytes]) -> dict[str, float]:
    decoded: dict[str, float] = jwt.decode(header[1], options={"verify_signature": False})
    return decoded


def test_service_learns_who_asks() -> None:
    user = principal()
    name, token = Assertions(Signer("gateway", KEY)).header(user, "user_service")
    assert name == b"X-Identity"
    identity = Verifier(TRUST, "user_service").verify(token.decode())
    assert identity == Identity(Kind.USER, user.user_id, user.session_id, ("profile",), ("pwd",))


def test_anonymous_is_asserted_too() -> None:
    header = Assertions(Signer("gateway", KEY)).header(None, "auth_service")
    assert Verifier(TRUST, "auth_service").verify(header[1].decode()).kind is Kind.ANONYMOUS


def test_assertion_is_signed_once_per_credential_and_audience() -> None:
    """A narrow credential and a wide one of the same user never share an assertion."""
    assertions = Assertions(Signer("gateway", KEY))
    wide = principal()
    narrow = replace(wide, scopes=(), assertions={})
    first = assertions.header(wide, "user_service")
    assert assertions.header(wide, "user_service") is first
    assert assertions.header(wide, "file_service") != first
    assert assertions.header(narrow, "user_service") != first
    assert assertions.header(None, "user_service") is assertions.header(None, "user_service")


def test_assertion_never_outlives_its_credential_nor_a_minute() -> None:
    assertions = Assertions(Signer("gateway", KEY))
    short = principal(expires_in=20)
    assert claims(assertions.header(short, "user_service"))["exp"] <= short.expires_at
    assert claims(assertions.header(principal(), "user_service"))["exp"] <= time.time() + 60


def test_assertion_is_renewed_before_it_expires() -> None:
    now = time.time()
    assertions = Assertions(Signer("gateway", KEY), lambda: now)
    user = principal()
    first = assertions.header(user, "user_service")
    now += 49
    assert assertions.header(user, "user_service") is first
    now += 2
    assert assertions.header(user, "user_service") is not first


def test_assertion_is_renewed_when_the_clock_is_set_back() -> None:
    now = time.time()
    assertions = Assertions(Signer("gateway", KEY), lambda: now)
    first = assertions.header(None, "user_service")
    now -= 3600
    assert assertions.header(None, "user_service") is not first
