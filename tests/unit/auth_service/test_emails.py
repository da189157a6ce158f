import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.emails import parse_email
from auth_service.errors import InvalidEmail
from tests.quickness import PILED_MARKS, quick


@pytest.mark.parametrize(
    ("twin", "key"),
    [
        pytest.param("ADA@Example.ORG", "ada@example.org", id="case"),
        pytest.param("  ada@example.org ", "ada@example.org", id="spaces around"),
        pytest.param("\uff41da@example.org", "ada@example.org", id="fullwidth letter"),
        pytest.param("ada@ex\uff41mple.org", "ada@example.org", id="fullwidth letter in the host"),
        pytest.param("ada@example\u3002org", "ada@example.org", id="ideographic full stop"),
        pytest.param("m\u0131ke@example.org", "mike@example.org", id="dotless i"),
        pytest.param("M\u0130KE@example.org", "mike@example.org", id="dotted capital I"),
        pytest.param("\u212aen@example.org", "ken@example.org", id="Kelvin sign"),
        pytest.param("\ufb01sh@example.org", "fish@example.org", id="ligature"),
        pytest.param("jose\u0301@example.org", "josé@example.org", id="decomposed accent"),
        pytest.param("ada@bücher.example", "ada@xn--bcher-kva.example", id="international host"),
        pytest.param("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example", id="its ASCII form"),
        pytest.param("ada+list@example.org", "ada+list@example.org", id="a tag is part of the address"),
    ],
)
def test_twins_of_an_address_are_one_identity(twin: str, key: str) -> None:
    """A23: case, IDN, dotless i and NFKC twins."""
    assert parse_email(twin).key == key


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="empty"),
        pytest.param("nope", id="no at sign"),
        pytest.param("@example.org", id="no local part"),
        pytest.param("ada@", id="no host"),
        pytest.param("ada@localhost", id="host without a dot"),
        pytest.param("ada@example.org.", id="rooted host"),
        pytest.param("ada@127.0.0.1", id="numbers for a host"),
        pytest.param("ada@[127.0.0.1]", id="address literal"),
        pytest.param("ada@exa_mple.org", id="underscore in the host"),
        pytest.param("ada@-example.org", id="hyphen first"),
        pytest.param("ada@xn--zzzzz9999.org", id="broken ASCII form"),
        pytest.param("a b@example.org", id="space inside"),
        pytest.param('"a b"@example.org', id="quoted local part"),
        pytest.param("a@b@example.org", id="two at signs"),
        pytest.param("\uff20a@example.org", id="an at sign in disguise"),
        pytest.param("a..b@example.org", id="two dots"),
        pytest.param(".a@example.org", id="leading dot"),
        pytest.param("ada@example.org\r\nBcc: eve@example.org", id="CRLF"),
        pytest.param("ada@example.org\n", id="line end last"),
        pytest.param("ada\0@example.org", id="NUL"),
        pytest.param("a\u200bda@example.org", id="zero width"),
        pytest.param("\u202eada@example.org", id="right-to-left override"),
        pytest.param("ada\ud800@example.org", id="lone surrogate"),
        pytest.param("a" * 65 + "@example.org", id="local part too long"),
        pytest.param("a@" + "b" * 64 + ".org", id="label too long"),
        pytest.param("a@" + "b." * 200 + "org", id="host too long"),
        pytest.param("a" * 100_000 + "@example.org", id="very long"),
    ],
)
def test_what_is_no_address_is_refused(raw: str) -> None:
    """A23: CRLF, and whatever else could make one address look like another."""
    with pytest.raises(InvalidEmail) as caught:
        parse_email(raw)
    assert caught.value.errors[0].pointer == "/email"


def test_accents_of_no_address_take_no_time() -> None:
    with quick(), pytest.raises(InvalidEmail):
        parse_email(f"a{PILED_MARKS}@example.org")
    assert parse_email(" " * 5000 + "e\u0301" * 21 + "@example.org").address == "é" * 21 + "@example.org"


def test_address_is_kept_as_written() -> None:
    assert parse_email(" Ada.Lovelace@Example.org").address == "Ada.Lovelace@Example.org"


@given(st.text(max_size=20), st.sampled_from(["example.org", "Bücher.example"]))
def test_key_is_its_own_key_and_that_of_all_forms(local: str, host: str) -> None:
    """A23: there is no way to a second key through another form of the same address."""
    address = f"{local}@{host}"
    try:
        key = parse_email(address).key
    except InvalidEmail:
        return
    assert parse_email(key).key == key
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        try:
            assert parse_email(unicodedata.normalize(form, address)).key == key
        except InvalidEmail:
            continue
