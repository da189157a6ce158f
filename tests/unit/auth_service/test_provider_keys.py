"""Which of a provider's keys a signature is verified by."""

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from auth_service.providers.key_sets import Jwk, choose_key


def rsa_jwk(bits: int) -> Jwk:
    key = rsa.generate_private_key(65537, bits)
    jwk: Jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**jwk, "kid": "one"}


def test_rsa_key_has_2048_bits_at_least() -> None:
    assert choose_key([rsa_jwk(2048)], "RS256", "one") is not None
    assert choose_key([rsa_jwk(1024)], "RS256", "one") is None


def test_key_is_chosen_by_its_name_where_there_is_one() -> None:
    one, other = {**rsa_jwk(2048)}, {**rsa_jwk(2048), "kid": "other"}
    chosen = choose_key([one, other], "PS256", "other")
    assert chosen is not None
    assert chosen.key_id == "other"
    assert choose_key([one, other], "PS256", None) is None
    assert choose_key([one, one], "PS256", "one") is None
    assert choose_key([], "PS256", "one") is None
