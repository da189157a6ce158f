import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.quickness import quick
from user_service.domain import RuleBroken, normalise_bio
from user_service.domain.names import MAX_BIO


@pytest.mark.parametrize(
    ("raw", "bio"),
    [
        pytest.param("", "", id="empty"),
        pytest.param(" One\r\nTwo\n\tThree\n", "One\nTwo\n\tThree", id="lines"),
        pytest.param("cafe\u0301", "caf\u00e9", id="composed"),
        pytest.param("\U0001f469\u200d\U0001f4bb", "\U0001f469\u200d\U0001f4bb", id="joined emoji"),
        pytest.param(
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
            id="Persian",
        ),
        pytest.param("b" * 2000, "b" * 2000, id="2,000 characters"),
        pytest.param("b" + "\u0301" * 30, "b" + "\u0301" * 30, id="thirty accents on a letter"),
    ],
)
def test_bio_is_normalised(raw: str, bio: str) -> None:
    assert normalise_bio(raw) == bio


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("b" * 2001, id="2,001 characters"),
        pytest.param("\u0315\u0300" * 500_000, id="a million characters"),
        pytest.param("b" + "\u0301" * 31, id="more accents on a letter than any language needs"),
        pytest.param("b" + "\u0344" * 16, id="accents that are two each once they are taken apart"),
        pytest.param("a\0b", id="NUL"),
        pytest.param("a\rb", id="carriage return alone"),
        pytest.param("a\x1bb", id="escape"),
        pytest.param("a\ud800b", id="lone surrogate"),
        pytest.param("a\u202eb", id="right-to-left override"),
        pytest.param("a\u2067b", id="isolate"),
        pytest.param("a\ue000b", id="private use"),
    ],
)
def test_bio_with_what_could_harm_a_page_is_refused(raw: str) -> None:
    """U7: right-to-left overrides, in the longer text too."""
    with pytest.raises(RuleBroken):
        normalise_bio(raw)


@pytest.mark.parametrize("marks", ["\u0345\u0334", "\u0f81\u0f73"])
def test_piled_accents_are_refused_before_they_are_put_in_order(marks: str) -> None:
    with quick(), pytest.raises(RuleBroken, match="accents"):
        normalise_bio("b" + marks * (2 * MAX_BIO - 1))


@given(st.text(max_size=3000))
@example("b" + "\u0344" * 15)
@example("\u0958" + "\u0301" * 29)
@example("\u0958" + "\u0301" * 30)
def test_accepted_bio_stays_as_it_is_when_given_again(raw: str) -> None:
    try:
        bio = normalise_bio(raw)
    except RuleBroken:
        return
    assert normalise_bio(bio) == bio
