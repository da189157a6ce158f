import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from shared.identity import Kind, Signer, Verifier, key_id, load_trust, public_jwk
from tests.unit.shared.forging import AUDIENCE, GATEWAY, SERVICE

GATEWAY_JWK = public_jwk(GATEWAY.public_key())
SERVICE_JWK = public_jwk(SERVICE.public_key())
PRIVATE_JWK = ECAlgorithm.to_jwk(GATEWAY, as_dict=True) | {"kid": "k"}
P384_JWK = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP384R1()).public_key(), as_dict=True) | {"kid": "k"}
RSA_JWK = RSAAlgorithm.to_jwk(rsa.generate_private_key(65537, 2048).public_key(), as_dict=True) | {"kid": "k"}


def write(folder: Path, content: object) -> Path:
    path = folder / "trust.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_published_key_tells_nothing_private_and_names_itself() -> None:
    assert set(GATEWAY_JWK) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert GATEWAY_JWK["kid"] == key_id(GATEWAY.public_key()) != SERVICE_JWK["kid"]


def test_trust_file_is_what_assertions_are_verified_by(tmp_path: Path) -> None:
    trust = load_trust(write(tmp_path, {"gateway": {"keys": [GATEWAY_JWK]}, "file_service": {"keys": [SERVICE_JWK]}}))
    found = Verifier(trust, AUDIENCE).verify(Signer("file_service", SERVICE).sign_self(AUDIENCE))
    assert (found.kind, found.subject) == (Kind.SERVICE, "file_service")


def test_issuer_may_have_two_keys_while_they_change(tmp_path: Path) -> None:
    trust = load_trust(write(tmp_path, {"gateway": {"keys": [GATEWAY_JWK, SERVICE_JWK]}}))
    assert len(trust["gateway"]) == 2


@pytest.mark.parametrize(
    "jwk",
    [
        pytest.param(GATEWAY_JWK | {"use": "enc"}, id="a key for encryption"),
        pytest.param(GATEWAY_JWK | {"key_ops": ["sign"]}, id="a key that may only sign"),
        pytest.param(GATEWAY_JWK | {"alg": "ES384"}, id="another algorithm"),
        pytest.param(GATEWAY_JWK | {"crv": "secp256k1"}, id="another curve by name"),
        pytest.param(GATEWAY_JWK | {"x": GATEWAY_JWK["y"]}, id="a point that is not on the curve"),
        pytest.param(GATEWAY_JWK | {"x": "AA"}, id="a coordinate too short"),
        pytest.param({name: part for name, part in GATEWAY_JWK.items() if name != "y"}, id="half a point"),
        pytest.param({name: part for name, part in GATEWAY_JWK.items() if name != "kid"}, id="a key without id"),
        pytest.param({"kty": "oct", "k": "AAAA", "kid": "k"}, id="a shared secret"),
        pytest.param(PRIVATE_JWK, id="a private key"),
        pytest.param(P384_JWK, id="P-384"),
        pytest.param(RSA_JWK, id="RSA"),
        pytest.param("key", id="text"),
        pytest.param(None, id="null"),
    ],
)
def test_key_that_must_not_verify_assertions_is_refused(tmp_path: Path, jwk: Any) -> None:
    """G25: key use=enc, other algorithms."""
    with pytest.raises(ValueError, match=r"trust\.json"):
        load_trust(write(tmp_path, {"gateway": {"keys": [jwk]}}))


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "{}x", '{"gateway": []}', '{"gateway": {"keys": 5}}'])
def test_anything_but_key_sets_by_issuer_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(ValueError, match=r"trust\.json"):
        load_trust(write(tmp_path, content))


def test_two_issuers_never_share_a_key(tmp_path: Path) -> None:
    shared = {"gateway": {"keys": [GATEWAY_JWK]}, "file_service": {"keys": [GATEWAY_JWK | {"kid": "another name"}]}}
    with pytest.raises(ValueError, match="share a key"):
        load_trust(write(tmp_path, shared))


def pem(key: Any, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))


def test_signer_is_read_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(pem(SERVICE))
    trust = {"file_service": {key_id(SERVICE.public_key()): SERVICE.public_key()}}
    token = Signer.from_file("file_service", tmp_path / "key.pem").sign_self(AUDIENCE)
    assert Verifier(trust, AUDIENCE).verify(token).subject == "file_service"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", id="garbage"),
        pytest.param(pem(SERVICE, b"password"), id="encrypted"),
        pytest.param(pem(ed25519.Ed25519PrivateKey.generate()), id="Ed25519"),
        pytest.param(pem(ec.generate_private_key(ec.SECP384R1())), id="P-384"),
    ],
)
def test_file_without_a_p256_private_key_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key.pem").write_bytes(content)
    with pytest.raises(ValueError, match=r"key\.pem"):
        Signer.from_file("file_service", tmp_path / "key.pem")
