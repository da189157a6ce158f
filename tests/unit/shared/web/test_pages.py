"""The parts of the page kit that can be looked at alone; as a whole it is tested with the pages that it makes."""

from typing import Annotated

import msgspec
import pytest
from multidict import CIMultiDict

from shared.errors import MalformedBody
from shared.web.pages.csrf import CsrfTokens, check_origin
from shared.web.pages.errors import CrossSiteForm
from shared.web.pages.forms import convert_form, parse_pairs, take_token
from shared.web.pages.notices import Notice, Notices

KEY, OTHER = b"k" * 32, b"o" * 32
OURS = "https://c.example.org"


class Wish(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    name: str
    number: int = 0
    sure: bool = False
    scopes: Annotated[list[Annotated[str, msgspec.Meta(max_length=4)]], msgspec.Meta(max_length=2)] = []


def test_form_becomes_a_struct() -> None:
    pairs = parse_pairs(b"name=Ada+L%C3%B6w&number=7&sure=true&scopes=a&scopes=b")
    assert convert_form(pairs, Wish) == Wish("Ada Löw", 7, sure=True, scopes=["a", "b"])
    assert convert_form(parse_pairs(b"name=null"), Wish) == Wish("null")


@pytest.mark.parametrize(
    "raw",
    [
        b"name=a&name=b", b"name=a&number=x", b"name=a&sure=perhaps", b"name=a&scopes=long!", b"number=1",
        b"name=a&x=", b"name=a&scopes=a&scopes=b&scopes=c", b"name=a&__proto__=1",
    ],
)  # fmt: skip
def test_form_of_another_shape_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBody) as refused:
        convert_form(parse_pairs(raw), Wish)
    assert refused.value.errors or raw == b"number=1"


@pytest.mark.parametrize("raw", [b"\xff", b"a=%", b"a=%f", b"a=%ff", b"a=%00", b"%00=a", b"a=%ED%B0%80", b"a&" * 101])
def test_what_is_no_form_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_pairs(raw)


def test_token_is_taken_off_the_form_and_counts_only_alone() -> None:
    assert take_token([("a", "1"), ("csrf_token", "t")]) == ("t", [("a", "1")])
    assert take_token([("csrf_token", "t"), ("csrf_token", "t")]) == ("", [])
    assert take_token([]) == ("", [])


def test_token_is_good_for_its_holder_alone() -> None:
    tokens = CsrfTokens(KEY)
    token = tokens.issue("session 1")
    assert tokens.is_genuine(token, "session 1")
    assert token != tokens.issue("session 1")
    assert not tokens.is_genuine(token, "session 2")
    assert not CsrfTokens(OTHER).is_genuine(token, "session 1")
    assert not tokens.is_genuine(tokens.issue(""), "")
    for forged in ("", token[:-2], token + "AA", token[:22], "é", "=" * 9):
        assert not tokens.is_genuine(forged, "session 1")


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OURS}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": ""}, False),
        ({"Origin": OURS}, True),
        ({"Origin": "null"}, True),
        ({}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": f"{OURS}.evil.example"}, False),
        ({"Origin": "http://c.example.org"}, False),
        ({"Origin": ""}, False),
    ],
)
def test_sender_is_judged_by_what_no_page_can_set(headers: dict[str, str], is_ours: bool) -> None:  # noqa: FBT001
    """A26"""
    try:
        check_origin(CIMultiDict(headers), OURS)
    except CrossSiteForm:
        assert not is_ours
    else:
        assert is_ours


def test_any_of_several_headers_can_tell_another_site() -> None:
    for name, values in (("Sec-Fetch-Site", ("same-origin", "cross-site")), ("Origin", (OURS, "https://evil.example"))):
        with pytest.raises(CrossSiteForm, match=f"are at {OURS}\\. .* PUBLIC_URL"):
            check_origin(CIMultiDict([(name, value) for value in values]), OURS)


def test_notice_is_read_by_us_alone_and_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = Notices.of([KEY], {"made": "It is made."})
    sealed = ours.seal(Notice("made", {"secret": "hunter2"}))
    assert ours.open(sealed) == Notice("made", {"secret": "hunter2"})
    assert sealed != ours.seal(Notice("made", {"secret": "hunter2"}))
    assert Notices.of([OTHER], ours.messages).open(sealed) is None
    assert Notices.of([KEY], {}).open(sealed) is None
    for forged in ("", "A", sealed[:-4], "é" * 40, sealed + "AAAA"):
        assert ours.open(forged) is None
    monkeypatch.setattr("shared.web.pages.notices.time.time", lambda: 4e9)
    assert ours.open(sealed) is None
