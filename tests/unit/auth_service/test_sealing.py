import base64

import pytest

from auth_service.sealing import Sealer, WrongSealingKey, read_sealing_keys
from shared.settings import Secret


def secret(*keys: bytes) -> Secret:
    return Secret(", ".join(base64.urlsafe_b64encode(key * 32).decode().rstrip("=") for key in keys))


def test_what_is_sealed_opens_under_its_own_label_alone() -> None:
    sealer = Sealer(secret(b"a"))
    sealed = sealer.seal(b"a private key", "kid-1")
    assert sealer.open(sealed, "kid-1") == b"a private key"
    for opener, kid in ((sealer, "kid-2"), (Sealer(secret(b"b")), "kid-1")):
        with pytest.raises(WrongSealingKey):
            opener.open(sealed, kid)


def test_first_of_several_keys_seals_and_all_of_them_open() -> None:
    old, both = Sealer(secret(b"a")), Sealer(secret(b"b", b"a"))
    assert both.open(old.seal(b"plain", "label"), "label") == b"plain"
    assert Sealer(secret(b"b")).open(both.seal(b"plain", "label"), "label") == b"plain"
    with pytest.raises(WrongSealingKey):
        both.open(Sealer(secret(b"c")).seal(b"plain", "label"), "label")


def test_what_an_old_key_sealed_is_sealed_anew_once() -> None:
    old, both = Sealer(secret(b"a")), Sealer(secret(b"b", b"a"))
    new = both.reseal(old.seal(b"plain", "label"), "label")
    assert new is not None
    assert Sealer(secret(b"b")).open(new, "label") == b"plain"
    assert both.reseal(new, "label") is None


@pytest.mark.parametrize("text", ["", "short", "!" * 43, "é" * 43, "A" * 44, "A" * 42, "A" * 43 + ",", "A" * 43 + ",B"])
def test_sealing_key_must_be_32_bytes(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_sealing_keys(Secret(text))
