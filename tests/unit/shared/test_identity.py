"""G25: who may assert what about a request, and every way to forge it."""

import time
from types import SimpleNamespace
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shared import identity as module
from shared.errors import ClocksDisagree, Unauthenticated
from shared.identity import ANONYMOUS, MAX_TTL, Identity, Kind, Signer, Trust, Verifier, key_id
from tests.unit.shared.forging import (
    AUDIENCE,
    GATEWAY,
    SERVICE,
    STRANGER,
    TRUST,
    USER_ID,
    claims,
    claims_of_another_token,
    deeply_nested,
    forge,
    gateway,
    hs256_with_public_key,
    raw_token,
    rs256_header_on_an_es256_signature,
)

PERSON = Identity(Kind.USER, USER_ID, "s-1", ("files:read", "files:write"), ("pwd",), "k-1")


@pytest.fixture
def verifier() -> Verifier:
    return Verifier(TRUST, AUDIENCE)


@pytest.mark.parametrize("identity", [PERSON, ANONYMOUS])
def test_what_the_gateway_signs_is_what_a_service_reads(verifier: Verifier, identity: Identity) -> None:
    assert verifier.verify(gateway().sign(identity, AUDIENCE)) == identity


def test_service_speaks_for_itself(verifier: Verifier) -> None:
    found = verifier.verify(Signer("file_service", SERVICE).sign_self(AUDIENCE))
    assert found == Identity(Kind.SERVICE, "file_service")


def test_own_assertion_is_the_same_for_a_while_whichever_way_the_clock_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    signer, now = Signer("file_service", SERVICE), time.time()
    monkeypatch.setattr("shared.identity.time.time", lambda: now)
    first = signer.sign_self(AUDIENCE)
    assert signer.sign_self("another_service") != first
    now += 29
    assert signer.sign_self(AUDIENCE) == first
    now += 2
    later = signer.sign_self(AUDIENCE)
    assert later != first
    now -= 3600
    assert signer.sign_self(AUDIENCE) not in (first, later)


def test_derived_key_is_of_one_signer_and_one_purpose() -> None:
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    first, again, other = (Signer("file_service", key) for key in (keys[0], keys[0], keys[1]))
    [key] = first.derive_keys("forms")
    assert again.derive_keys("forms") == (key,)
    assert len({key, *first.derive_keys("notices"), *other.derive_keys("forms")}) == 3
    assert len(key) == 32


def test_only_a_person_has_a_user_id() -> None:
    assert PERSON.user_id == UUID(USER_ID)
    for other in (ANONYMOUS, Identity(Kind.SERVICE, "file_service")):
        with pytest.raises(Unauthenticated):
            _ = other.user_id


RSA = rsa.generate_private_key(65537, 2048)
HEADER = {"alg": "ES256", "typ": "identity+jwt", "kid": key_id(GATEWAY.public_key())}


def malformed() -> dict[str, str]:
    """Texts that are no token at all, or more than one should be."""
    return {
        "empty": "",
        "garbage": "garbage",
        "three empty parts": "..",
        "dots": "a.b.c",
        "not JSON": "e30x.e30x.e30x",
        "surrogate": "\udcff.a.b",
        "not ASCII": "é.é.é",
        "1 MB of one letter": "a" * 1_000_000,
        "1 MB of claims": forge(claims(scope="x" * 1_000_000)),
        "nested 3,000 deep": f"{deeply_nested()}.e30.e30",
        "claims nested 3,000 deep": f"{raw_token(HEADER, {}).split('.')[0]}.{deeply_nested()}.e30",
        "header is a list": raw_token([], claims()),
        "claims are a list": raw_token(HEADER, []),
    }  # fmt: skip


