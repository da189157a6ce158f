# ruff: noqa: RUF001  look-alikes are what this is about
import pytest
from hypothesis import given
from hypothesis import strategies as st

from user_service.domain import RuleBroken, normalise_display_name


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        pytest.param("  Ada   Lovelace ", "Ada Lovelace", id="spare spaces"),
        pytest.param("Ame\u0301lie", "Am\u00e9lie", id="composed"),
        pytest.param("Ada\u00a0Lovelace", "Ada Lovelace", id="no-break space"),
        pytest.param("Ada \u2764\ufe0f", "Ada \u2764", id="emoji presentation"),
        pytest.param("李明", "李明", id="Han"),
        pytest.param("Анна Каренина", "Анна Каренина", id="Cyrillic alone"),
        pytest.param("Σωκράτης", "Σωκράτης", id="Greek alone"),
        pytest.param("O'Brien-Smith, Jr.", "O'Brien-Smith, Jr.", id="punctuation"),
        pytest.param("100% _legit_ \\o/", "100% _legit_ \\o/", id="characters that like knows"),
        pytest.param("Amos Root", "Amos Root", id="reserved as a part only"),
        pytest.param("Nguyễn Thị Ánh", "Nguyễn Thị Ánh", id="two accents on a letter"),
        pytest.param("n" * 80, "n" * 80, id="80 characters"),
        pytest.param("e\u0301" * 80, "\u00e9" * 80, id="80 characters once composed"),
    ],
)
def test_display_name_is_normalised(raw: str, name: str) -> None:
    assert normalise_display_name(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("", id="empty"),
        pytest.param(" \u3000\u2003 ", id="spaces alone"),
        pytest.param("n" * 81, id="81 characters"),
        pytest.param("\u0315\u0300" * 500_000, id="a million characters"),
        pytest.param("Ada\0", id="NUL"),
        pytest.param("Ada\x7f", id="control character"),
        pytest.param("Ada\u2028Lovelace\u2028x\ud800", id="lone surrogate"),
        pytest.param("A\u200bda", id="zero-width space"),
        pytest.param("A\u200dda", id="zero-width joiner"),
        pytest.param("A\u2060da", id="word joiner"),
        pytest.param("\ufeffAda", id="byte order mark"),
        pytest.param("A\u00adda", id="soft hyphen"),
        pytest.param("\u202enimda", id="right-to-left override"),
        pytest.param("Ada\u200f", id="right-to-left mark"),
        pytest.param("Ada\u2066", id="isolate"),
        pytest.param("Ada\u115f", id="Hangul filler"),
        pytest.param("\u2800", id="blank braille"),
        pytest.param("Ada\U000e0041", id="tag character"),
        pytest.param("Ada\U000e0101", id="variation selector"),
        pytest.param("Ada\ue000", id="private use"),
        pytest.param("Ada\U000dfff0", id="unassigned"),
        pytest.param("\u0301Ada", id="starts with an accent"),
        pytest.param("Z\u0334\u0335\u0336\u0337algo", id="piled accents"),
    ],
)
def test_display_name_that_does_not_show_what_it_is_is_refused(raw: str) -> None:
    """U7: zero-width, right-to-left and invisible characters."""
    with pytest.raises(RuleBroken):
        normalise_display_name(raw)


@pytest.mark.parametrize(
    "raw", ["\u0410da", "Ad\u03b1", "P\u0430ul Smith", "Анна Smith", "Kate \u0391", "\u00b5Torrent"]
)
def test_display_name_in_alphabets_that_look_alike_is_refused(raw: str) -> None:
    """U7: homoglyphs."""
    with pytest.raises(RuleBroken, match="mix"):
        normalise_display_name(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "admin",
        "Administrator",
        "ROOT",
        "System",
        "Colonnade",
        "moderator",
        "Colonnade Support",
        "colonnade-team",
        "ColonnadeSecurity",
        "S.y.s.t.e.m",
        "a d m i n",
        "Adm1n",
        "R00t",
        "5upport",
        "admln",
        "rnoderator",
        "аԁміп",
        "ѕуѕтем",
        "Ádmin",
        "ⓐⓓⓜⓘⓝ",
        "𝐚𝐝𝐦𝐢𝐧",
        "ａｄｍｉｎ",
    ],
)
def test_display_name_that_reads_as_the_operators_is_refused(raw: str) -> None:
    """U7: reserved names, also in disguise."""
    with pytest.raises(RuleBroken, match="operator's names"):
        normalise_display_name(raw)


@given(st.text(max_size=400))
def test_accepted_display_name_stays_as_it_is_when_given_again(raw: str) -> None:
    try:
        name = normalise_display_name(raw)
    except RuleBroken:
        return
    assert 1 <= len(name) <= 80
    assert normalise_display_name(name) == name
