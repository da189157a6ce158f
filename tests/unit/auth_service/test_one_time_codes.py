import hashlib
from xml.etree import ElementTree as ET

import pytest

from auth_service.domain.recovery_codes import new_recovery_codes, recovery_code_hash
from auth_service.one_time_codes import describe, matching_step, new_totp_secret

SECRET = b"12345678901234567890"  # RFC 6238, appendix B, by its last six digits
VECTORS = [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (2000000000, "279037")]


@pytest.mark.parametrize(("now", "code"), VECTORS)
def test_codes_are_those_of_the_standard(now: int, code: str) -> None:
    assert matching_step(SECRET, code, now) == now // 30


@pytest.mark.parametrize(("late", "step"), [(-60, None), (-30, 66666666), (0, 66666666), (30, 66666666), (60, None)])
def test_one_step_of_drift_is_allowed(late: int, step: int | None) -> None:
    assert matching_step(SECRET, "279037", 2000000000 + late) == step


@pytest.mark.parametrize(
    "code", ["", "27903", "2790370", "27903a", "٢٧٩٠٣٧", "-79037", "279037\n", "2790 37 ", "0x4420", "ⅷ79037"]
)
def test_only_six_digits_are_a_code(code: str) -> None:
    assert matching_step(SECRET, code, 2000000000) == (66666666 if code == "2790 37 " else None)


def test_enrolment_is_told_by_text_and_picture() -> None:
    secret = new_totp_secret()
    told = describe(secret, "Ada+x@example.org", "c.example.org")
    assert told.uri == (f"otpauth://totp/c.example.org:Ada%2Bx%40example.org?secret={told.secret}&issuer=c.example.org")
    picture = ET.fromstring(told.picture)
    assert picture.tag.endswith("svg")
    assert "style" not in told.picture
    assert "script" not in told.picture


def test_name_with_a_colon_leaves_the_label_whole() -> None:
    """What is before the first colon of a label is the issuer, however the colon is written."""
    told = describe(new_totp_secret(), "ada@example.org", "Ada: files")
    assert told.uri.startswith("otpauth://totp/Ada%20%20files:ada%40example.org?")


def test_recovery_codes_are_long_and_told_apart() -> None:
    codes = new_recovery_codes()
    assert len({*codes}) == 10
    assert all(len(code.replace("-", "")) == 24 for code in codes)


def test_recovery_code_is_known_however_it_is_spelt() -> None:
    code = "0123-4567-89ab-cdef-ghjk-mnpq"
    expected = hashlib.sha256(code.replace("-", "").encode()).digest()
    for spelt in (code, code.upper(), code.replace("-", " "), "OI23-4567-89ab-cdef-ghjk-mnpq", f" {code} "):
        assert recovery_code_hash(spelt) == expected


@pytest.mark.parametrize(
    "text", ["", "0123", "u123-4567-89ab-cdef-ghjk-mnpq", "-" * 60, "0" * 25, "é" * 24, "a" * 9999]
)
def test_what_cant_be_a_recovery_code_is_none(text: str) -> None:
    assert recovery_code_hash(text) is None