def signed_wrongly() -> dict[str, str]:
    """Good claims behind a header or a signature that isn't."""
    return {
        "alg none": raw_token(HEADER | {"alg": "none"}, claims()),
        "alg None": raw_token(HEADER | {"alg": "NoNe"}, claims()),
        "alg none with a signature": raw_token(HEADER | {"alg": "none"}, claims(), b"x" * 64),
        "no signature": forge().rpartition(".")[0] + ".",
        "HS256 with the public key": hs256_with_public_key(),
        "RS256 header on an ES256 signature": rs256_header_on_an_es256_signature(),
        "RS256 by a stranger": jwt.encode(claims(), RSA, "RS256", headers=HEADER | {"alg": "RS256"}),
        "claims of another token": claims_of_another_token(),
        "stranger's key under our key id": forge(key=STRANGER, kid=HEADER["kid"]),
        "stranger's key": forge(key=STRANGER),
        "stranger's key brought along": forge(key=STRANGER, jwk={"kty": "EC"}, jku="http://evil.example/jwks"),
        "key id of another issuer": forge(key=SERVICE),
        "key id that climbs": forge(kid="../../etc/passwd"),
        "key id missing": forge(kid=None),
        "type JWT": forge(typ="JWT"),
        "type of an access token": forge(typ="at+jwt"),
        "type missing": forge(typ=None),
        "critical header": forge(crit=["exp"]),
        "empty critical header": forge(crit=[]),
        "padded base64": forge() + "==",
        "padded claims": "{}.{}==.{}".format(*forge().split(".")),
        "line feed at the end": forge() + "\n",
        "space before": " " + forge(),
    }  # fmt: skip


def meant_otherwise() -> dict[str, str]:
    """Properly signed, and for somebody else or another time."""
    now = int(time.time())
    return {
        "another audience": forge(claims(aud="auth_service")),
        "a list of audiences": forge(claims(aud=[AUDIENCE])),
        "no audience": forge(claims(aud=None)),
        "unknown issuer": forge(claims(iss="nobody")),
        "issuer is a list": forge(claims(iss=["gateway"])),
        "no issuer": forge(claims(iss=None)),
        "no expiry": forge(claims(exp=None)),
        "expiry is text": forge(claims(exp="later")),
        "expiry is huge": forge(claims(exp=10**30)),
        "lives too long": forge(claims(exp=now + MAX_TTL + 10)),
        "no time of issue": forge(claims(iat=None)),
    }  # fmt: skip


def overreaching() -> dict[str, str]:
    """Properly signed and in time, and saying what it must not say."""
    return {
        "no subject": forge(claims(sub=None)),
        "subject is a number": forge(claims(sub=5)),
        "user without a UUID": forge(claims(sub="root")),
        "unknown kind": forge(claims(kind="admin")),
        "no kind": forge(claims(kind=None)),
        "scope is a list": forge(claims(scope=["a"])),
        "user asserted by a service": forge(claims(iss="file_service"), SERVICE),
        "nobody asserted by a service": forge(claims(iss="file_service", kind="anonymous", sub=""), SERVICE),
        "service that names another": forge(claims(iss="file_service", kind="service", sub="auth_service"), SERVICE),
        "gateway's word with a service's key": forge(claims(iss="gateway"), SERVICE),
        "gateway as a service that it is not": forge(claims(kind="service", sub="file_service")),
    }  # fmt: skip


def forged() -> dict[str, str]:
    """Forge each anew: one that was made when the tests were collected would be refused for its age alone."""
    return malformed() | signed_wrongly() | meant_otherwise() | overreaching()


def test_what_is_forged_below_is_accepted_as_long_as_nothing_is_wrong_with_it(verifier: Verifier) -> None:
    assert verifier.verify(forge()).user_id == UUID(USER_ID)
    assert verifier.verify(forge(claims(iss="file_service", kind="service", sub="file_service"), SERVICE))


@pytest.mark.parametrize("way", forged())
def test_forged_assertion_is_refused(verifier: Verifier, way: str) -> None:
    """G8, G25: JWT none, RS->HS, crit, kid traversal, jku/jwk, wrong typ/aud/iss, exp, 1 MB, padded base64."""
    with pytest.raises(Unauthenticated):
        verifier.verify(forged()[way])


