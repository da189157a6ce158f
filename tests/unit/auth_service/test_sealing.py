import base64

import pytest

from auth_service.sealing import Sealer, WrongSealingKey, read_sealing_key
from shared.settings import Secret


def secret(byte: bytes) -> Secret:
    return Secret(base64.urlsafe_b64encode(byte * 32).decode().rstrip("="))


def test_what_is_sealed_opens_under_its_own_label_alone() -> None:
    sealer = Sealer(secret(b"a"))
    sealed = sealer.seal(b"a private key", "kid-1")
    assert sealer.open(sealed, "kid-1") == b"a private key"
    for opener, kid in ((sealer, "kid-2"), (Sealer(secret(b"b")), "kid-1")):
        with pytest.raises(WrongSealingKey):
            opener.open(sealed, kid)


@pytest.mark.parametrize("text", ["", "short", "!" * 43, "é" * 43, "A" * 44, "A" * 42])
def test_sealing_key_must_be_32_bytes(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_sealing_key(Secret(text))
