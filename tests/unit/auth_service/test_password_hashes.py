"""Other systems' hashes are verified as those systems did, and what would cost a login dearly isn't taken at all."""

import re

import pytest

from auth_service.password_hashes import UnsupportedHash, accept, verify
from tests.unit.auth_service.foreign_hashes import FOREIGN, OF_72_X, OF_CYRILLIC, PASSWORD

ARGON2 = FOREIGN["argon2id"]
DJANGO = FOREIGN["Django pbkdf2"]
SCRYPT = FOREIGN["werkzeug scrypt"]
GO = FOREIGN["bcrypt of Go"]


@pytest.mark.parametrize("name", FOREIGN)
def test_password_of_another_system_is_right_and_others_are_wrong(name: str) -> None:
    stored = accept(FOREIGN[name])
    assert verify(stored, PASSWORD)
    for wrong in ("", PASSWORD + " ", PASSWORD[:-1], PASSWORD.title()):
        assert not verify(stored, wrong)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_stored_stays_as_it_is_and_is_never_mistaken_for_ours(name: str) -> None:
    stored = accept(FOREIGN[name])
    assert accept(stored) == stored
    assert not stored.startswith("$2b$")


def test_password_of_another_alphabet_is_right() -> None:
    assert verify(accept(OF_CYRILLIC), "пароль-и-слон")


def test_plain_bcrypt_reads_72_bytes_as_it_did_there() -> None:
    """A7: GoTrue and PocketBase let people write more, and ignored it; so nobody is locked out by the move."""
    stored = accept(OF_72_X)
    assert verify(stored, "x" * 72)
    assert verify(stored, "x" * 100)
    assert not verify(stored, "x" * 71)
    assert verify(stored, "x" * 72 + "\U0001f600")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "kind", id="empty"),
        pytest.param("5f4dcc3b5aa765d61d8327deb882cf99", "kind", id="MD5"),
        pytest.param("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", "kind", id="Django's MD5"),
        pytest.param("!" + "x" * 40, "kind", id="Django's mark of no usable password"),
        pytest.param(GO.replace("$2a$", "$2x$"), "kind", id="bcrypt with PHP's old bug"),
        pytest.param(GO[:-1], "kind", id="bcrypt cut off"),
        pytest.param(GO + "x", "kind", id="bcrypt with more behind"),
        pytest.param(GO.replace("$04$", "$03$"), "kind", id="bcrypt below its lowest cost"),
        pytest.param(GO.replace("$04$", "$15$"), "cost is above 14", id="bcrypt of two seconds"),
        pytest.param(GO.replace("$04$", "$31$"), "cost is above 14", id="bcrypt of a week"),
        pytest.param(GO[:28] + "a" + GO[29:], "kind", id="bcrypt with bits behind its salt"),
        pytest.param(DJANGO.replace("$1000$", "$3000001$"), "iterations is above", id="pbkdf2 of a second"),
        pytest.param(DJANGO.replace("$1000$", f"${10**40}$"), "no number", id="pbkdf2 of forty digits"),
        pytest.param(DJANGO.replace("$1000$", "$0$"), "no number", id="pbkdf2 of no iterations"),
        pytest.param(DJANGO.replace("sha256", "md5"), "kind", id="pbkdf2 of MD5"),
        pytest.param("pbkdf2_sha256$1000$seasalt123$", "kind", id="pbkdf2 without a digest"),
        pytest.param("pbkdf2_sha256$1000$seasalt123$eA==", "digest of 1 bytes", id="pbkdf2 with one byte"),
        pytest.param("pbkdf2_sha256$1000$seasalt123$%%%%", "can't be read", id="pbkdf2 in no base64"),
        pytest.param("pbkdf2:sha256:1000$salt1234$" + "ab" * 20, "digest of 20 bytes", id="pbkdf2 cut off"),
        pytest.param("pbkdf2:sha256:1000$salt1234$" + "ab" * 32 + "a", "can't be read", id="half a byte"),
        pytest.param(SCRYPT.replace("32768:8:1", "1048576:8:1"), "above", id="scrypt of a gigabyte"),
        pytest.param(SCRYPT.replace("32768:8:1", "16384:8:999"), "above", id="scrypt of a minute"),
        pytest.param(SCRYPT.replace("32768:8:1", "2:262145:1"), "above", id="scrypt with large blocks"),
        pytest.param(SCRYPT.replace("32768:8:1", "1000:8:1"), "power of two", id="scrypt of an odd n"),
        pytest.param(SCRYPT.replace("32768:8:1", "1:8:1"), "power of two", id="scrypt of one step"),
        pytest.param(SCRYPT[:-2], "kind", id="scrypt cut off"),
        pytest.param(ARGON2.replace("m=64", "m=4194304"), "memory", id="argon2 of 4 GiB"),
        pytest.param(ARGON2.replace("m=64,t=1", "m=65536,t=9"), "passes", id="argon2 of many passes"),
        pytest.param(ARGON2.replace("p=2", "p=17"), "lanes", id="argon2 of many lanes"),
        pytest.param(ARGON2.replace("m=64", "m=8"), "too little memory", id="argon2 with no memory for a lane"),
        pytest.param(ARGON2.replace("argon2id", "argon2i"), "other than argon2id", id="argon2i"),
        pytest.param(ARGON2.replace("v=19", "v=16"), "other than argon2id", id="argon2 of an old version"),
        pytest.param("$argon2id$v=19$m=64,t=1,p=2$c2FsdA$" + "A" * 43, "salt of 4 bytes", id="argon2, short salt"),
        pytest.param("scrypt:1024:8:1$" + "s" * 500 + "$" + "0" * 128, "isn't", id="very long"),
        pytest.param(DJANGO + "\n", "isn't", id="line feed"),
        pytest.param(DJANGO.replace("seasalt", "séasalt"), "isn't", id="not ASCII"),
        pytest.param(DJANGO.replace("1000", "\uff11\uff10\uff10\uff10"), "isn't", id="digits of another script"),
    ],
)
def test_hash_that_cant_or_mustnt_be_verified_is_refused(text: str, why: str) -> None:
    with pytest.raises(UnsupportedHash, match=re.escape(why)):
        accept(text)