@pytest.mark.parametrize(("since", "until"), [(-100, -40), (45, 100)], ids=["expired", "from the future"])
def test_assertion_of_another_time_is_refused_as_a_matter_of_clocks(verifier: Verifier, since: int, until: int) -> None:
    """A client that is told 401 would throw its good token away."""
    now = int(time.time())
    with pytest.raises(ClocksDisagree):
        verifier.verify(forge(claims(iat=now + since, exp=now + until)))
    with pytest.raises(Unauthenticated):
        verifier.verify(forge(claims(iat=now + since, exp=now + until), STRANGER))


@pytest.mark.parametrize("behind", [-25, 25])
def test_clocks_may_differ_by_almost_half_a_minute(verifier: Verifier, behind: int) -> None:
    """What the gateway sends has ten seconds left at least, by its own clock."""
    issued = int(time.time()) + behind
    assert verifier.verify(forge(claims(iat=issued, exp=issued + 10)))


def test_every_bit_of_a_signature_counts(verifier: Verifier) -> None:
    head, body, signature = forge().split(".")
    for at in range(0, len(signature) - 1, 7):
        other = "A" if signature[at] != "A" else "B"
        with pytest.raises(Unauthenticated):
            verifier.verify(f"{head}.{body}.{signature[:at]}{other}{signature[at + 1 :]}")


def test_assertion_never_lives_longer_than_the_limit() -> None:
    told = jwt.decode(gateway().sign(PERSON, AUDIENCE, ttl=3600), options={"verify_signature": False})
    assert told["exp"] - told["iat"] == MAX_TTL


@pytest.fixture
def remembered(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> str:
    """An assertion that was verified; from here on none is verified anew."""
    token = gateway().sign(PERSON, AUDIENCE)
    verifier.verify(token)

    def refuse(_token: str) -> None:
        raise Unauthenticated("It isn't remembered.")

    monkeypatch.setattr(verifier, "_verify", refuse)
    return token


def test_verified_assertion_is_remembered_until_it_expires(
    verifier: Verifier, remembered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert verifier.verify(remembered) == PERSON

    later = time.time() + MAX_TTL
    monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: later))
    with pytest.raises(Unauthenticated):
        verifier.verify(remembered)


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({}, id="issuer gone"),
        pytest.param({"gateway": {}}, id="key gone"),
        pytest.param({"gateway": {HEADER["kid"]: STRANGER.public_key()}}, id="key replaced"),
        pytest.param({"file_service": TRUST["gateway"]}, id="key of another issuer"),
    ],
)
def test_remembered_assertion_is_refused_once_its_key_is_not_trusted(
    verifier: Verifier, remembered: str, monkeypatch: pytest.MonkeyPatch, keys: Trust
) -> None:
    monkeypatch.setattr(verifier, "_trust", keys)
    with pytest.raises(Unauthenticated):
        verifier.verify(remembered)


def test_every_character_of_a_remembered_assertion_counts(verifier: Verifier, remembered: str) -> None:
    for at in range(0, len(remembered), 5):
        other = "A" if remembered[at] != "A" else "B"
        with pytest.raises(Unauthenticated):
            verifier.verify(f"{remembered[:at]}{other}{remembered[at + 1 :]}")


def test_verifiers_of_two_audiences_share_no_memory(verifier: Verifier) -> None:
    token = gateway().sign(PERSON, AUDIENCE)
    verifier.verify(token)
    with pytest.raises(Unauthenticated):
        Verifier(TRUST, "file_service").verify(token)


def test_refused_assertion_is_never_remembered(verifier: Verifier) -> None:
    for token in forged().values():
        with pytest.raises(Unauthenticated):
            verifier.verify(token)
    assert not verifier._cache


def test_memory_of_assertions_is_bounded(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CACHE_SIZE", 10)
    for number in range(25):
        verifier.verify(forge(claims(sid=str(number))))
        assert len(verifier._cache) <= 10
